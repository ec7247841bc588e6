# `make demo`   a picture becomes a video, plain and rectified, in a private ComfyUI
# `make serve`  opens that ComfyUI to play with
# `make test`   runs every test: core, host, browser
# Each does all its own set-up, in .host/; nothing else of the machine is touched but Debian's chromium, for the tests.

PYTHON ?= python3
HOST_PYTHON = .host/venv/bin/python

.PHONY: demo serve test lint host test-host browser

demo: host
	$(HOST_PYTHON) demo/run.py

serve: host
	$(HOST_PYTHON) demo/serve.py

test: lint
	$(HOST_PYTHON) -m pytest

lint: test-host browser
	$(HOST_PYTHON) -m ruff check
	$(HOST_PYTHON) -m ruff format --check
	$(HOST_PYTHON) -m mypy
	cd tests/browser && npm ci --silent --no-audit --no-fund && npx tsc -p tsconfig.json

host:
	$(PYTHON) scripts/comfyui_setup.py

test-host:
	$(PYTHON) scripts/comfyui_setup.py --tests

browser:
	scripts/browser.sh
