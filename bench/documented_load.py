"""The same by what dlt's documentation shows first: `python -m bench.documented_load URL FILE.duckdb FOLDER`.

The REST API source with a parent and a child resource, the default normaliser, a merge on the key.
"""

from __future__ import annotations

import sys
from urllib.request import urlopen

import dlt
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig


def main(url: str, path: str, folder: str) -> None:
    """Load the feed's entries and the details of the active ones."""
    with urlopen(f"{url}/api/publicToken") as answer:
        token = answer.read().split()[-1].decode()
    config: RESTAPIConfig = {
        "client": {
            "base_url": url,
            "auth": {"type": "bearer", "token": token},
            "paginator": {"type": "json_link", "next_url_path": "next_url"},
        },
        "resource_defaults": {"write_disposition": "merge"},
        "resources": [
            {
                "name": "feed",
                "primary_key": "id",
                "endpoint": {
                    "path": "api/v1/feed",
                    "data_selector": "items",
                    "headers": {"If-Modified-Since": "Tue, 01 Jan 2019 00:00:00 GMT"},
                },
                "processing_steps": [{"filter": lambda item: item["_feed_entry"]["status"] == "ACTIVE"}],
            },
            {
                "name": "ads",
                "primary_key": "uuid",
                "endpoint": {"path": "api/v1/feedentry/{resources.feed.id}", "paginator": "single_page"},
                "parallelized": True,
            },
        ],
    }
    pipeline = dlt.pipeline(
        "documented", pipelines_dir=folder, destination=dlt.destinations.duckdb(path), dataset_name="raw"
    )
    pipeline.run(rest_api_source(config))


if __name__ == "__main__":
    main(*sys.argv[1:])
