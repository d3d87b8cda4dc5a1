# Needs python3 >= 3.11 with venv, and make. Everything else is installed into .venv here.

BIN := .venv/bin
APP := .venv/.app.installed
DEV := .venv/.dev.installed
PYTHONS := python3 python3.13 python3.12 python3.11
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.NOTPARALLEL:
.PHONY: help demo test check static browsers bench clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: $(APP) ## serve the example components
	@$(BIN)/component demo || [ $$? -eq 130 ] # Ctrl-C is how it ends

check: static ## what needs no browser and is quick, in less than a minute
	$(BIN)/pytest -m "not browser and not slow"

test: static browsers ## everything, in three browsers
	$(BIN)/pytest

static: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	scripts/check-js

browsers: $(DEV) ## install the browsers that tests drive
	scripts/browsers

bench: $(DEV) browsers ## measure
	$(BIN)/python -m benchmarks

clean: ## remove all that was installed or made here
	rm -rf .venv node_modules dist build .mypy_cache .ruff_cache .pytest_cache
	rm -rf .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Trying a version, not reading it off a name: a shim may stand for a Python that is not there.
$(BIN)/python:
	@for python in $(PYTHONS); do \
	  if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then $$python -m venv .venv && exit 0; fi; \
	done; \
	echo "Expected Python 3.11 or newer with venv, found none among: $(PYTHONS)" >&2; \
	echo "  On Debian: apt-get install python3 python3-venv" >&2; \
	exit 1

$(APP): pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(APP)
