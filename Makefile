# `make demo`   a picture becomes a video, plain and rectified, in a private ComfyUI
# `make serve`  opens that ComfyUI to play with
# `make test`   runs every test: core, host, browser
# `make test-host COMFYUI=FOLDER PYTHON_OF_HOST=PYTHON`   runs core and host tests on any other ComfyUI
# `make remade` makes everything again that shows or measures the demo model (hours); PACKS=FOLDER adds the rivals,
#   DATA=FOLDER a real VAE and real clips,
#   COMFYUI=FOLDER PYTHON_OF_HOST=PYTHON what the private ComfyUI cannot measure
# Each does all its own set-up, in .host/; nothing else of the machine is touched but Debian's chromium, for the tests.

PYTHON ?= python3
HOST_PYTHON = .host/venv/bin/python
COMFYUI ?= .host/ComfyUI
PYTHON_OF_HOST ?= $(HOST_PYTHON)
# On the private host, whatever host the packs of the rivals run on.
REMAKE = env -u COMFYUI $(HOST_PYTHON)

.PHONY: demo serve test test-core test-private-host test-host remade lint host test-setup browser

demo: host
	$(HOST_PYTHON) dev/demo_model/run.py

serve: host
	$(HOST_PYTHON) dev/private_host/serve.py

test: lint
	$(MAKE) --jobs=2 --output-sync=target test-core test-private-host

# With the lines that they run: they tell how many of the changed ones are among them.
test-core: test-setup
	mkdir -p output
	$(HOST_PYTHON) -m slipcover --source nodes/core --json --out output/coverage.json -m pytest tests/core
	-$(HOST_PYTHON) dev/changed_lines.py output/coverage.json

# Host and browser, in as many processes as keep two cores busy while pages wait; the slow ones, the pages, come first.
test-private-host: test-setup browser
	$(HOST_PYTHON) -m pytest tests/browser tests/host -n 3 --no-loadscope-reorder

test-host: test-setup
	COMFYUI=$(abspath $(COMFYUI)) PYTHONPATH=dev $(PYTHON_OF_HOST) -m pytest tests/core tests/host

remade: test-setup browser
	$(REMAKE) dev/demo_model/judge.py --keep nodes/demo_model/model.safetensors
	$(REMAKE) dev/benchmarks/evidence.py --clips 16 --seeds 3
	$(if $(filter-out .host/ComfyUI,$(COMFYUI)),COMFYUI=$(abspath $(COMFYUI)) PYTHONPATH=dev $(PYTHON_OF_HOST) dev/benchmarks/evidence.py --clips 16 --only euler_ancestral lcm)
	rm -f dev/benchmarks/pixels.json
	$(REMAKE) dev/benchmarks/pixels.py --clips 16 --seeds 3
	$(if $(DATA),$(REMAKE) dev/benchmarks/real_vae.py $(DATA))
	$(if $(DATA),$(REMAKE) dev/benchmarks/real_clips.py $(DATA))
	$(if $(DATA),$(if $(filter-out .host/ComfyUI,$(COMFYUI)),COMFYUI=$(abspath $(COMFYUI)) PYTHONPATH=dev $(PYTHON_OF_HOST) dev/benchmarks/real_clips.py $(DATA) --only-colours))
	$(REMAKE) dev/benchmarks/moved.py --clips 16
	$(REMAKE) dev/benchmarks/colours.py
	$(REMAKE) dev/benchmarks/flow.py
	$(REMAKE) dev/benchmarks/cost.py
	$(if $(PACKS),COMFYUI=$(abspath $(COMFYUI)) PYTHONPATH=dev $(PYTHON_OF_HOST) dev/benchmarks/rivals.py $(PACKS))
	$(REMAKE) dev/shipped/make_demo_pictures.py
	$(REMAKE) dev/shipped/make_help_pictures.py
	$(REMAKE) dev/shipped/make_thumbnails.py
	$(REMAKE) dev/shipped/make_editor_pictures.py
	$(REMAKE) dev/shipped/make_icon.py

lint: test-setup browser
	$(HOST_PYTHON) -m ruff check
	$(HOST_PYTHON) -m ruff format --check
	$(HOST_PYTHON) -m mypy
	cd tests/browser && npm ci --silent --no-audit --no-fund && npm run --silent check

host:
	$(PYTHON) dev/private_host/setup.py

test-setup:
	$(PYTHON) dev/private_host/setup.py --tests

browser:
	dev/private_host/browser.sh
