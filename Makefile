# `make run` shows the whole job on a stand-in feed and register; `make test` passes all tests. Both set up what they need.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench faults crashes clean

run: .venv/.done
	$(BIN)/python -m demo --port 0 -- sh -c '$(BIN)/python run_pipeline.py register && $(BIN)/python run_pipeline.py'

test: .venv/.done
	$(BIN)/python -m pytest

lint: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/python -m pytest -n 0 tests/dbt/test_dbt_docs.py   # every model and column described, every grain tested
	$(BIN)/python -m tests.lint_sql

bench: .venv/.done
	$(BIN)/python -m bench

# Every fault of the API, the disk and the state, here and on BigQuery, ten days of hourly polls, more histories for dbt, most benchmarks once; `make test` tries some.
faults: .venv/.done
	$(BIN)/python -m pytest -m "long or not long" tests/bigquery tests/sources tests/warehouses tests/test_whole_job.py tests/dbt tests/faults tests/test_bench.py

# Kill the job at 206 points and run it again: half an hour. `python -m bench crashes --help` does it in parts.
crashes: .venv/.done
	$(BIN)/python -m bench crashes

# The embedded warehouse and what was built from it; the environment stays.
clean:
	rm -rf data logs target site

.venv/.done: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up .venv from requirements.lock: a minute or two, once."
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv && uv pip install --quiet --python $(BIN)/python -r requirements.lock; \
	else \
		$(PYTHON) -m venv .venv && $(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock; \
	fi
	@touch $@
