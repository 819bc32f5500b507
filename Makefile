# Moj upravljalec: `make run` to try it, `make test` to trust it.

PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
export MOJUPRAVLJALEC_SITE_URL ?= http://127.0.0.1:$(PORT)

.PHONY: help run install test test-system check format lock migration messages pictures bench

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: install instance/secret_key  ## Serve the portal with its demo utility; PORT=8000
	@exec $(BIN)/mojupravljalec serve --demo --bind 127.0.0.1:$(PORT)

install: .venv/installed  ## Make the environment in .venv

.venv/installed: requirements/base.txt setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	$(BIN)/python -m whitenoise.compress --quiet static
	touch $@

.venv/tested: .venv/installed requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

instance/secret_key:
	@mkdir -p instance && chmod 700 instance
	@umask 077; $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(48))' > $@

test: .venv/tested  ## Run every test, on SQLite and on Postgres
	@sh .ci/browser
	TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 2
	TEST_DATABASE=postgres $(BIN)/python -m pytest -n 2

test-system: .venv/tested  ## Kill processes, starve them and keep them waiting, on both databases
	$(BIN)/python -m pytest tests/system

check: .venv/tested  ## Read the code: ruff, mypy, djlint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint --profile jinja --ignore H020,H021,H043 templates

format: .venv/tested  ## Put the code into its form
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

migration: install instance/secret_key  ## Write the next migration from the models; m="what for"
	$(BIN)/mojupravljalec upgrade
	$(BIN)/python -m mojupravljalec.migrations.next "$(m)"

messages: .venv/tested  ## Bring the catalogues up to date
	$(BIN)/python -m mojupravljalec.translations.update

pictures: .venv/tested  ## Take the pictures of the help page anew
	$(BIN)/python -m tests.browser.pictures

bench: .venv/tested  ## Measure how quick it is, beside its targets; docs/performance.md
	@$(BIN)/python -m tests.bench $(BENCH)

lock:  ## Pin the requirements with hashes (needs uv)
	cd requirements && for name in base dev; do \
	  uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt; done
