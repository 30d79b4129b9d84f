"""An import brings each document of the archive once, wherever it is stopped, and reports for each."""

from __future__ import annotations

import gzip
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pymongo
import pytest
from bson import Binary, Int64, ObjectId, json_util
from pymongo.collection import Collection

import extract.sources.mongo.importing
from demo.server import serving
from demo.world import World
from extract.config import ArchiveSettings
from extract.errors import ConfigurationError, JobMarketError, SourceUnavailable
from extract.sources.mongo.importing import ReconciliationReport, import_archive
from tests.job import Job
from tests.mongo import mongo_server

Archive = Collection[dict[str, Any]]
END = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mongo_server(tmp_path_factory.mktemp("mongo")) as address:
        yield address


@pytest.fixture
def archive(uri: str) -> Iterator[Archive]:
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        name = f"nav_{uuid.uuid4().hex}"
        yield client[name]["ads"]
        client.drop_database(name)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, "http://127.0.0.1:9")


def documents(count: int, seed: int = 1) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    return [
        {
            "uuid": str(uuid.UUID(int=dice.getrandbits(128))),
            "title": f"Kokk {number}",
            "published": "2021-03-01T10:00:00Z",
            "updated": "2021-03-01T10:30:00",
            "expires": "2021-04-01T00:00:00Z",
            "description": "Ring 99 88 77 66",
        }
        for number in range(count)
    ]


def run(job: Job, archive: Archive, uri: str, **settings: Any) -> ReconciliationReport:
    configured = ArchiveSettings(uri=uri, database=archive.database.name, collection=archive.name)
    configured.update({"batch_size": 50, "documents_per_load": 100, "timeout": 5, **settings})
    return import_archive(job.warehouse, configured)


def numbers(report: ReconciliationReport) -> tuple[int, ...]:
    return (report.read, report.new, report.duplicates, report.repeats, report.rejects)


def test_a_second_import_brings_only_what_was_added_on_a_new_machine_too(
    job: Job, archive: Archive, uri: str
) -> None:
    archive.insert_many(documents(120))
    run(job, archive, uri)
    before = job.facts()
    assert numbers(run(job, archive, uri)) == (120, 0, 120, 0, 0)
    assert {table: rows for table, rows in job.facts().items() if table != "source_loads"} == {
        table: rows for table, rows in before.items() if table != "source_loads"
    }
    archive.insert_many([*documents(30, seed=2), {**documents(1, seed=3)[0], "_id": "no ObjectId"}])
    job.forget_local_state()
    report = run(job, archive, uri)
    assert numbers(report) == (151, 31, 120, 0, 0)


class _Killed(BaseException):
    """Stands for whatever ends a process in the middle of its work."""


