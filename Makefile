# All that is done with this repository. A bare machine needs python3 (3.11 or newer), make and a package index.
PYTHON ?= python3
BIN := .venv/bin
PROCESSES ?= 2
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
UV_COMPILE := $(UV_LOCK) pyproject.toml
NPM_LOCK := npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent

# Servers that speak DynamoDB, written by others. Each has an environment of its own: they pin what we do not.
EMULATORS := requirements/emulators

# Debian packages that tests want, as package:path, the path being one that is there once it is installed.
SYSTEM := strace:/usr/bin/strace postgresql:/usr/lib/postgresql pgbouncer:/usr/sbin/pgbouncer \
	nodejs:/usr/bin/node npm:/usr/bin/npm

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help dev test check format lint types layers tests fix lock upgrade isolation mutants faults contract docs bench wheel clean system setup emulators

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: setup  ## Start TeamFlow, an example app, with some data in it
	$(BIN)/freehold dev examples/teamflow --demo

test: system check  ## Set up, then run all that CI runs

check: format lint types layers tests  ## Format, lint, types, layers, tests

format: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy
	$(BIN)/basedpyright

layers: setup
	$(BIN)/lint-imports --no-logo

# The tests of a file share its servers and come to one process; files in their order, since the longest come early.
tests: setup emulators
	$(BIN)/pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

fix: setup  ## Format, and repair what a machine can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup  ## Write the hash-locked requirements again, after a change of pyproject.toml
	$(UV_COMPILE) --output-file requirements/core.txt
	$(UV_COMPILE) --group dev --constraints requirements/core.txt --output-file requirements/dev.txt
	$(UV_LOCK) $(EMULATORS)/ministack.in --output-file $(EMULATORS)/ministack.txt
	$(UV_LOCK) $(EMULATORS)/roto.in --output-file $(EMULATORS)/roto.txt
	cd $(EMULATORS)/dynalite && $(NPM_LOCK)

upgrade: setup  ## The same, with the newest version of everything
	$(UV_COMPILE) --upgrade --output-file requirements/core.txt
	$(UV_COMPILE) --upgrade --group dev --constraints requirements/core.txt --output-file requirements/dev.txt

emulators: .emulators/ministack/.locked .emulators/roto/.locked .emulators/dynalite/.locked  ## Install the servers that speak DynamoDB, for tests

isolation: setup  ## Attack TeamFlow on every store, and switch layers off: half an hour
	$(BIN)/freehold test isolation examples/teamflow
	$(BIN)/freehold test isolation examples/teamflow --store postgres
	$(BIN)/freehold test isolation examples/teamflow --store postgres --tier pool
	$(BIN)/freehold test isolation examples/teamflow --store dynamodb
	$(BIN)/python -m tests.isolation.layers

mutants: setup  ## Break the isolation in many small ways, and see that tests notice each
	$(BIN)/python -m tests.isolation.mutants

faults: setup  ## Kill a migration of a PostgreSQL fleet before each of its statements, and hurt servers in every way we know
	POSTGRES_SWEEP=0 POSTGRES_GROUNDS=200 $(BIN)/pytest tests/faults tests/unit/stores/postgres/test_migrations_interrupted.py

contract: setup  ## Hold a running TeamFlow against its OpenAPI document, for a quarter of an hour
	CONTRACT_SECONDS=900 CONTRACT_EXAMPLES=300 $(BIN)/pytest tests/journeys/test_contract.py

docs: setup  ## Run every example in the docs
	$(BIN)/pytest docs

bench: setup  ## Measure what we claim
	$(BIN)/python -m bench

wheel: setup  ## Build what would be published, into dist/
	$(BIN)/hatchling build

clean:  ## Remove what was made, the environment too
	rm -rf .venv .emulators dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: .venv/.project

# What is locked, and nothing else: every file is compared with its hash.
.venv/.locked: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("freehold needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@

# The project itself, in place. Its build backend is among what is locked.
.venv/.project: .venv/.locked pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# One that cannot be had is no reason to stop here: the tests that want it say so, and in CI they fail.
.emulators/%/.locked: $(EMULATORS)/%.txt
	@$(PYTHON) -m venv $(@D) \
		&& $(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $< \
		&& touch $@ || echo "$* could not be installed. Tests that need it are skipped."

.emulators/dynalite/.locked: $(EMULATORS)/dynalite/package-lock.json
	@mkdir -p $(@D) && cp $(EMULATORS)/dynalite/package.json $< $(@D) \
		&& npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent \
		&& touch $@ || echo "dynalite could not be installed. Tests that need it are skipped."

system:  ## Install the Debian packages tests want, where missing and where we may
	@missing=; for each in $(SYSTEM); do [ -e "$${each#*:}" ] || missing="$$missing $${each%%:*}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends $$missing; \
	else echo "Not installed, and not ours to install:$$missing. Tests that need them are skipped."; fi
