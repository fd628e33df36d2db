# `make demo` and `make test` set up what they need. PYTHON names another interpreter: make PYTHON=python3.12 demo
SHELL := /bin/bash
PYTHON ?= python3.11 python3.12 python3.13 python3
PYTHON_CONNECT ?= python3.12 python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-deep test-connect connect-environment lint types check apps bench docs requirements doctor clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## packages and jars, once; does nothing when they are there
	@$(BIN)/python -SE -m tideline.setup --is-done 2>/dev/null && exit 0; \
	for python in $(PYTHON); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    exec "$$python" -m tideline.setup; \
	  fi; \
	done; \
	echo "setup: none of these is Python 3.11, 3.12 or 3.13: $(PYTHON). Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 2

demo: setup  ## every job on two days of sample deliveries, with a report to look at
	@$(BIN)/tideline demo

test: setup  ## tests that end within minutes
	@$(BIN)/python -m pytest -m "not deep and not long" -n 2 --dist loadfile

test-all: setup  ## these and the long ones: about an hour on two cores
	@$(BIN)/python -m pytest -m "not deep" -n 2 --dist loadfile

test-deep: setup  ## longer proofs
	@$(BIN)/python -m pytest -m deep

test-connect: setup connect-environment  ## tests through Databricks Connect, which needs Python 3.12; TESTS="..." names some
	@$(BIN)/python -m tests.over_connect $(TESTS)

connect-environment:
	@.venv-connect/bin/python -SE -m tideline.setup.connect --is-done 2>/dev/null && exit 0; \
	for python in $(PYTHON_CONNECT); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null; then \
	    exec "$$python" -m tideline.setup.connect; \
	  fi; \
	done; \
	echo "test-connect: none of these is Python 3.12: $(PYTHON_CONNECT). Install it, or name it: make PYTHON_CONNECT=/path/to/python3.12 test-connect" >&2; exit 2

lint: setup  ## style, the arrows between packages, and what serverless compute or Connect would refuse
	@$(BIN)/ruff check .
	@PYTHONPATH=src $(BIN)/lint-imports
	@$(BIN)/tideline validate

types: setup  ## strict types on src and tideline
	@$(BIN)/mypy

check: lint types test-all  ## what a change must pass

apps: setup  ## the folders that apps are deployed from, below .build
	@$(BIN)/tideline build

bench: setup  ## measure, and write benchmarks/results.md
	@$(BIN)/python -m benchmarks

docs: setup  ## generate docs/tables.md from the declarations
	@PYTHONPATH=src:. $(BIN)/python -m tideline.commands.docs

requirements:  ## compile the lock files (needs uv)
	@for lock in "dev --extra local --extra dev --universal --python-version 3.11" "runtime --extra local --universal --python-version 3.11" "workspace --universal --python-version 3.12"; do \
	  set -- $$lock; name=$$1; shift; \
	  uv pip compile pyproject.toml "$$@" --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/$$name.txt; done
	@for peer in koheesio laktory mack single_node; do \
	  uv pip compile requirements/peers/$$peer.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/peers/$$peer.txt; done
	@for app in api ab_results; do \
	  uv pip compile requirements/$$app.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/$$app.txt; done
	@uv pip compile pyproject.toml requirements/connect.in --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/connect.txt

doctor: setup  ## what this machine has and lacks
	@$(BIN)/tideline doctor

clean:  ## remove local state; packages and jars stay
	@$(BIN)/tideline reset --yes
