"""Where it is written: the one place that knows the warehouse, for dlt, for dbt and for reading."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.exceptions import DltException

from extract.config import PROJECT, WarehouseSettings
from extract.errors import JobMarketError
from extract.warehouses.file_lock import held

PIPELINE = "job_market"


class Warehouse(ABC):
    """The configured warehouse. Making one touches nothing; `str()` names it for its user."""

    documents_at_once: int
    """How many documents one statement may rewrite."""

    def __init__(self, settings: WarehouseSettings) -> None:
        self.settings = settings
        self.pipelines_dir = PROJECT / settings.pipelines_dir

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def check(self) -> None:
        """See that it can be written. Raises JobMarketError with the way out."""

    @abstractmethod
    def destination(self) -> Any:
        """dlt's destination."""

    def staging(self) -> Any:
        """dlt's staging destination, if files go another way first."""
        return None

    def dbt_environment(self) -> dict[str, str]:
        """What the dbt profile asks the environment for, so that dlt and dbt never disagree."""
        return {
            "JOB_MARKET_TARGET": self.settings.target,
            "JOB_MARKET_RAW_DATASET": self.settings.raw_dataset,
            "JOB_MARKET_DATASET": self.settings.dataset,
        }

    @abstractmethod
    def after_dbt(self) -> None:
        """Take back what dbt keeps open in this process after its run."""

    @abstractmethod
    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query that only reads; none if what it reads is not there yet.

        Timestamps come in UTC. Raises JobMarketError if the warehouse cannot be opened now.
        """

    @abstractmethod
    def read(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """The result of a query that only reads, in tables of at most so many rows; memory stays flat.

        No table if what it reads is not there yet. Read it to its end or close it before anything is
        written. Raises JobMarketError.
        """

    @abstractmethod
    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """A statement that may write; what it answers, if it does. Raises JobMarketError."""

    @abstractmethod
    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """Remove the values at these paths (`a.b`) from the JSON texts in `document`, of all rows or none.

        Of `documents_at_once` rows at the most. Raises JobMarketError.
        """

    @abstractmethod
    def raw_columns(self) -> list[tuple[Any, ...]]:
        """Table, column and the warehouse's own name of the type, of all that is in the raw dataset."""

    @abstractmethod
    def marts(self) -> list[str]:
        """The qualified names of the marts that are there."""

    @abstractmethod
    def example(self) -> str:
        """A command that shows a mart, for its user to go on from."""

    def mart(self, table: str) -> str:
        """The qualified name of a mart."""
        return f"{self.settings.dataset}_marts.{table}"

    def staged(self, table: str) -> str:
        """The qualified name of a staging model."""
        return f"{self.settings.dataset}_staging.{table}"

    def raw(self, table: str) -> str:
        """The qualified name of a raw table."""
        return f"{self.settings.raw_dataset}.{table}"

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
        except (ValueError, KeyError, DltException) as error:
            raise JobMarketError(
                f"dlt's local folder {shown(self.pipelines_dir / PIPELINE)} cannot be read ({error}). Run `python "
                "run_pipeline.py recover`: it moves the folder aside, and the next run goes on from the warehouse."
            ) from error
        # The trace keeps what an exception says, which can be a header or a parameter of a request.
        pipeline.config.enable_runtime_trace = False
        return pipeline

    @contextmanager
    def locked(self, wait: float = 0) -> Iterator[None]:
        """Hold the warehouse for one run, waiting so many seconds: two at once would do work twice, or harm.

        Raises JobMarketError that names the holder, or says why nothing can be written.
        """
        with held(self.pipelines_dir / "lock", str(self), wait), self.reserved(wait):
            yield

    @abstractmethod
    def reserved(self, wait: float) -> AbstractContextManager[None]:
        """Hold it against runs that have other folders or other machines, and `check` it."""


def configured_warehouse(settings: WarehouseSettings) -> Warehouse:
    """The warehouse that the settings name."""
    if settings.target == "bigquery":
        from extract.warehouses.bigquery import BigQueryWarehouse

        return BigQueryWarehouse(settings)
    from extract.warehouses.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings)


def shown(path: Path) -> str:
    """The path as its user writes it."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)
