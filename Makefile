# Everything here makes its own .venv from requirements.lock: python3 (3.11 or newer), make and git are enough.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -qq
UV := uv==0.13.9
DATA ?= .data
ARGS ?=
BASE ?= HEAD
PYTHONS ?=
JOBS ?= auto
COVERAGE := build/web-coverage
UPGRADE ?= --upgrade
CHROMIUM ?= $(or $(HANSARD_CHROMIUM),$(firstword $(foreach name,chromium-headless-shell chromium chromium-browser \
    google-chrome-stable google-chrome,$(shell command -v $(name) 2>/dev/null))))

# Where nothing that was compiled is kept, each of the hundreds of processes that tests start compiles all of it anew.
export PYTHONDONTWRITEBYTECODE :=

TYPESCRIPT := tests/clients/typescript
NPM ?= $(shell command -v npm 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help ready run test pythons lint format web-coverage pictures bench bench-compare bench-plots abuse faults soak lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  ARGS=… is passed on, PYTHON=… picks the interpreter, DATA=… says where 'make run' keeps its data."

ready: $(READY)

run: $(READY) ## Start Hansard on a server of its own, with the sample discussion
	$(VENV)/bin/hansard up --sample --data $(DATA) $(ARGS)

# Playwright is large, and of no use where there is no browser; nor are TypeScript's tools where there is no Node.
test: $(READY) $(VENV)/.clients $(if $(CHROMIUM),$(VENV)/.web) $(if $(NPM),$(TYPESCRIPT)/node_modules/.ready) ## Run every test in random order, on all cores (ARGS="-k edit" for some)
	$(VENV)/bin/python -m pytest --numprocesses=$(JOBS) --maxprocesses=8 --dist=worksteal $(ARGS)

pythons: $(READY) ## Start it, and test gateway and command line, on every installed Python (PYTHONS="python3.12 …" for some)
	$(VENV)/bin/python -m tests.pythons $(ARGS) $(PYTHONS)

lint: $(READY) ## Check style, types and imports
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(READY) ## Format the code
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

web-coverage: $(READY) $(if $(CHROMIUM),$(VENV)/.web) ## Run the tests in a browser, and tell how much of the scripts ran (ARGS="-k strip" for some)
	@rm -rf $(COVERAGE)
	HANSARD_WEB_COVERAGE=$(COVERAGE) $(VENV)/bin/python -m pytest tests/web --numprocesses=$(JOBS) --maxprocesses=8 --dist=worksteal $(ARGS)
	$(VENV)/bin/python -m tests.web.coverage $(COVERAGE) $(if $(ARGS),--part)

pictures: $(READY) $(if $(CHROMIUM),$(VENV)/.web) ## Take the pictures of the pages in docs/pictures (ARGS="history-dark …" for some)
	$(VENV)/bin/python -m tests.web.pictures $(ARGS)

bench: $(READY) $(if $(CHROMIUM),$(VENV)/.web) ## Measure the figures of the README (ARGS="--only hot,posting" for some)
	$(VENV)/bin/python -m tests.bench $(ARGS)

bench-compare: $(READY) ## Measure this revision and another in alternating turns (BASE=revision, ARGS="--own-benchmark" if modules moved)
	$(VENV)/bin/python -m tests.bench.compare $(BASE) $(ARGS)

bench-plots: $(READY) ## Measure how costs grow, and plot them in docs/growth
	$(VENV)/bin/python -m tests.bench.growth $(ARGS)

abuse: $(READY) ## Attack a running gateway as hostile clients do, and write the cost to other clients to docs/abuse.md
	$(VENV)/bin/python -m tests.abuse --write $(ARGS)

faults: $(READY) ## Break every component, for a quarter of an hour, and write the losses to docs/faults.md
	$(VENV)/bin/python -m tests.faults --write $(ARGS)

soak: $(VENV)/.soak ## Run the same for hours, on every installed Redis and Valkey
	$(VENV)/bin/python -m tests.faults --soak --write $(ARGS)

lock: ## Regenerate the lock files from pyproject.toml, with the newest allowed versions (UPGRADE= to keep versions)
	$(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip --disable-pip-version-check -qq install '$(UV)'
	.lock-venv/bin/uv --no-config pip compile pyproject.toml --extra embedded --extra dev --no-emit-package hansard \
	    $(UPGRADE) $(LOCKED) --output-file requirements.lock
	.lock-venv/bin/uv --no-config pip compile pyproject.toml --constraints requirements.lock \
	    $(UPGRADE) $(LOCKED) --output-file requirements-run.lock
	.lock-venv/bin/uv --no-config pip compile pyproject.toml --extra soak --constraints requirements.lock \
	    $(UPGRADE) $(LOCKED) --output-file requirements-soak.lock
	.lock-venv/bin/uv --no-config pip compile pyproject.toml --extra web --constraints requirements.lock \
	    $(UPGRADE) $(LOCKED) --output-file requirements-web.lock
	.lock-venv/bin/uv --no-config pip compile pyproject.toml --extra clients --constraints requirements.lock \
	    $(UPGRADE) $(LOCKED) --output-file requirements-clients.lock

# One file for every Python and platform that pyproject.toml admits; hashes, and no address of any index.
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --no-annotate --custom-compile-command 'make lock'

clean: ## Remove all generated files, except data
	rm -rf $(VENV) .lock-venv $(TYPESCRIPT)/node_modules dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find core projections workers tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Wheels only: nothing that is installed runs code of its own while being installed.
$(VENV)/.soak: $(READY) requirements-soak.lock
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-soak.lock
	@touch $@

$(VENV)/.clients: $(READY) requirements-clients.lock
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-clients.lock
	@touch $@

# Where npm does not reach its registry, everything else can be tested all the same.
$(TYPESCRIPT)/node_modules/.ready: $(TYPESCRIPT)/package-lock.json $(TYPESCRIPT)/package.json
	@if (cd $(TYPESCRIPT) && npm ci --silent); then touch $@; \
	    else echo "npm could not install the tools of $(TYPESCRIPT): the tests with them are skipped" >&2; fi

$(VENV)/.web: $(READY) requirements-web.lock
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-web.lock
	@touch $@

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Hansard needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Setting up $(VENV) from requirements.lock (once; again when the lock changes)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
