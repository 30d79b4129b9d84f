# `make run` runs the whole job on a mock feed and register; `make test` runs the tests. Both install what they need.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --require-hashes --no-deps
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: run test install extras lint docs notebook derived bench faults crashes lock clean

ARCHIVE := data/archive.json.gz
# The size of the mock feed's world.
DEMO ?= --ads-a-day 18
run: .venv/.run
	$(BIN)/python -m demo --port 0 $(DEMO) --archive $(ARCHIVE) -- sh -c '\
		$(BIN)/python run_pipeline.py import-archive --from $(ARCHIVE) && \
		$(BIN)/python run_pipeline.py register && $(BIN)/python run_pipeline.py'

test: .venv/.dev .venv-servers/.done
	$(BIN)/python -m pytest

# What runs, without running it.
install: .venv/.run

# And what only some need: AWS Secrets Manager, loading through a bucket, Dask's dashboard.
extras: .venv/.extras

lint: .venv/.dev .venv-servers/.done
	@echo "Some five minutes the first time, most of them mypy's; one minute later on."
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/python -m pytest -n 0 tests/dbt/test_dbt_docs.py   # every model and column described, every grain tested
	$(BIN)/python -m tests.lint_sql

# The docs as HTML, beside the page. They open from disk; their search wants a server.
docs: .venv/.docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "site/guide/index.html; with search: $(BIN)/python -m http.server --bind 127.0.0.1 --directory site/guide"

# Five questions, answered with the marts: a notebook in the browser.
notebook: .venv/.docs
	$(BIN)/marimo edit --skip-update-check docs/notebook.py

# What the docs and the costs derive from the code, after a change of a model, a column or an option: some minutes.
derived: .venv/.dev .venv-servers/.done
	DERIVE=1 $(BIN)/python -m pytest -n 0 tests/bigquery/test_costs.py -k analyzer
	$(BIN)/python -m bench.derived
	$(BIN)/python -m tests.faults.api_faults > docs/explanation/faults.md

bench: .venv/.dev .venv-servers/.done
	$(BIN)/python -m bench

# Every fault of the API, the disk and the state, here and on BigQuery, ten days of hourly polls, more histories for dbt, most benchmarks once; `make test` tries some.
faults: .venv/.dev .venv-servers/.done
	$(BIN)/python -m pytest -m "long or not long" tests/bigquery tests/sources tests/test_whole_job.py tests/dbt tests/faults tests/test_bench.py

# Kill the job at 206 points and run it again: half an hour. `python -m bench crashes --help` does it in parts.
crashes: .venv/.dev
	$(BIN)/python -m bench crashes

# Write all locks after a change of pyproject.toml. Versions that still fit stay; `make lock UPGRADE=--upgrade` takes the newest.
lock: .venv/.uv
	$(COMPILE) $(UPGRADE) pyproject.toml --all-extras --group dev -o requirements-dev.lock
	@# uv keeps the versions that the output file holds, so what runs is what was tested.
	cp requirements-dev.lock requirements-extras.lock
	$(COMPILE) pyproject.toml --all-extras -o requirements-extras.lock
	cp requirements-dev.lock requirements.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	cp requirements-dev.lock requirements-docs.lock
	$(COMPILE) --group docs -o requirements-docs.lock
	$(COMPILE) $(UPGRADE) --group servers -o requirements-servers.lock
	$(COMPILE) $(UPGRADE) --group installer -o requirements-uv.lock

# The embedded warehouse and what was built from it; the environments stay.
clean:
	rm -rf data logs target site && mkdir data

.venv/.uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@echo "Installing the packages: less than a minute, once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@# So that dbt's own commands find the profile, and DuckDB the folder of its file.
	@test -e profiles.yml || ln -s profiles.example.yml profiles.yml
	@mkdir -p data
	@touch $@

.venv/.run: requirements.lock .venv/.uv
	@$(INSTALL) -r $<
	@touch $@

.venv/.extras: requirements-extras.lock .venv/.uv
	@$(INSTALL) -r $<
	@touch $@

.venv/.docs: requirements-docs.lock .venv/.run
	@$(INSTALL) -r $<
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.docs
	@$(INSTALL) -r $<
	@touch $@

# The servers that the tests start, apart: what they pin holds nothing else back.
.venv-servers/.done: requirements-servers.lock .venv/.uv
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-servers
	@$(INSTALL) --python .venv-servers/bin/python -r $<
	@touch $@
