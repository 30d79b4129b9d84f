"""Raw rows for both warehouses: a few hundred ads in three loads, every odd value among them.

Flow: `loads()` -> rows of one load -> DuckDB (tests/dbt/raw.py) -> `mirror` -> BigQuery. What
BigQuery gets is read back from DuckDB, so both hold the same rows by construction.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from tests.dbt.raw import TABLES, RawTables, Row, event, features, unit, version

DATASET = "nav_raw"
SOON = 30.0
BIGQUERY_TYPES: dict[pa.DataType, str] = {
    pa.string(): "STRING",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
    pa.int64(): "INT64",
    pa.bool_(): "BOOL",
}


@dataclass
class Load:
    """What one run of the loader brings."""

    at: datetime
    versions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    features: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    units: list[Row] = field(default_factory=list)

    def append_to(self, raw: RawTables) -> str:
        """Write it to DuckDB; returns its load id."""
        return raw.append(
            versions=self.versions,
            events=self.events,
            features=self.features,
            rejects=self.rejects,
            units=self.units,
            source="register" if self.units else None,
            at=self.at,
            feed_load={},
        )


# Around the change to winter time and around midnight in Oslo, dates depend on the zone.
FIRST_DAY = datetime(2026, 10, 22, 22, 30, tzinfo=UTC)
DUE = [
    "Snarest",
    "15.11.2026",
    "5/12/2026",
    "2026-11-30T00:00:00",
    "31.02.2026",
    "",
    None,
    "24-12-2026",
]
COUNTS: list[Any] = ["1", " 2 ", "2.0", 3, "", "mange", "0", None, "-4", "1.5"]
PLACES = [
    ("OSLO", "OSLO"),
    ("VESTLAND", "BERGEN"),
    ("HORDALAND", "BERGEN"),
    ("VIKEN", "BÆRUM"),
    ("INNLANDET", "VÅLER"),
    ("NOWHERE", "NOWHERE"),
    (None, "OSLO"),
]
OCCUPATIONS = [
    ("Helse og sosial", "Sykepleier"),
    ("Utdanning", None),
    ("IT", "Utvikling"),
    (None, "Utvikling"),
]


def loads(ads: int = 160) -> Iterator[Load]:
    """Three loads of ads, the same every time; half of the ads of one come again in the next.

    Coming again, an ad is edited, closed or reopened; a tenth of the third load comes late. After the
    second one comes a load of the business register.
    """
    dice = random.Random(3)
    register = [unit("889640782", None, "983887406"), unit("983887406", "84.110")]
    for number in range(3):
        at = FIRST_DAY + timedelta(days=2 + 2 * number, hours=7 * number)
        load = Load(at)
        for index in range(number * ads // 4, number * ads // 4 + ads // 2):
            late = number == 2 and dice.random() < 0.1
            changed = at - timedelta(minutes=dice.randrange(1, 2000), days=5 if late else 0)
            _add_ad(load, dice, f"ad-{index:04d}", changed)
        load.rejects.append(
            {"reject_id": f"r{number}", "source": "feed", "reason": "not JSON", "payload": "<p>"}
        )
        yield load
        if number == 1:
            yield Load(at + timedelta(hours=1), units=register)


def _add_ad(load: Load, dice: random.Random, ad_id: str, changed: datetime) -> None:
    status = dice.choice(["ACTIVE", "ACTIVE", "ACTIVE", "INACTIVE"])
    captured = status == "ACTIVE" and dice.random() < 0.95
    document = _document(dice, ad_id, changed) if captured else None
    row = version(ad_id, document, changed, status=status)
    load.versions.append(row)
    if dice.random() < 0.95:
        load.events.append(event(ad_id, status, changed + timedelta(seconds=90)))
    if captured:
        load.features.append(
            features(
                row,
                text_length=dice.randrange(5000),
                language=dice.choice(["nb", "nn", "en", None]),
                mentions_remote_work=dice.random() < 0.2,
                text_hash=dice.choice([7, 7, None]),
            )
        )


def _document(dice: random.Random, ad_id: str, changed: datetime) -> Row:
    published = changed - timedelta(days=dice.randrange(0, 400), hours=dice.randrange(24))
    expires = changed + timedelta(days=dice.randrange(-3, 20))
    county, municipality = dice.choice(PLACES)
    level1, level2 = dice.choice(OCCUPATIONS)
    codes = [
        {"categoryType": "ESCO", "code": "http://data.europa.eu/esco/isco/c9112", "score": 1.0},
        {"categoryType": "STYRK08", "code": "2223", "name": "Sykepleiere", "score": dice.random()},
        {"categoryType": "STYRK08", "code": "2512", "name": "Utviklere", "score": 0.5},
    ]
    return {
        "uuid": ad_id,
        "title": "Vi søker «deg»",
        "published": dice.choice(
            [
                published.isoformat(timespec="milliseconds"),
                published.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                published.strftime("%Y-%m-%dT%H:%M:%S"),
                published.strftime("%Y-%m-%dT%H:%M:%S+0200"),
                published.strftime("%Y-%m-%d"),
                None,
            ]
        ),
        "expires": dice.choice([expires.strftime("%Y-%m-%dT00:00:00"), expires.isoformat(), "x"]),
        "applicationDue": dice.choice(DUE),
        "positioncount": dice.choice(COUNTS),
        "extent": dice.choice(["Heltid", "Deltid", ""]),
        "engagementtype": dice.choice(["Fast", "Vikariat", None]),
        "sector": dice.choice(["Offentlig", "Privat", " "]),
        "source": dice.choice(["IMPORTAPI", "Stillingsregistrering"]),
        "employer": dice.choice([{"name": "NAV", "orgnr": "889640782"}, {"orgnr": None}, None]),
        "workLocations": dice.choice(
            [
                [{"country": "NORGE", "county": county, "municipal": municipality}],
                [{"country": "SVERIGE"}, {"country": "NORGE", "county": county}],
                [],
                None,
            ]
        ),
        "occupationCategories": dice.choice(
            [
                [{"level1": level1, "level2": level2}],
                [{"level1": one, "level2": two} for one, two in dice.choices(OCCUPATIONS, k=3)],
                [],
                None,
            ]
        ),
        "categoryList": dice.sample(codes, dice.randrange(4)),
    }


def columns(table: str) -> list[tuple[str, str]]:
    """Names and BigQuery types of a raw table's columns."""
    return [(name, BIGQUERY_TYPES[kind]) for name, kind in TABLES[table].items()]


