# Every target sets up what it needs, in .venv; only the first run does, and needs the network.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# A file's tests stay together and in order; four processes keep two cores busy while some of them wait.
SIDE_BY_SIDE := -n 4 --dist loadfile --no-loadscope-reorder
CODE := $(wildcard bot handlers tests benchmarks)
AXE := tests/browser/node_modules/.package-lock.json
BOLT_JS := benchmarks/contenders/javascript/node_modules/.package-lock.json

EXPLORE := $(VENV)/.explore
# What was compiled is kept, whatever this machine does otherwise: the tests load the program in a hundred processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo picture serve explore test faults check bench deployed lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## install everything that is locked into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Baton needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
	@echo 'Ready: make demo'

demo: setup ## Slack and GitLab on a page in the browser, nothing real (TOUR=1: a tour in the terminal, ONCE=1: once)
	$(BIN)/python -m bot demo $(if $(TOUR),--tour) $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

picture: setup ## draw the pictures in docs/ again, from the demo and its page
	$(BIN)/python -m bot demo --tour --once --picture docs/demo.svg
	$(BIN)/python -m tests.browser.pictures docs
	$(BIN)/python -m tests.architecture docs/architecture.svg

serve: setup ## run the bot, with the settings of the environment or .env
	$(BIN)/python -m bot serve

explore: setup $(EXPLORE) ## the log in the browser, to search and to count (ARGS='--private --port 8002')
	$(BIN)/python -m bot explore $(ARGS)

$(EXPLORE): requirements-explore.lock $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-explore.lock
	@touch $@

test: setup $(AXE) $(EXPLORE) ## run the tests (ARGS='-k rollover' chooses, '-n 0': one process); those in the browser where there is one
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

$(AXE): tests/browser/package-lock.json
	@npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error \
		|| echo 'npm could not fetch what judges the page: the tests in the browser will be left out.' >&2

faults: setup ## kill the bot hundreds of times, at every call and at random, and look whether anything is lost or twice
	FAULTS=1 $(BIN)/python -m pytest -n 2 -k killed -o faulthandler_timeout=0 tests/stories

check: setup ## lint, format, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports

deployed: setup ## install it into a scratch folder as in production, and look whether that serves
	@place=$$(mktemp -d) && trap 'rm -rf "$$place"' EXIT \
		&& PYTHON=$(BIN)/python deploy/install "$$place" && $(BIN)/python -m tests.deployed "$$place"

bench: setup $(BOLT_JS) ## measure Baton beside others and the limit, in ten minutes, into benchmarks/RESULTS.md (QUICK=1: only try)
	$(BIN)/python -m benchmarks

$(BOLT_JS): benchmarks/contenders/javascript/package-lock.json
	@npm ci --prefix benchmarks/contenders/javascript --no-audit --no-fund --loglevel=error \
		|| echo 'npm could not fetch Bolt for JavaScript: it will be left out.' >&2

LOCK := $(BIN)/uv pip compile --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --quiet

lock: setup ## pin what pyproject.toml asks for, with hashes: for working on it, for running it, for building it, for looking into the log
	$(LOCK) pyproject.toml --group dev --output-file requirements.lock
	$(LOCK) pyproject.toml --constraint requirements.lock --output-file deploy/requirements.lock
	$(LOCK) --group build --constraint requirements.lock --output-file deploy/build.lock
	$(LOCK) pyproject.toml --extra explore --constraint requirements.lock --output-file requirements-explore.lock
