# Every command of the project. `make` or `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help studio test check bench fuzz faults train-demo clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

studio: $(VENV)/.base ## Start the studio on http://127.0.0.1:8000 (PORT=n for another port)
	$(BIN)/corecraft studio --port $(PORT)

test: ## Install all that tests need, then run the checks and all tests
	.ci/environment $(VENV)
	$(MAKE) --no-print-directory check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --no-loadscope-reorder

check: $(VENV)/.dev ## Lint, format, types, layers, templates, module lengths
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m pytest -q tests/architecture

bench: $(VENV)/.base ## Measure the engine, servers beside OpenEnv's, and training beside TRL's
	$(BIN)/corecraft bench state --world tutorial
	$(BIN)/corecraft bench start --world tutorial
	$(BIN)/corecraft bench env --world tutorial --clients 1,8 --seconds 1 --sessions 50 --optional
	$(BIN)/corecraft bench train --groups 4 --rounds 1 --steps 1 --optional
	$(BIN)/corecraft bench rollout --tasks 1 --rounds 1 --optional

fuzz: $(VENV)/.dev ## Send anything to tools and a server, for ten minutes (FUZZ_SECONDS=n, FUZZ_SEED=n)
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(BIN)/python -m pytest -q tests/fuzz

faults: $(VENV)/.dev ## Kill every process of real runs at random, twenty times (FAULT_KILLS=n of each, FAULT_SEED=n)
	FAULT_KILLS=$${FAULT_KILLS:-5} $(BIN)/python -m pytest -q tests/rl_backend/faults

train-demo: $(VENV)/.base ## Teach small models on two CPU cores, with figures before and after (hours; goes on)
	$(BIN)/python -m rl_backend.install --status var/install.json
	$(PIP) --editable '.[plots]'
	$(BIN)/python -m studio.train_demo --root var/train-demo
	$(BIN)/python -m studio.train_demo.pictures --root var/train-demo --out var/train-demo/pictures

clean: ## Remove the environment and everything that can be made again (keeps var/ and runs/)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage* htmlcov

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.base
