# Two commands do all the set-up: `make demo` and `make test`. Both need Python 3.11+ and a package index, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
FLOORS ?= .venv-floors
FLOORS_PYTHON ?= python3.11
FLOORS_TORCH ?= $(shell sed -n 's/^torch==//p' constraints-floors.txt)
TESTS ?= tests

# Where it is set, every process that a test starts would compile all of the sources anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow test-floors test-browser check check-slow format install bench reliability golden clean

demo: install  ## install, then the main job: the quickstart suite on MovieLens-100K
	$(BIN)/bench run suites/quickstart.yaml --workers $(WORKERS)

test: install check  ## install, then the whole check

test-slow: install check-slow  ## install, then the tests that take longer

test-floors: $(FLOORS)/installed  ## the tests with the oldest versions that pyproject.toml allows
	$(FLOORS)/bin/python -m pytest -q -m "not slow" -n $(WORKERS) --dist worksteal $(TESTS)

test-browser: install  ## the tests of the page in the system's Chromium, with axe-core's rules; needs npm
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,browser]"
	npm install --no-save --silent axe-core@4.14.1
	$(BIN)/pytest -q tests/report/test_browser.py

check:  ## format, lint, types, architecture, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m "not slow" -n $(WORKERS) --dist worksteal

check-slow:
	$(BIN)/pytest -q -m slow -n $(WORKERS) --dist worksteal

format:  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## speed of the hot paths by pytest-benchmark, saved below .benchmarks and beside the run before
	$(BIN)/pytest -q benchmarks --benchmark-columns=min,median,rounds --benchmark-autosave --benchmark-compare \
	  -W default::pytest_benchmark.logger.PytestBenchmarkWarning

reliability: install  ## every test that provokes a fault, and docs/reliability.md of what they came to
	$(BIN)/pytest -q -m fault -n $(WORKERS) --dist worksteal --faults=.faults.json
	$(BIN)/python -m tools.reliability .faults.json

golden: install  ## run the golden suite again and compare it with the committed run
	$(BIN)/bench run suites/golden.yaml --out results/golden-candidate --rerun all
	$(BIN)/bench compare results/golden results/golden-candidate

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV): a few minutes, most of them downloads; nothing is said until it is done."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@echo "Compiling the kernels: about half a minute, once."
	$(BIN)/python -m bench.worker.compile_all
	touch $@

$(FLOORS)/installed: pyproject.toml constraints-floors.txt
	$(FLOORS_PYTHON) -m venv $(FLOORS)
	sed 's/^torch==.*/torch==$(FLOORS_TORCH)/' constraints-floors.txt > $(FLOORS)/constraints.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check -c $(FLOORS)/constraints.txt -e ".[dev]"
	$(FLOORS)/bin/python -m bench.worker.compile_all
	touch $@

clean:  ## remove what the above made
	rm -rf $(VENV) $(FLOORS) .faults.json build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .benchmarks .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
