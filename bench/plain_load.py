"""The plainest program that loads the feed's active ads: `python -m bench.plain_load URL FILE.duckdb`.

No state, no retries, no redaction, no features, nothing to run again: a first load cannot cost less.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import duckdb
import orjson
import pyarrow as pa

MAX_IN_FLIGHT = 16
"""Requests at once, as by default in the pipeline."""


async def active_ads(url: str) -> list[tuple[str, str, str, str]]:
    """Ad, status, time and document of each ad whose last event says that it is active."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_IN_FLIGHT)) as session:

        async def get(path: str, **headers: str) -> bytes:
            async with session.get(url + path, headers=headers) as answer:
                answer.raise_for_status()
                return await answer.read()

        token = {"Authorization": f"Bearer {(await get('/api/publicToken')).split()[-1].decode()}"}
        path: str | None = "/api/v1/feed"
        since = {"If-Modified-Since": "Tue, 01 Jan 2019 00:00:00 GMT"}
        last: dict[str, str] = {}
        while path:
            page = orjson.loads(await get(path, **token, **since))
            last |= {item["id"]: item["_feed_entry"]["status"] for item in page["items"]}
            path, since = page["next_url"], {}
        waiting = iter([ad for ad, status in last.items() if status == "ACTIVE"])
        rows = []

        async def fetch() -> None:
            for ad in waiting:
                detail: dict[str, Any] = orjson.loads(await get(f"/api/v1/feedentry/{ad}", **token))
                if content := detail.get("ad_content"):
                    document = orjson.dumps(content).decode()
                    rows.append((ad, detail["status"], detail["sistEndret"], document))

        await asyncio.gather(*(fetch() for _ in range(MAX_IN_FLIGHT)))
        return rows


def main(url: str, path: str) -> None:
    """Load them in one statement."""
    columns = list(zip(*asyncio.run(active_ads(url)), strict=True))
    rows = pa.table(columns, names=["ad_id", "status", "changed_at", "document"])  # noqa: F841 (DuckDB reads it)
    with duckdb.connect(path) as connection:
        connection.execute(
            "create table ads (ad_id text primary key, status text, changed_at timestamptz, document text)"
        )
        connection.execute("insert into ads from rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
