"""The production warehouse: BigQuery, through dlt's destination and Google's client."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from extract.config import KeySettings, configured
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable, require
from extract.warehouses.base import MissingTableError, Warehouse
from extract.warehouses.credentials import CredentialsError, Key, resolve
from extract.warehouses.lock import Lease, hold

TIMEOUT = 120
"""Seconds for one statement."""
RETRY_SECONDS = 60.0
"""How long a request is repeated that gets no answer, or one that passes."""
LABELS = {"app": "job-market"}
MAX_BYTES = 20 * 2**30
"""A query that would read more is refused; as in the dbt profile."""
QUOTAS = ("rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded")
"""Google's reasons for a 403 that passes."""


class BigQueryWarehouse(Warehouse):
    """Datasets of one project and location; the first run makes those that do not exist."""

    information_schema = "{dataset}.INFORMATION_SCHEMA"

    def __str__(self) -> str:
        return f"BigQuery project {self.key.project} ({self.settings.bigquery_location})"

    @cached_property
    def key(self) -> Key:
        """Resolved once, when it is first needed. Raises CredentialsError."""
        return resolve(configured(KeySettings))

    def destination(self) -> Any:
        """BigQuery by batch load jobs, which cost nothing."""
        # dlt's queries give a few rows, by REST; Google's client warns that it has no other way installed.
        warnings.filterwarnings("ignore", "Cannot create BigQuery Storage client")
        return dlt.destinations.bigquery(
            credentials=self.key.dlt(), location=self.settings.bigquery_location, project_id=self.key.project
        )

    def staging(self) -> Any:
        if not self.settings.staging_bucket:
            return None
        require("gcsfs", "gcs", "warehouse.staging_bucket")
        return dlt.destinations.filesystem(self.settings.staging_bucket, credentials=self.key.dlt())

    def dbt_environment(self) -> dict[str, str]:
        return {
            **super().dbt_environment(),
            **self.key.dbt_environment(),
            "JOB_MARKET_BIGQUERY_LOCATION": self.settings.bigquery_location,
        }

    def remove_from_documents(self, table: str, paths: Sequence[str], where: str) -> None:
        """By BigQuery's JSON functions; a number that no float holds is rounded."""
        document = "parse_json(document, wide_number_mode => 'round')"
        for path in paths:
            document = f"json_remove({document}, '$.{path}')"
        self.execute(f"update {table} set document = to_json_string({document}) where {where}")

    @contextmanager
    def _lock(self, deadline: float) -> Iterator[None]:
        """By a lease in the raw dataset."""
        self._check_raw_dataset()
        lease = Lease(self.execute, self.raw("run_lock"))
        if not self.query(f"select 1 from {lease.table}"):
            lease.create_table()
        with hold(lease, str(self), deadline):
            yield

    def _check_raw_dataset(self) -> None:
        """Make the raw dataset if it does not exist. Raises ConfigurationError if its tables would expire."""
        from google.api_core.exceptions import NotFound
        from google.cloud import bigquery

        name = f"{self.key.project}.{self.settings.raw_dataset}"
        with self._user_errors():
            try:
                # Looked at before it is made: an account may have rights on its datasets only.
                dataset = self._client.get_dataset(name, retry=self._retry)
            except NotFound:
                new = bigquery.Dataset(name)
                new.location = self.settings.bigquery_location
                dataset = self._client.create_dataset(new, exists_ok=True, retry=self._retry)
        if milliseconds := dataset.default_table_expiration_ms or dataset.default_partition_expiration_ms:
            raise ConfigurationError(
                f"The dataset {name} has a default expiration: BigQuery would delete its raw data, which no "
                f"source has twice, after {milliseconds / 86_400_000:.0f} days. Nothing was written. Run "
                "`bq update --default_table_expiration 0 --default_partition_expiration 0 "
                f"{name.replace('.', ':')}`; a project without billing (the sandbox) does not allow it."
            )

    def _run(self, sql: str, *, writes: bool) -> list[tuple[Any, ...]]:
        with self._user_errors():
            answer = self._client.query_and_wait(sql, wait_timeout=TIMEOUT, retry=self._retry, job_retry=None)
            return [tuple(row.values()) for row in answer]

    def _tables(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """Page by page over REST, which needs no right beyond that to query."""
        with self._user_errors():
            answer = self._client.query(sql, retry=self._retry, job_retry=None).result(
                page_size=rows, timeout=TIMEOUT
            )
            for batch in answer.to_arrow_iterable():
                yield pa.Table.from_batches([batch])

    @contextmanager
    def _user_errors(self) -> Iterator[None]:
        """Raise JobMarketError in place of what Google's client raises."""
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError, TransportError
        from requests import RequestException

        try:
            yield
        except (RetryError, RequestException, TransportError, TimeoutError):
            raise SourceUnavailable(f"{self} does not answer now; try again later.") from None
        except GoogleAuthError:
            raise CredentialsError(
                f"No BigQuery access with {self.key.credential_source}: Google gives no token for it. It is "
                "expired or revoked, or this machine's clock is wrong; check the clock, then make a new key "
                "or log in again."
            ) from None
        except GoogleAPICallError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Any) -> JobMarketError:
        text = f"{self} refuses a statement: {(error.message or type(error).__name__).rstrip('.')}."
        if error.code == 404:
            return MissingTableError(text)
        if {reason.get("reason") for reason in error.errors} & set(QUOTAS):
            return SourceUnavailable(f"{text} Try again later.")
        if error.code in (401, 403):
            return ConfigurationError(
                f"{text} The account of {self.key.credential_source} needs the roles BigQuery Job User in "
                "the project and BigQuery Data Editor on its datasets, and the project needs billing."
            )
        return JobMarketError(text)

    @property
    def _retry(self) -> Any:
        from google.cloud.bigquery import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)

    @cached_property
    def _client(self) -> Any:
        from google.cloud import bigquery

        return bigquery.Client(
            self.key.project,
            self.key.google(),
            location=self.settings.bigquery_location,
            default_query_job_config=bigquery.QueryJobConfig(labels=LABELS, maximum_bytes_billed=MAX_BYTES),
        )
