# Two commands do everything on a fresh Debian or Ubuntu: `make demo` and `make test`.
# What they need they install: see .ci/environment.

SHELL := /bin/bash
BIN := .venv/bin
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format clean environment-show environment-test

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: environment-show ## play the bundled films with a bundled camera
	$(BIN)/livematch demo $(DEMO_ARGS)

test: environment-test ## run every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: environment-test ## ruff, formatting, and mypy in strict mode
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: environment-test ## put the code in ruff's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment and everything built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find livematch models tests -name __pycache__ -type d -prune -exec rm -rf {} +

environment-show:
	@.ci/environment show

environment-test:
	@.ci/environment test
