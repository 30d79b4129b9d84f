# syntax=docker/dockerfile:1
# One image for every schedule in deploy/: the job and what it needs to run, nothing of its tests.
# Built from a checkout: docker build -t job-market . (with all extras: --build-arg LOCK=requirements-extras.lock)
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS packages
ARG LOCK=requirements.lock
COPY requirements-uv.lock ${LOCK} /
# --no-build: a package without a wheel would run its own set-up here, and want a compiler.
# What is removed is never imported: the C++ headers and the packages' own tests.
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements-uv.lock \
    && uv venv /venv \
    && uv pip install --no-cache --python /venv/bin/python --no-build --require-hashes --no-deps -r "/${LOCK}" \
    && for unused in pandas/tests pyarrow/tests pyarrow/include pip; do \
        rm -r "/venv/lib/python3.11/site-packages/${unused}"; \
    done

FROM python:${PYTHON}
# A number, so that a cluster can see that it is not root without looking into /etc/passwd.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin job \
    && install --directory --owner 10001 --group 10001 /data
COPY --from=packages /venv /venv
COPY run_pipeline.py dbt_project.yml requirements.lock /app/
# The profile stands here, so that nothing has to be linked at run time.
COPY profiles.example.yml /app/profiles.yml
COPY .dlt/config.toml /app/.dlt/config.toml
COPY extract /app/extract
COPY dashboard /app/dashboard
COPY models /app/models
COPY macros /app/macros
COPY dbt_project /app/dbt_project
# The page's script, which the job would otherwise make at its first run and keep in /app.
WORKDIR /app
RUN /venv/bin/python -B -c "from dashboard.scripts import vega_script; vega_script()"

# All that is written lies under /data and /tmp: mount them, and the rest can be read-only.
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DLT_DATA_DIR=/tmp/dlt \
    WAREHOUSE__PIPELINES_DIR=/data/dlt \
    WAREHOUSE__DUCKDB_PATH=/data/job_market.duckdb \
    PUBLISH__SITE_DIR=/data/site \
    DBT_TARGET_PATH=/tmp/target \
    DBT_LOG_PATH=/tmp/logs
USER 10001:10001
# A job that ends, not a server: its exit code is its health.
HEALTHCHECK NONE
ENTRYPOINT ["python", "run_pipeline.py"]
