# Needs make, Python 3.11 or newer and a package index. `make help` lists what can be made.
# Every "check" has a fixing twin: `make check` only looks, `make fix` repairs what a tool can.

PYTHON ?= python3
VENV ?= .venv
# pytest processes; 1 runs the tests in this process (for a debugger)
JOBS ?= 2
# further arguments: `make report ARGS=--json`, `make test ARGS="-k lake"`
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
UV := build/uv
PAGES = $(wildcard README.md CHANGELOG.md docs/*.md)
STRUCTURE = $(wildcard tests/test_structure.py tests/test_docs.py)
CODE = $(wildcard src tests bench)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help report test test-slow check style types imports pages queries structure fix coverage
.PHONY: bench snapshot evidence-agreement accuracy fuzz lock clean clean-all

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

report: $(RUNTIME) ## print the whole answer
	@$(BIN)/underlay report $(ARGS)

test: $(DEV) ## run the tests, without the slow ones
	$(BIN)/python -m pytest -m "not slow" --benchmark-disable -n $(JOBS) $(ARGS)

test-slow: $(DEV) ## run the slow tests
	$(BIN)/python -m pytest -m slow --benchmark-disable $(ARGS)

check: style types imports pages queries structure ## look at style, types, imports, generated pages, structure

style: $(DEV)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(DEV)
	$(BIN)/mypy

imports: $(DEV)
	$(BIN)/lint-imports --cache-dir build/import-linter

pages: $(DEV)
	$(BIN)/cog --check --check-fail-msg='run `make fix`' -P $(PAGES)

queries: $(DEV)
	$(BIN)/python -m underlay.cli.prepare --check

structure: $(DEV)
	$(BIN)/python -m pytest --benchmark-disable $(STRUCTURE)

fix: $(DEV) ## repair what `make check` found, as far as a tool can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)
	$(BIN)/python -m underlay.cli.prepare
	$(BIN)/cog -r -P $(PAGES)

coverage: $(DEV) ## run the tests and say which lines no test ran
	$(BIN)/python -m pytest -m "not slow" --benchmark-disable \
		--cov=underlay --cov-report=term-missing:skip-covered $(ARGS)

bench: $(DEV) ## measure time and memory
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/multiverse.py

SNAPSHOT_LAKE := build/snapshot-lake
PACKAGES := build/packages
snapshot: $(RUNTIME) ## make the embedded snapshot from staged data: DATA=path [PACKAGES=path]
	@test -d "$(DATA)" || { echo "give the folder of staged data: make snapshot DATA=path" >&2; exit 2; }
	@rm -rf $(SNAPSHOT_LAKE)
	@grep -v '^#' snapshot.tsv | while IFS="$$(printf '\t')" read -r source path day; do \
		if [ "$$day" = - ]; then set --; else set -- --observed-on "$$day"; fi; \
		$(BIN)/underlay --lake $(SNAPSHOT_LAKE) --quiet sync "$$source" --from "$(DATA)/$$path" "$$@" \
			|| exit 2; \
	done
	@test -d "$(PACKAGES)" || $(BIN)/underlay packages fetch --to "$(PACKAGES)"
	$(BIN)/underlay --lake $(SNAPSHOT_LAKE) --quiet sync packages --from "$(PACKAGES)"
	$(BIN)/underlay --lake $(SNAPSHOT_LAKE) atlas build
	$(BIN)/underlay --lake $(SNAPSHOT_LAKE) bundle --output src/underlay/data
	$(BIN)/python -m underlay.cli.prepare

evidence-agreement: $(RUNTIME) ## hold the extractor to the staged tables: DATA=path [PACKAGES=path]
	$(BIN)/underlay packages check --from "$(PACKAGES)" --against "$(DATA)/stack"

accuracy: $(DEV) ## precision and recall of the audit on the labelled trees
	$(BIN)/python tests/audit/accuracy.py $(ARGS)

fuzz: $(DEV) ## more than 100,000 hostile inputs to the audit's parsers
	$(BIN)/python -m pytest -m slow tests/audit $(ARGS)

lock: ## choose versions anew: writes requirements.lock and requirements-dev.lock
	@$(MAKE) --no-print-directory $(UV)/.made
	$(COMPILE) requirements-dev.lock --group dev
	$(COMPILE) requirements.lock --constraints requirements-dev.lock

# the build backend is locked too, so that nothing unlocked is fetched to install the project;
# editables is what it needs for `pip install -e`
BACKEND = import tomllib; project = tomllib.load(open("pyproject.toml", "rb")); \
	print("editables", *project["build-system"]["requires"], sep="\n")
COMPILE = @$(UV)/bin/python -c '$(BACKEND)' | $(UV)/bin/uv pip compile pyproject.toml - --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock' --output-file

clean: ## remove what tools left behind; the environment stays
	rm -rf build dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	rm -rf .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

clean-all: clean ## remove the environment too
	rm -rf $(VENV)

# Stamps: a second run is instant, and an interrupted install is taken up again.

$(VENV)/.made:
	@found=$$($(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null); \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "underlay needs Python 3.11 or newer, but \`$(PYTHON)\` is $${found:-not there};" \
	"name another, for instance: make report PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/.made
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(VENV)/.made
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(RUNTIME)

$(UV)/.made: | $(VENV)/.made
	$(BIN)/python -m venv $(UV)
	$(UV)/bin/python -m pip --disable-pip-version-check --quiet install uv
	@touch $@
