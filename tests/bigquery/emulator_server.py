"""The BigQuery emulator as a process of its own, with repairs; run by emulator.py, not by hand.

Flow: settings on the command line -> DuckDB's extensions out of their wheels -> stock bqemulator
with the repairs below -> one line of JSON with the ports on standard output.

Every repair was needed with bqemulator 1.4.0. When a newer version is installed, remove one at a
time and see which tests of test_emulator.py go red.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.util
import json
import signal
import sys
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from bqemulator.config import LogLevel, Settings
from bqemulator.domain.errors import DomainError, InvalidQueryError, NotFoundError
from bqemulator.server import EmulatorServer
from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

from tests.bigquery.emulator_sql import repair

jobs: Any = importlib.import_module("bqemulator.api.routes.jobs")  # its names are private
EXTENSIONS = ("spatial", "avro")


def _as_bigquery_says(error: Exception) -> DomainError:
    """The error that BigQuery would answer with.

    An engine error that bqemulator did not foresee becomes HTTP 500, and Google's client repeats
    those for ten minutes; a dataset that is not there is 404 (dlt makes it then), not 400.
    """
    message = str(error)
    if "perhaps it does not exist" in message or "Schema with name" in message:
        return NotFoundError(f"Not found: Dataset {message}")
    return error if isinstance(error, DomainError) else InvalidQueryError(message)


def parse_once() -> None:
    """Let bqemulator, which parses a statement anew for each of its thirty rewriters, parse it once."""
    parsed = functools.lru_cache(maxsize=64)(sqlglot.parse_one)

    def parse_one(sql: str, **options: Any) -> Any:
        return parsed(sql, **options).copy()

    sqlglot.parse_one = parse_one  # type: ignore[assignment]


def install_repairs() -> None:
    """Change bqemulator's job routes in this process. Call before a server is made."""
    stock_execute = jobs.execute_query_job
    stock_query = jobs.query

    async def execute(project_id: str, job_id: str, bq_sql: str, *rest: Any, **named: Any) -> Any:
        try:
            return await stock_execute(project_id, job_id, repair(bq_sql), *rest, **named)
        except Exception as error:
            raise _as_bigquery_says(error) from error

    @functools.wraps(stock_query)
    async def query(project_id: str, request: Any, ctx: Any, caller: Any) -> Any:
        body = await request.json()  # starlette keeps it: the stock route sees the change
        if "INFORMATION_SCHEMA" not in body.get("query", "").upper():
            # The stock jobs.query does not read defaultDataset; jobs.insert does.
            body["query"] = jobs._apply_default_dataset(
                body.get("query", ""), body, request_project_id=project_id
            )
        answer = await stock_query(project_id, request, ctx, caller)
        if answer.get("errors"):
            # Stock: HTTP 200 and no rows for SQL that failed; the client takes that for success,
            # so a MERGE of dlt that failed would look loaded.
            raise _failure(answer["errors"][0])
        return answer

    DuckDBGenerator.TRANSFORMS[exp.JSONExtractArray] = _json_array
    jobs.execute_query_job = execute
    stock_route = next(
        route for route in jobs.router.routes if getattr(route, "endpoint", None) is stock_query
    )
    jobs.router.routes.remove(stock_route)
    jobs.router.add_api_route("/projects/{project_id}/queries", query, methods=["POST"], response_model=None)


def _json_array(generator: Any, expression: exp.JSONExtractArray) -> str:
    """json_query_array of what is not an array (null, say) is NULL; stock: the query fails."""
    item = exp.JSONExtract(this=expression.this, expression=expression.expression)
    items = exp.TryCast(this=item, to=exp.DataType.build("ARRAY<JSON>"))
    return str(generator.sql(items))


def _failure(error: dict[str, Any]) -> DomainError:
    by_reason = {kind.bq_reason: kind for kind in jobs._SQL_EXECUTION_DOMAIN_ERRORS}
    kind: type[DomainError] = by_reason.get(error.get("reason", ""), InvalidQueryError)
    return kind(error["message"])


def install_extensions() -> None:
    """Put DuckDB's extensions from their wheels under $HOME/.duckdb, where bqemulator looks.

    Without them it would try to download them at start. $HOME is a private folder here.
    """
    with duckdb.connect() as connection:
        found = connection.execute("select version()").fetchone()
        version = found[0] if found else ""
        for name in EXTENSIONS:
            package = importlib.util.find_spec(f"duckdb_extension_{name}")
            if package is None or package.origin is None:
                raise SystemExit(f"the package duckdb-extension-{name} is not installed")
            file = Path(package.origin).parent / f"extensions/{version}/{name}.duckdb_extension"
            if not file.exists():
                raise SystemExit(f"duckdb-extension-{name} is not for DuckDB {version}")
            connection.execute(f"install '{file}'")


async def serve(project: str, data_dir: Path) -> None:
    """Serve on free loopback ports until SIGTERM, the database in a file under `data_dir`."""
    settings = Settings(
        rest_port=0,
        grpc_port=0,
        default_project_id=project,
        upload_staging_dir=data_dir / "uploads",
        gcs_local_root=data_dir / "buckets",
        log_level=LogLevel.WARNING,
    )
    server = EmulatorServer(settings)
    await server.start()
    print(json.dumps({"rest": server.rest_port, "grpc": server.grpc_port}), flush=True)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    install_extensions()
    install_repairs()
    parse_once()
    asyncio.run(serve(project=sys.argv[1], data_dir=Path(sys.argv[2])))
