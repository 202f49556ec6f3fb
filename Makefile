# Everything here sets up what it needs from nothing, and is quick the second time. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= 2
STACK := exec $(BIN)/python -m purposejobs.local_stack
PYTHON ?= $(shell for name in python3.11 python3.12 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$name && break; done)

.PHONY: help demo test fault smoke lint bench requirements clean install pictures

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: install  ## the whole product with demo data on http://localhost:8000 (RELOAD=1: restart the web on changes)
	@$(STACK) demo

test: install  ## all tests, on real PostgreSQL, Redis, Celery and a browser (ARGS="-k name" chooses)
	@exec $(BIN)/python -m pytest -n $(PYTEST_WORKERS) $(ARGS)

fault: install  ## 2,000 exports amid faults and kills, then the books are checked (FAULT_SEED=7 repeats; five minutes)
	@exec $(BIN)/python -m tests.faults $(ARGS)

smoke: install  ## the story from sign-in to the ATS over HTTP, on free ports, within a minute
	@$(STACK) serve --folder smoke -- $(BIN)/python manage.py smoke

lint: install  ## ruff, mypy, missing migrations, deployment settings
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(STACK) env -- $(BIN)/mypy
	@$(STACK) env -- $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@PUBLIC_URL=https://jobs.example.com ALLOWED_HOSTS=jobs.example.com $(STACK) env -- \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

# Benchmarks empty what they measure on, so it is never a server that the environment names.
bench: install  ## the measurements, on servers of their own (ARGS="name ..." chooses)
	@unset DATABASE_URL DATABASE_OWNER_URL REDIS_URL; $(STACK) run --folder bench --throwaway -- $(BIN)/python -m benchmarks $(ARGS)

install:
	@if ! cmp -s requirements-dev.txt $(VENV)/installed.txt; then \
		if [ -z "$(PYTHON)" ] && [ ! -x $(BIN)/python ]; then echo "Purpose Jobs needs Python 3.11 or 3.12, and neither is on the PATH." >&2; exit 1; fi; \
		[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt install python3-venv." >&2; rm -rf $(VENV); exit 1; }; \
		echo "Installing the pinned requirements into $(VENV) ..."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt && \
		cp requirements-dev.txt $(VENV)/installed.txt; \
	fi

requirements:  ## pin what requirements.in and requirements-dev.in name, with hashes
	@test -x .local/tools/bin/uv || { $(PYTHON) -m venv .local/tools && .local/tools/bin/pip install --quiet --disable-pip-version-check uv; }
	@for name in requirements requirements-dev; do \
		.local/tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make requirements" $(UPGRADE) $$name.in -o $$name.txt || exit 1; \
	done

clean:  ## remove the virtual environment, local servers' data and caches
	rm -rf .venv .local staticfiles media .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

pictures: install  ## walk the journeys in a browser and take the pictures that README and docs show
	@$(BIN)/python -m pytest -q $$(grep -l 'story.picture' tests/browser/test_*.py)
	@mkdir -p docs/pictures && for name in $$(grep -oh 'pictures/[a-z-]*\.png' README.md docs/*.md | sort -u); do \
		cp .local/$$name docs/$$name; done
