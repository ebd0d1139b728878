# What a developer types. Every target works on a fresh clone, and a second call finds its work done.
#
#   make quickstart            train on real data and see the result
#   make test ARGS='-k store'  set up, then run the tests; ARGS goes to pytest

PYTHON ?= python3
# What the tests need besides the default install; quickstart needs less.
EXTRAS ?= torch,tensorflow,jax,lightning,augment,datasets,detection,hdf5,parquet,postgres,s3,mlflow,neptune,wandb,tensorboard,jupyter
QUICKSTART_EXTRAS ?= torch,jupyter
ARGS ?=
# Each imports the frameworks, which takes gigabytes of memory.
TEST_PROCESSES ?= 2
# Where wheel and sdist go.
DIST ?= dist

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
LOG := $(VENV)/last.log
WEB := labextension
PANEL := dltrainer_jupyter/widgets/static/panel.js
LAB := dltrainer_jupyter/labextension/package.json
WEB_SOURCES := $(wildcard $(WEB)/*.json $(WEB)/*.mjs $(WEB)/*.cjs) $(shell find $(WEB)/src $(WEB)/schema -type f 2>/dev/null)

# Stamps name what they stand for, so that another choice of extras is installed and not taken for done.
comma := ,
TOOLS := $(VENV)/.stamp-tools
MODULES := $(WEB)/node_modules/.stamp
SETUP := $(VENV)/.stamp-setup-$(subst $(comma),-,$(EXTRAS))
QUICKSTART := $(VENV)/.stamp-quickstart-$(subst $(comma),-,$(QUICKSTART_EXTRAS))
DECLARED := pyproject.toml constraints.txt $(WEB)/package.json

NODE_IS_RECENT := node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null

# jlpm, and whatever the front end's scripts call, come from the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The front end is built by a rule below, from its lock file, not by the package's build.
export HATCH_JUPYTER_BUILDER_SKIP_NPM := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two installations into one environment at a time break it, `make -j` or not.
.NOTPARALLEL:

.PHONY: help
help:  ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1#\2/p' Makefile | awk -F'#' '{ printf "%-18s %s\n", $$1, $$2 }'

# --- Set-up -----------------------------------------------------------------------------------------

$(TOOLS): $(DECLARED)
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, found: $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the build tools"
	@$(PIP) install --quiet --upgrade --constraint constraints.txt pip
	@$(PIP) install --quiet --constraint constraints.txt --group build
	@touch $@

$(QUICKSTART): $(TOOLS)
	@echo "Installing dltrainer-jupyter[$(QUICKSTART_EXTRAS)], which takes some minutes"
	@$(PIP) install --quiet --no-build-isolation --constraint constraints.txt --editable '.[$(QUICKSTART_EXTRAS)]'
	@touch $@

$(SETUP): $(TOOLS)
	@echo "Installing dltrainer-jupyter[$(EXTRAS)] and what develops and tests it"
	@$(PIP) install --quiet --no-build-isolation --constraint constraints.txt --editable '.[$(EXTRAS)]' --group dev
	@touch $@

.PHONY: node
node:
	@$(NODE_IS_RECENT) || { \
	  echo "Node.js 20.19 or newer is needed to build the front end, found: $$(node --version 2>/dev/null || echo none)." >&2; exit 1; }

$(MODULES): $(WEB)/package.json $(WEB)/yarn.lock | node $(TOOLS)
	@echo "Installing the front end's packages"
	@cd $(WEB) && jlpm install --immutable >../$(LOG) 2>&1 || { cat ../$(LOG) >&2; exit 1; }
	@touch $@

$(PANEL): $(WEB_SOURCES) $(MODULES)
	@echo "Building the front end"
	@cd $(WEB) && jlpm build:panel
	@touch $@

$(LAB): $(WEB_SOURCES) $(MODULES)
	@echo "Building the JupyterLab extension"
	@cd $(WEB) && jlpm build:lab >../$(LOG) 2>&1 || { cat ../$(LOG) >&2; exit 1; }
	@touch $@

# An editable install copies the extension as it was then, if it was built at all; JupyterLab is to see each build.
LINK_LAB = test -L $(VENV)/share/jupyter/labextensions/dltrainer-jupyter || \
  $(BIN)/jupyter-builder develop . --overwrite >$(LOG) 2>&1 || { cat $(LOG) >&2; exit 1; }

.PHONY: front
front: $(PANEL) $(LAB)
	@$(LINK_LAB)

.PHONY: setup
setup: $(SETUP) front  ## Create .venv, install everything the tests need, build the front end

# --- Running ----------------------------------------------------------------------------------------

.PHONY: quickstart
quickstart: $(QUICKSTART)  ## Train on real data and say how to open the notebook
	@if $(NODE_IS_RECENT); then $(MAKE) --no-print-directory front || \
	  echo "The front end could not be built, see above; the training below doesn't need it." >&2; \
	else echo "Without Node.js 20.19 or newer panel and sidebar aren't built; the training below doesn't need them."; fi
	@$(BIN)/python -m dltrainer_jupyter.quickstart

# --- Checking ---------------------------------------------------------------------------------------

.PHONY: test
test: setup  ## Run the tests, the front end's and the browser's included
	@cd $(WEB) && jlpm test
	@$(BIN)/python -m pytest -m 'not slow' --numprocesses $(TEST_PROCESSES) --dist loadfile $(ARGS)

.PHONY: slow
slow: setup  ## Run the tests that take too long for every change
	@$(BIN)/python -m pytest -m slow --numprocesses $(TEST_PROCESSES) --dist loadfile $(ARGS)

.PHONY: fuzz
fuzz: setup  ## Try 5,000 configurations of chance, and 2,000 and more requests that Schemathesis makes of the OpenAPI document
	@DLTRAINER_TEST_CASES=5000 $(BIN)/python -m pytest --timeout 1800 tests/tal/test_any_configuration.py $(ARGS) & \
	configurations=$$!; \
	DLTRAINER_TEST_CASES=2000 $(BIN)/python -m pytest --timeout 900 tests/server/test_schema.py $(ARGS); \
	requests=$$?; \
	wait $$configurations && exit $$requests

.PHONY: e2e
e2e: setup  ## Drive a real JupyterLab in Chromium
	@$(BIN)/python -m pytest tests/browser $(ARGS)

.PHONY: bench
bench: setup  ## Measure speed beside the peers', on a quiet machine; CASE=loop-mlp-pytorch does one, ARGS=--help says more
	@$(BIN)/python -m tests.bench $(CASE) $(ARGS)

.PHONY: chaos
chaos: setup  ## Kill trainers at random moments, at length; SHARD=keras does a part, and a second call goes on
	@$(BIN)/python -m tests.chaos $(SHARD) $(ARGS)

.PHONY: reference
reference: $(SETUP)  ## Write the pages of docs/reference that lie in the repository, from the schemas and the parts themselves
	@$(BIN)/python -m docs._pages

.PHONY: pictures
pictures: setup  ## Take the pictures and the recording of docs/images from real runs in Chromium; NAMES="panel-light recording" takes some
	@$(BIN)/python -m tests.pictures $(NAMES)

.PHONY: docs
docs: $(SETUP)  ## Build the documentation site; any link that leads nowhere is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict >$(LOG) 2>&1 || { grep -v '^INFO' $(LOG) >&2; exit 1; }
	@echo "build/site/index.html"

.PHONY: lint
lint: setup  ## Check style, types and layers, in Python and in TypeScript
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd $(WEB) && jlpm lint && jlpm format:check && jlpm typecheck

# --- Shipping ---------------------------------------------------------------------------------------

.PHONY: wheel
wheel: $(TOOLS) $(PANEL) $(LAB)  ## Build dist/*.whl by way of the sdist, and check that the front end and the server extension are in it
	@rm -f $(DIST)/dltrainer_jupyter-*
	@$(BIN)/python -m build --no-isolation --outdir $(DIST) . >$(LOG) 2>&1 || { cat $(LOG) >&2; exit 1; }
	@for part in panel.js panel.css insight.js form-widget.js form-widget.css form.js form.css; do \
	  $(BIN)/python -m zipfile --list $(DIST)/*.whl | grep -q "widgets/static/$$part " || { \
	    echo "The wheel lacks dltrainer_jupyter/widgets/static/$$part." >&2; exit 1; }; done
	@$(BIN)/python -m zipfile --list $(DIST)/*.whl | grep -q "server/static/index.html " || { \
	  echo "The wheel lacks the web page, dltrainer_jupyter/server/static." >&2; exit 1; }
	@$(BIN)/python -m zipfile --list $(DIST)/*.whl | grep -q "share/jupyter/labextensions/dltrainer-jupyter/package.json " || { \
	  echo "The wheel lacks the JupyterLab extension." >&2; exit 1; }
	@$(BIN)/python -m zipfile --list $(DIST)/*.whl | grep -q "jupyter_server_config.d/dltrainer_jupyter.json " || { \
	  echo "The wheel lacks the file that enables the server extension." >&2; exit 1; }
	@ls $(DIST)/*

# The address goes through the environment: a shell would read it otherwise.
.PHONY: badges
badges: export BADGES_SOURCE := $(SOURCE)
badges:  ## Put links to SOURCE=https://github.com/OWNER/REPO on Binder and Colab into README, notebooks and pyproject.toml
	@$(PYTHON) binder/badges.py "$$BADGES_SOURCE"

.PHONY: clean
clean:  ## Remove what was built, but not .venv and node_modules
	@rm -rf build dist test-results dltrainer_jupyter/server/static dltrainer_jupyter/widgets/static dltrainer_jupyter/labextension .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find dltrainer_jupyter tests -name __pycache__ -type d -prune -exec rm -rf {} +
