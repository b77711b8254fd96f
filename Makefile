# Everything here works in .venv, which the targets make and fill from the lock files as they need it.
# It takes Python 3.11 or newer with its venv module, and a package index in pip's reach.

# The interpreter that .venv is made of, e.g. `make test PYTHON=python3.13`.
PYTHON ?= python3
# Passed on, e.g. `make test PYTEST_ARGS='-n 0 -x tests/test_project.py'`.
PYTEST_ARGS ?= -n 2
BENCH_ARGS ?=
# Wheels only: a source archive would run its build, and fetch what no lock file pins. Empty it where
# a package has no wheel (cryptography has none for Macs with Intel processors).
PIP_ARGS ?= --only-binary :all:
# What `make lock` may change: nothing that pyproject.toml does not ask for, or one package
# (`make lock LOCK_ARGS='-P boto3 -P botocore'`), or everything (`make lock LOCK_ARGS=-U`).
LOCK_ARGS ?=

BIN := .venv/bin
EMULATORS := tests/emulators/node_modules
# The folders that hold Python files, of those that are checked for types.
TYPED := $(foreach folder,collector checks mappings tests bench,$(if \
	$(wildcard $(folder)/*.py $(folder)/*/*.py),$(folder)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint pyright bench emulators lock clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(BIN)/.demo ## Collect evidence from a simulated AWS account into ./evidence, and verify it
	$(BIN)/collector run --account demo --locker evidence
	$(BIN)/collector verify evidence
	@printf '\nThe evidence is in ./evidence. Next, for example:\n\n'
	@printf '  %s\n' \
		'$(BIN)/collector results evidence --account demo --format table' \
		'$(BIN)/collector gap evidence --account demo' \
		'$(BIN)/collector report point-in-time evidence --account demo --format html --output type1.html' \
		'make demo                         (adds the next snapshot to the chain)'

test: $(BIN)/.dev ## Run the tests, with PYTEST_ARGS
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(BIN)/.dev ## Check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)

pyright: $(BIN)/.dev ## Check types with a second checker
	$(BIN)/basedpyright $(TYPED)

emulators: $(EMULATORS)/.installed ## Install the emulators that some tests start; takes node and npm

bench: $(BIN)/.dev ## Run the benchmark, with BENCH_ARGS
	$(BIN)/python -m bench $(BENCH_ARGS)

# The largest first: what it pins constrains the others, so that any two can be installed together.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make lock'
SMALLER = $(COMPILE) --constraints deploy/requirements-dev.txt
lock: $(BIN)/.dev ## Write the lock files anew from pyproject.toml, with LOCK_ARGS
	$(COMPILE) $(LOCK_ARGS) --all-extras --group build -o deploy/requirements-dev.txt
	$(SMALLER) -o deploy/requirements.txt
	$(SMALLER) --extra gcp -o deploy/requirements-gcp.txt
	$(SMALLER) --extra azure -o deploy/requirements-azure.txt
	$(SMALLER) --extra demo --group build -o deploy/requirements-demo.txt

clean: ## Remove .venv and what the tools left behind; ./evidence stays
	rm -rf .venv $(EMULATORS) dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo >&2 "$(PYTHON) is not Python 3.11 or newer: name one that is, as in" \
			"'make $(MAKECMDGOALS) PYTHON=python3.12'"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo >&2 "$(PYTHON) lacks the venv module: on Debian, apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# Most of botocore and moto is never imported; what is gets compiled when it is.
PIP_INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --no-compile
INSTALL = $(PIP_INSTALL) --require-hashes $(PIP_ARGS) --requirement
INSTALL_PROJECT = $(PIP_INSTALL) --no-build-isolation --no-deps --editable .

$(BIN)/.demo: deploy/requirements-demo.txt pyproject.toml | $(BIN)/.made
	$(INSTALL) $<
	$(INSTALL_PROJECT)
	@touch $@

# The development lock holds all that the demo's does.
$(BIN)/.dev: deploy/requirements-dev.txt deploy/requirements-demo.txt pyproject.toml | $(BIN)/.made
	$(INSTALL) $<
	$(INSTALL_PROJECT)
	@touch $@ $(BIN)/.demo

# No package's own scripts are run: what the lock file pins by digest is all that comes.
$(EMULATORS)/.installed: tests/emulators/package.json tests/emulators/package-lock.json
	npm ci --prefix tests/emulators --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
