"""What dlt, dbt and the readers need of a warehouse, whichever it is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.exceptions import DltException

from extract.config import PROJECT, WarehouseSettings
from extract.errors import PROGRAM, JobMarketError
from extract.warehouses.lock import file_lock

PIPELINE = "job_market"


class MissingTableError(JobMarketError):
    """A statement names a table or dataset that does not exist."""


class Warehouse(ABC):
    """The configured warehouse. Making one touches nothing; `str()` names it for its user."""

    information_schema: str
    """Where the views of a dataset's tables and columns are; `{dataset}` is replaced."""

    def __init__(self, settings: WarehouseSettings) -> None:
        self.settings = settings
        self.pipelines_dir = PROJECT / settings.pipelines_dir

    def pipeline(self) -> dlt.Pipeline:
        """dlt's pipeline into the raw dataset. Raises JobMarketError if its local folder cannot be read."""
        try:
            pipeline = dlt.pipeline(
                PIPELINE,
                destination=self.destination(),
                staging=self.staging(),
                dataset_name=self.settings.raw_dataset,
                pipelines_dir=str(self.pipelines_dir),
            )
            _ = pipeline.has_pending_data  # reads what the constructor does not
        except (ValueError, KeyError, DltException) as error:
            raise JobMarketError(
                f"dlt's local folder {shown(self.pipelines_dir / PIPELINE)} cannot be read ({error}). Run "
                f"`{PROGRAM} recover`: it moves the folder aside, and the next run goes on from "
                "the warehouse."
            ) from error
        # A trace keeps what exceptions say, which can be a header or a parameter of a request.
        pipeline.config.enable_runtime_trace = False
        return pipeline

    @contextmanager
    def lock(self, wait: float = 0) -> Iterator[None]:
        """Hold the warehouse for one run; waits `wait` seconds in all for other runs.

        Raises WarehouseLockedError that names the holder, or JobMarketError if it cannot be written.
        """
        deadline = time.monotonic() + wait
        with file_lock(self.pipelines_dir / "lock", str(self), deadline), self._lock(deadline):
            yield

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query; none if a table does not exist. Times are UTC. Raises JobMarketError."""
        try:
            return self._run(sql, writes=False)
        except MissingTableError:
            return []

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement that may write; its rows. Raises JobMarketError."""
        return self._run(sql, writes=True)

    def read(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """The result of a query in tables of at most `rows` rows; memory stays flat.

        No table if what it reads does not exist. Read it to its end or close it before anything is written.
        Raises JobMarketError.
        """
        with suppress(MissingTableError):
            yield from self._tables(sql, rows)

    def raw_columns(self) -> list[tuple[Any, ...]]:
        """Table, column and the warehouse's own name of the type, of all that is in the raw dataset."""
        return self._of_schema("COLUMNS", "table_name, column_name, data_type", self.settings.raw_dataset)

    def marts(self) -> list[str]:
        """The qualified names of the marts that exist."""
        dataset = f"{self.settings.dataset}_marts"
        return [f"{dataset}.{name}" for (name,) in self._of_schema("TABLES", "table_name", dataset)]

    def _of_schema(self, view: str, columns: str, dataset: str) -> list[tuple[Any, ...]]:
        schema = self.information_schema.format(dataset=dataset)
        where = f"table_schema = '{dataset}' order by table_name"
        return self.query(f"select {columns} from {schema}.{view} where {where}")

    def raw(self, table: str) -> str:
        return f"{self.settings.raw_dataset}.{table}"

    def mart(self, table: str) -> str:
        return f"{self.settings.dataset}_marts.{table}"

    def staging(self) -> Any:
        """dlt's staging destination; None if files are loaded directly."""
        return None

    def dbt_environment(self) -> dict[str, str]:
        """The variables that the dbt profile reads, so that dlt and dbt never disagree."""
        return {
            "JOB_MARKET_TARGET": self.settings.target,
            "JOB_MARKET_RAW_DATASET": self.settings.raw_dataset,
            "JOB_MARKET_DATASET": self.settings.dataset,
        }

    def after_dbt(self) -> None:  # noqa: B027  (only DuckDB has to)
        """Close what dbt keeps open in this process after its run."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def destination(self) -> Any:
        """dlt's destination."""

    @abstractmethod
    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """Remove the values at these paths (`a.b`) from the JSON texts in `document`, of all rows or none."""

    @abstractmethod
    def _lock(self, deadline: float) -> AbstractContextManager[None]:
        """Hold it against runs with other folders or on other machines; see that it can be written."""

    @abstractmethod
    def _run(self, sql: str, *, writes: bool) -> list[tuple[Any, ...]]:
        """The rows of a statement. Raises MissingTableError, JobMarketError."""

    @abstractmethod
    def _tables(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """As `read`; raises MissingTableError."""


def shown(path: Path) -> str:
    """The path as its user writes it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)