def test_an_import_that_dies_goes_on_and_gives_what_one_that_did_not_gives(
    job: Job, archive: Archive, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.insert_many(documents(150))
    whole = Job(tmp_path / "whole", job.base_url)
    report = run(whole, archive, uri)
    assert numbers(report) == (150, 150, 0, 0, 0)
    assert set(whole.rows("ad_versions", "source")) == {("mongo_archive",)}
    assert len(whole.rows("ad_features")) == 150
    assert whole.rows("source_loads", "records_read") == [(100,), (50,)]
    assert not [row for row in whole.rows("ad_versions", "document") if "99 88" in row[0]]

    archived, calls = extract.sources.mongo.importing.archived, iter(range(1000))

    def dying(*arguments: Any) -> Any:
        if next(calls) == 120:  # in the second load
            raise _Killed
        return archived(*arguments)

    with monkeypatch.context() as patched, pytest.raises((_Killed, JobMarketError)):
        patched.setattr(extract.sources.mongo.importing, "archived", dying)
        run(job, archive, uri)
    assert numbers(run(job, archive, uri)) == (150, 50, 100, 0, 0)
    assert job.facts()["ad_versions"] == whole.facts()["ad_versions"]


def test_what_is_no_ad_is_in_the_rejects_once(job: Job, archive: Archive, uri: str) -> None:
    archive.insert_many(documents(5))
    archive.insert_many([{"title": "no uuid"}, {"uuid": "7"}, {"uuid": 7}, {"_id": 5, "note": "x"}])
    report = run(job, archive, uri)
    assert numbers(report) == (9, 5, 0, 0, 4)
    assert numbers(run(job, archive, uri)) == (9, 0, 5, 0, 4)
    assert {row for row in job.rows("rejects", "source, reason")} == {
        ("mongo_archive", "a document without 'uuid'"),
        ("mongo_archive", "its 'uuid' is none"),
    }
    assert len(job.rows("rejects")) == 4


def test_odd_types_become_what_the_models_read(job: Job, archive: Archive, uri: str) -> None:
    [ad] = documents(1)
    ad |= {"published": datetime(2021, 3, 1, 10), "positioncount": Int64(3), "extent": Binary(b"x")}
    archive.insert_one(ad)
    run(job, archive, uri)
    text = job.rows("ad_versions", "document")[0][0]
    assert '"published":"2021-03-01T10:00:00+00:00"' in text
    assert '"positioncount":3' in text


def test_two_documents_that_say_the_same_are_one_version(job: Job, archive: Archive, uri: str) -> None:
    ads = documents(3)
    archive.insert_many([*ads, {k: v for k, v in ads[0].items() if k != "_id"}])
    assert numbers(run(job, archive, uri)) == (4, 3, 0, 1, 0)


def test_an_archive_of_the_feeds_own_ads_joins_their_history(
    tmp_path: Path, archive: Archive, uri: str
) -> None:
    world = World(seed=7, days=2, ads_a_day=20, until=END)
    with serving(world) as feed:
        job = Job(tmp_path, feed.url)
        job.poll()
        known = [ad_id for (ad_id,) in job.rows("ad_versions where document is not null", "ad_id")]
        archive.insert_many([{**ad, "uuid": name} for name, ad in zip(known[:5], documents(5), strict=True)])
        report = run(job, archive, uri)
        assert report.new == 5
        assert job.poll().loads == []
    history = job.rows("ad_versions", "ad_id, source")
    assert {(known[0], "feed"), (known[0], "mongo_archive")} <= set(history)


def write_bson(file: Path, ads: list[dict[str, Any]]) -> Path:
    file.write_bytes(b"".join(bson.encode(ad) for ad in ads))
    return file


def write_gzip(file: Path, ads: list[dict[str, Any]]) -> Path:
    file.write_bytes(gzip.compress(b"".join(bson.encode(ad) for ad in ads)))
    return file


def write_folder(folder: Path, ads: list[dict[str, Any]]) -> Path:
    (folder / "nav").mkdir(parents=True)
    write_gzip(folder / "nav" / "ads.bson.gz", ads)
    write_bson(folder / "nav" / "other.bson", [])
    return folder


def write_lines(file: Path, ads: list[dict[str, Any]]) -> Path:
    file.write_text("\n".join(json_util.dumps(ad) for ad in ads) + "\n", encoding="utf-8")
    return file


def write_array(file: Path, ads: list[dict[str, Any]]) -> Path:
    file.write_bytes(
        gzip.compress(json_util.dumps(ads, json_options=json_util.CANONICAL_JSON_OPTIONS).encode())
    )
    return file


FILES = [
    (write_bson, "ads.bson"),
    (write_gzip, "ads.bson.gz"),
    (write_folder, "dump"),
    (write_lines, "ads.json"),
    (write_array, "ads.json.gz"),
]


def from_file(job: Job, file: Path, **settings: Any) -> ReconciliationReport:
    configured = ArchiveSettings()
    configured.update({"documents_per_load": 100, **settings})
    return import_archive(job.warehouse, configured, file)


def of_an_old_server(count: int) -> list[dict[str, Any]]:
    return [
        {"_id": ObjectId(), **ad, "published": datetime(2021, 3, 1, 10, tzinfo=UTC)}
        for ad in documents(count)
    ]


@pytest.mark.parametrize(("write", "name"), FILES, ids=[name for _, name in FILES])
def test_a_file_of_mongodump_or_mongoexport_gives_what_the_server_gives(
    write: Callable[[Path, list[dict[str, Any]]], Path],
    name: str,
    job: Job,
    archive: Archive,
    uri: str,
    tmp_path: Path,
) -> None:
    ads = [*of_an_old_server(120), {"_id": ObjectId(), "title": "no uuid"}]
    archive.insert_many(ads)
    file = write(tmp_path / name, ads)
    report = from_file(job, file)
    assert numbers(report) == (121, 120, 0, 0, 1)
    from_server = run(job, archive, uri)
    assert numbers(from_server) == (121, 0, 120, 0, 1)
    assert len(job.rows("rejects")) == 1
    assert numbers(from_file(job, file))[:3] == (121, 0, 120)


@pytest.mark.parametrize(
    ("damage", "name", "kept"),
    [
        (lambda body: body[:-7], "ads.bson", 100),
        (lambda body: gzip.compress(body)[:-4], "ads.bson.gz", 100),
        (lambda body: gzip.compress(body)[:200] + b"xxxx" + gzip.compress(body)[204:], "ads.bson.gz", 0),
        (lambda body: b'[{"uuid": 1}, {"uuid"', "ads.json", 0),
    ],
    ids=["cut", "gzip cut", "corrupt", "array cut"],
)
def test_a_damaged_file_is_a_failure_and_what_was_loaded_before_is_kept(
    damage: Callable[[bytes], bytes], name: str, kept: int, job: Job, tmp_path: Path
) -> None:
    body = b"".join(bson.encode(ad) for ad in of_an_old_server(120))
    (tmp_path / name).write_bytes(damage(body))
    with pytest.raises(JobMarketError, match=r"is damaged after \d+ documents .* import it again"):
        from_file(job, tmp_path / name, documents_per_load=50)
    assert len(job.rows("ad_versions")) == kept


def test_a_line_that_is_no_json_is_a_reject_and_the_others_are_read(job: Job, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "ads.json", of_an_old_server(3))
    file.write_text('{"uuid": \n7\n\n' + file.read_text())
    report = from_file(job, file)
    assert numbers(report) == (5, 3, 0, 0, 2)
    assert {reason.split(":")[0] for (reason,) in job.rows("rejects", "reason")} == {
        "a line that is no JSON object"
    }


@pytest.mark.parametrize("name", ["nowhere.bson", "ads.csv", "dump.archive", "folder"])
def test_a_file_that_is_none_or_of_another_format_is_a_matter_of_configuration(
    name: str, job: Job, tmp_path: Path
) -> None:
    if name == "folder":
        (tmp_path / name).mkdir()
    elif name != "nowhere.bson":
        (tmp_path / name).write_text("x")
    with pytest.raises(ConfigurationError, match=name):
        from_file(job, tmp_path / name)


def test_documents_that_were_not_read_are_a_failure(
    job: Job, archive: Archive, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.insert_many(documents(4))
    monkeypatch.setattr(extract.sources.mongo.importing, "documents_on_server", lambda _: iter(documents(3)))
    with pytest.raises(JobMarketError, match=r"holds 4 documents, of which 3 were read .*new versions: 3"):
        run(job, archive, uri)


def test_an_archive_without_an_address_is_a_matter_of_configuration(job: Job) -> None:
    with pytest.raises(ConfigurationError, match=r"Set uri of \[sources.mongo_archive\]"):
        import_archive(job.warehouse, ArchiveSettings())
    with pytest.raises(ConfigurationError, match="uri cannot be used"):
        import_archive(job.warehouse, ArchiveSettings(uri="http://127.0.0.1"))


def test_an_archive_that_cannot_be_reached_is_a_failure_and_nothing_is_written(job: Job) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read now"):
        import_archive(job.warehouse, ArchiveSettings(uri="mongodb://127.0.0.1:9", timeout=0.2))
    assert job.rows("ad_versions") == []
