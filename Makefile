# `make demo`   a picture becomes a video, plain and rectified, in a private ComfyUI
# `make serve`  opens that ComfyUI to play with
# `make test`   runs every test: core, host, browser
# `make test-host COMFYUI=FOLDER PYTHON_OF_HOST=PYTHON`   runs core and host tests on any other ComfyUI
# `make remade` makes everything again that shows or measures the demo model (hours); PACKS=FOLDER adds the rivals,
#   COMFYUI=FOLDER PYTHON_OF_HOST=PYTHON what the private ComfyUI cannot measure
# Each does all its own set-up, in .host/; nothing else of the machine is touched but Debian's chromium, for the tests.

PYTHON ?= python3
HOST_PYTHON = .host/venv/bin/python
COMFYUI ?= .host/ComfyUI
PYTHON_OF_HOST ?= $(HOST_PYTHON)
# On the private host, whatever host the packs of the rivals run on.
REMAKE = env -u COMFYUI $(HOST_PYTHON)

.PHONY: demo serve test test-host remade lint host test-setup browser

demo: host
	$(HOST_PYTHON) demo/run.py

serve: host
	$(HOST_PYTHON) demo/serve.py

test: lint
	$(HOST_PYTHON) -m pytest

test-host: test-setup
	COMFYUI=$(abspath $(COMFYUI)) $(PYTHON_OF_HOST) -m pytest tests/core tests/host

remade: test-setup browser
	$(REMAKE) demo/judge.py --comfyui .host/ComfyUI --plain --json benchmarks/demo_model.json demo/model.safetensors
	$(REMAKE) benchmarks/evidence.py --clips 16 --seeds 3
	$(if $(filter-out .host/ComfyUI,$(COMFYUI)),COMFYUI=$(abspath $(COMFYUI)) $(PYTHON_OF_HOST) benchmarks/evidence.py --clips 16 --only euler_ancestral lcm)
	$(REMAKE) benchmarks/moved.py --clips 16
	$(REMAKE) benchmarks/colours.py
	$(REMAKE) benchmarks/flow.py
	$(REMAKE) benchmarks/cost.py
	$(if $(PACKS),COMFYUI=$(abspath $(COMFYUI)) $(PYTHON_OF_HOST) benchmarks/rivals.py $(PACKS))
	$(REMAKE) benchmarks/figures.py
	$(REMAKE) scripts/make_demo_pictures.py
	$(REMAKE) scripts/make_help_pictures.py
	$(REMAKE) scripts/make_thumbnails.py

lint: test-setup browser
	$(HOST_PYTHON) -m ruff check
	$(HOST_PYTHON) -m ruff format --check
	$(HOST_PYTHON) -m mypy
	cd tests/browser && npm ci --silent --no-audit --no-fund && npm run --silent check

host:
	$(PYTHON) scripts/comfyui_setup.py

test-setup:
	$(PYTHON) scripts/comfyui_setup.py --tests

browser:
	scripts/browser.sh
