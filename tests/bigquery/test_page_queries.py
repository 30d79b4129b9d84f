"""The queries of the published page are GoogleSQL too: they are sent to the marts of either warehouse."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from dashboard.charts import CHARTS
from dashboard.health import MART, QUERY
from extract.config import PROJECT
from tests.bigquery.googlesql import GoogleSql

TYPES = {"string": "STRING", "bool": "BOOL", "date": "DATE", "int64": "INT64"}


def _type(data_type: str) -> str:
    if "target.type" in data_type:
        return "FLOAT64" if "float64" in data_type else "TIMESTAMP"
    return TYPES[data_type]


def test_every_query_of_the_page_passes_googles_analyzer(google_sql: Callable[[], GoogleSql]) -> None:
    engine = google_sql()
    models = yaml.safe_load((PROJECT / "models/marts/_marts.yml").read_text())["models"]
    for model in models:
        columns = [(column["name"], _type(column["data_type"])) for column in model["columns"]]
        engine.add_table_of(("project", "nav_marts", model["name"]), columns)
    read = [(chart.mart, chart.joined, chart.query) for chart in CHARTS]
    for mart, joined, query in [*read, (MART, "", QUERY)]:
        tables = {"mart": mart, "joined": joined}
        named = {key: f"`project`.`nav_marts`.`{name}`" for key, name in tables.items()}
        engine.analyze(query.format(**named))