def create_in_bigquery(client: Any, dataset: str = DATASET) -> None:
    """The raw tables, empty."""
    from google.cloud import bigquery

    client.create_dataset(dataset, timeout=SOON)
    for table in TABLES:
        schema = [bigquery.SchemaField(name, kind) for name, kind in columns(table)]
        client.create_table(bigquery.Table(f"{client.project}.{dataset}.{table}", schema), timeout=SOON)


def mirror(raw: RawTables, load_id: str, client: Any) -> None:
    """Append a load to BigQuery the way dlt does: one load job of Parquet a table."""
    from google.cloud import bigquery

    settings = bigquery.LoadJobConfig(
        source_format="PARQUET", write_disposition="WRITE_APPEND", autodetect=False
    )
    for table, types in TABLES.items():
        column = "load_id" if table == "_dlt_loads" else "_dlt_load_id"
        names = ", ".join(types)
        rows = raw.connection.sql(
            f"select {names} from {raw.dataset}.{table} where {column} = ?", params=[load_id]
        ).to_arrow_table()
        file = io.BytesIO()
        parquet.write_table(rows.cast(pa.schema(types.items())), file)
        client.load_table_from_file(
            file,
            f"{client.project}.{raw.dataset}.{table}",
            rewind=True,
            job_config=settings,
            timeout=SOON,
        ).result(timeout=SOON)
