# Each target does all the set-up it needs: `make demo` works on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WITH_CUDA := $(VENV)/.installed-cuda
# With GPU=1 TensorFlow finds CUDA's libraries; from then on every set-up keeps them up to date.
SETUP := $(INSTALLED) $(if $(GPU),$(WITH_CUDA),$(wildcard $(WITH_CUDA)))
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal

.PHONY: setup demo test check faults format bench studies clean

setup: $(SETUP)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("make: wants Python 3.11 to 3.13, got " + sys.version.split()[0] + "; set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	touch $@

$(WITH_CUDA): requirements-gpu.lock $(INSTALLED)
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements-gpu.lock
	touch $@

demo: setup
	$(BIN)/ablations run quick
	$(BIN)/ablations report quick

test: setup
	$(PYTEST)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST)

faults: setup
	$(BIN)/python -m pip install --quiet --requirement requirements-ray.lock
	ABLATIONS_FAULT_CYCLES=100 $(PYTEST) tests/faults tests/execution/test_ray.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.benchmarks

studies: setup
	for study in configs/*.yaml; do $(BIN)/ablations run $$study || exit $$?; done
	$(BIN)/ablations report
	$(BIN)/python -m tests.support.readme_claims

clean:
	rm -rf $(VENV) build *.egg-info
