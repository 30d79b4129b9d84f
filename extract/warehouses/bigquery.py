"""The production warehouse: BigQuery, through dlt's destination and Google's client."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from extract.config import WarehouseSettings, resolved
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.warehouses.base import Warehouse
from extract.warehouses.credentials import Key, KeySettings, resolve, verify
from extract.warehouses.lease import Lease, leased

SECONDS = 120
"""For one query that only reads, retries included."""
LABELS = {"app": "job-market"}
MOST_BYTES = 20 * 2**30
"""A query that would read more is refused; as in the dbt profile."""


class _Missing(JobMarketError):
    """What is asked for is not there."""


class BigQueryWarehouse(Warehouse):
    """Datasets of one project and location, made by the first run."""

    documents_at_once = 500_000
    """Some 2.5 GB: a statement rewrites whole partitions, so there should be few."""

    def __init__(self, settings: WarehouseSettings) -> None:
        super().__init__(settings)
        self._key_settings = resolved(KeySettings(), "bigquery_key")

    @cached_property
    def key(self) -> Key:
        """Found once, when it is first needed. Raises CredentialsError."""
        return resolve(self._key_settings)

    def __str__(self) -> str:
        return f"BigQuery project {self.key.project} ({self.settings.bigquery_location})"

    def check(self) -> None:
        """Ask Google whether the key may be used; it costs nothing."""
        verify(self.key)

    @contextmanager
    def reserved(self, wait: float) -> Iterator[None]:
        """By a lease in the raw dataset, which a machine that died holds for ten minutes at the most."""
        self.check()
        self._client.create_dataset(self._dataset, exists_ok=True)
        with leased(Lease(self.execute, self.raw("run_lock")), str(self), wait):
            yield

    def destination(self) -> Any:
        """BigQuery by batch load jobs, which cost nothing."""
        # dlt's queries give a few rows, by REST; Google's client warns that it has no other way installed.
        warnings.filterwarnings("ignore", "Cannot create BigQuery Storage client")
        return dlt.destinations.bigquery(
            credentials=self.key.dlt(), location=self.settings.bigquery_location, project_id=self.key.project
        )

    def staging(self) -> Any:
        """The bucket, if one is configured. Raises ConfigurationError without gcsfs."""
        if not self.settings.staging_bucket:
            return None
        if importlib.util.find_spec("gcsfs") is None:
            raise ConfigurationError(
                "warehouse.staging_bucket needs the extra `gcs`, which is not installed: run `make extras`, "
                "or take the setting out to load without a bucket."
            )
        return dlt.destinations.filesystem(self.settings.staging_bucket, credentials=self.key.dlt_storage())

    def dbt_environment(self) -> dict[str, str]:
        """For the profile's target `bigquery`."""
        return {
            **super().dbt_environment(),
            **self.key.dbt_environment(),
            "JOB_MARKET_BIGQUERY_LOCATION": self.settings.bigquery_location,
        }

    def example(self) -> str:
        """With Google's bq, and without reading a byte more than is shown."""
        return f"bq head {self.key.project}:{self.settings.dataset}_marts.daily_new_ads"

    def after_dbt(self) -> None:
        """Nothing: dbt keeps no hold on BigQuery."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """A query of the free or the cheap kind: counts, the state, the last loads."""
        try:
            return self.execute(sql)
        except _Missing:
            return []

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """A statement of the small kind: the lease, and documents of a few months."""
        with self._told_in_a_sentence():
            return [tuple(row.values()) for row in self._client.query_and_wait(sql, wait_timeout=SECONDS)]

    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """By BigQuery's JSON functions; a number that no float holds is rounded."""
        document = "parse_json(document, wide_number_mode => 'round')"
        for path in paths:
            document = f"json_remove({document}, '$.{path}')"
        self.execute(f"update {table} set document = to_json_string({document}) where {where}")

    @property
    def _dataset(self) -> Any:
        from google.cloud import bigquery

        dataset = bigquery.Dataset(f"{self.key.project}.{self.settings.raw_dataset}")
        dataset.location = self.settings.bigquery_location
        return dataset

    @contextmanager
    def _told_in_a_sentence(self) -> Iterator[None]:
        """Raises JobMarketError in place of what Google's client raises."""
        from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
        from requests import RequestException

        try:
            yield
        except (RetryError, RequestException, TimeoutError):
            raise SourceUnavailable(f"{self} does not answer now; try again later.") from None
        except GoogleAPICallError as error:
            kind = _Missing if isinstance(error, NotFound) else JobMarketError
            raise kind(f"{self} refuses a query: {error.message}") from None

    def read(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Page by page over REST, which needs no right beyond that to query."""
        try:
            with self._told_in_a_sentence():
                answer = self._client.query(sql).result(page_size=rows, timeout=SECONDS)
                for batch in answer.to_arrow_iterable():
                    yield pa.Table.from_batches([batch])
        except _Missing:
            return

    def raw_columns(self) -> list[tuple[Any, ...]]:
        """Those that BigQuery's own view of the dataset shows."""
        columns = f"{self.settings.raw_dataset}.INFORMATION_SCHEMA.COLUMNS"
        return self.query(f"select table_name, column_name, data_type from {columns}")

    def marts(self) -> list[str]:
        """Those of the marts' dataset."""
        dataset = f"{self.settings.dataset}_marts"
        tables = self.query(f"select table_name from {dataset}.INFORMATION_SCHEMA.TABLES order by 1")
        return [f"{dataset}.{name}" for (name,) in tables]

    @cached_property
    def _client(self) -> Any:
        from google.cloud import bigquery

        return bigquery.Client(
            self.key.project,
            self.key.google(),
            location=self.settings.bigquery_location,
            default_query_job_config=bigquery.QueryJobConfig(labels=LABELS, maximum_bytes_billed=MOST_BYTES),
        )
