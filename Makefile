# make run    set up and serve on embedded defaults
# make test   set up and run every test
# make check  what a commit must pass: format, lint, types, import contracts, tests
# make debian  install the Debian packages that some tests and the voice of reels use (as root)
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := run
.PHONY: run setup test check debian lint format lock bench contact-sheet clean

run: .venv/.server
	$(BIN)/tintype serve

setup: .venv/.dev

# Programs beside Python: a browser for the tests of pages, a voice for reels. What is missing skips
# its tests by name.
debian:
	apt-get install -y --no-install-recommends $$(cat requirements/debian.txt)

test: .venv/.dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: lint test

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev
	$(BIN)/python benchmarks/all.py

contact-sheet: .venv/.server
	$(BIN)/python benchmarks/contact_sheet.py

# Versions and hashes only: a lock file names no index and no URL.
lock: .venv/.dev
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--extra build --extra dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--extra build -c requirements/dev.txt pyproject.toml -o requirements/server.txt

.venv/bin/python:
	@echo "Setting up .venv; this takes a minute."
	$(PYTHON) -m venv .venv

.venv/.server: .venv/bin/python requirements/server.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/server.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.server requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@

clean:
	rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
