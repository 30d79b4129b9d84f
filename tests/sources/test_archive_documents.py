"""What BSON holds becomes an ad of the warehouse by stated rules, or a reject with its reason."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Code, Decimal128, Int64, MaxKey, ObjectId

from extract.sources.loads import LoadLog, Reject
from extract.sources.mongo.documents import CODEC, archived, plain

ID = ObjectId("5f0000000000000000000001")
UUID = "e5d179b9-aef1-4732-9a03-ad2fefcfd1c8"


def document(**fields: Any) -> dict[str, Any]:
    ad = {"_id": ID, "uuid": UUID, "title": "Kokk", "published": "2021-03-01T10:00:00Z"}
    return bson.decode(
        bson.encode(ad | {"updated": "2021-03-02T10:00:00Z"} | fields, codec_options=CODEC), CODEC
    )


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ad_in(document: dict[str, Any]) -> tuple[Any, ...]:
    """Its row of ad_versions, less the time of reading."""
    result = archived(document, NOW)
    assert not isinstance(result, Reject), result
    version, features = result
    assert features[:2] == version[:2] and version[-1] == features[-1] == NOW
    row: tuple[Any, ...] = version[:-1]
    return row


def content(**fields: Any) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(ad_in(document(**fields))[5])
    return text


def test_an_ad_becomes_an_active_version_at_the_time_of_its_last_update() -> None:
    ad_id, _, status, changed_at, source, text = ad_in(document())
    assert (ad_id, status, source) == (UUID, "ACTIVE", "mongo_archive")
    assert changed_at == datetime(2021, 3, 2, 10, tzinfo=UTC)
    assert "_id" not in json.loads(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2021, 3, 1, 10, 0, 0, 123000, tzinfo=UTC), "2021-03-01T10:00:00.123000+00:00"),
        (Int64(2), 2),
        (Decimal128("2"), "2"),
        (Decimal128("0.10"), "0.10"),
        (Decimal128("NaN"), None),
        (float("nan"), None),
        (float("inf"), None),
        (1.5, 1.5),
        (True, True),
        (ID, str(ID)),
        (uuid.UUID(UUID), UUID),
        (b"\x00\x01", None),
        (MaxKey(), None),
        (Code("f()"), "f()"),
        ([{"a": Int64(1)}, b""], [{"a": 1}, None]),
    ],
)
def test_each_bson_type_has_its_rule(value: Any, expected: Any) -> None:
    decoded = bson.decode(bson.encode({"value": value}, codec_options=CODEC), CODEC)
    assert json.loads(json.dumps(plain(decoded))) == {"value": expected}


def test_a_date_beyond_pythons_years_becomes_its_milliseconds() -> None:
    far = bson.datetime_ms.DatetimeMS(2**55)
    assert content(starttime=far)["starttime"] == 2**55


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-01T23:30:00", "2021-03-01T23:30:00Z"),
        ("2021-03-01T23:30:00.5", "2021-03-01T23:30:00.5Z"),
        ("2021-03-01T23:30:00+01:00", "2021-03-01T23:30:00+01:00"),
        ("2021-03-01", "2021-03-01"),
        ("Snarest", "Snarest"),
    ],
)
def test_a_time_without_an_offset_is_utc_as_the_old_feed_meant_it(text: str, expected: str) -> None:
    assert content(applicationDue=text)["applicationDue"] == expected


def test_an_update_without_an_offset_is_utc() -> None:
    assert ad_in(document(updated="2021-07-01T10:00:00"))[3] == datetime(2021, 7, 1, 10, tzinfo=UTC)


def test_an_ad_without_a_time_of_update_is_as_old_as_its_publishing_or_its_id() -> None:
    assert ad_in(document(updated="soon"))[3] == datetime(2021, 3, 1, 10, tzinfo=UTC)
    assert ad_in(document(updated=None, published=None))[3] == ID.generation_time


def test_personal_data_is_masked_and_the_contact_list_is_not_kept() -> None:
    people = [{"name": "Kari Nordmann", "email": "kari@example.com"}]
    ad = content(description="Ring Kari Nordmann, 99 88 77 66, kari@example.com", contactList=people)
    assert "contactList" not in ad
    assert "Kari" not in ad["description"]
    assert "99 88" not in ad["description"]
    assert "@" not in ad["description"]


def test_the_same_state_gives_the_same_version_whatever_the_order_of_its_fields() -> None:
    one, two = document(extent="Heltid", sector="Privat"), document(sector="Privat", extent="Heltid")
    assert ad_in(one) == ad_in(two)


@pytest.mark.parametrize("value", [UUID.upper(), f" {UUID} ", uuid.UUID(UUID), UUID.replace("-", "")])
def test_a_uuid_in_another_spelling_is_the_same_ad(value: Any) -> None:
    assert ad_in(document(uuid=value))[0] == UUID


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"uuid": None}, "without 'uuid'"),
        ({"uuid": "7"}, "its 'uuid' is none"),
        ({"uuid": Int64(7)}, "its 'uuid' is none"),
        ({"title": None, "published": None}, "no ad"),
        ({"_id": "text", "published": None, "updated": None}, "no time"),
    ],
)
def test_what_is_no_ad_is_rejected_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    result = archived(document(jobtitle="kari@example.com", **fields), NOW)
    assert isinstance(result, Reject)
    assert reason in result.reason
    assert "kari@" not in result.payload


def test_text_that_is_no_utf8_costs_its_characters_and_not_the_ad() -> None:
    raw = bson.encode(document(title="Kokk"), codec_options=CODEC).replace(b"Kokk", b"Ko\xff\xfe")
    assert json.loads(ad_in(bson.decode(raw, CODEC))[5])["title"].startswith("Ko")


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"$date": "2021-03-05T10:00:00Z"}, "2021-03-05T10:00:00+00:00"),
        ({"$date": {"$numberLong": "1614938400000"}}, "2021-03-05T10:00:00+00:00"),
        ({"$date": 1614938400000}, "2021-03-05T10:00:00+00:00"),
    ],
)
def test_a_date_that_a_document_keeps_as_extended_json_is_read(kept: Any, expected: str) -> None:
    assert content(updated=kept)["updated"] == expected
    assert ad_in(document(updated=kept))[3] == datetime.fromisoformat(expected)


@pytest.mark.parametrize("kept", [{"$date": "soon"}, {"$date": {"x": 1}}, {"$foo": 1}])
def test_extended_json_that_cannot_be_read_is_a_reject_and_not_an_ad_without_its_time(kept: Any) -> None:
    result = archived(document(updated=kept), NOW)
    assert isinstance(result, Reject)
    assert "extended JSON that cannot be read" in result.reason


def test_a_document_above_8_megabytes_is_a_reject_that_is_small() -> None:
    result = archived(document(description="x" * (9 << 20)), NOW)
    assert isinstance(result, Reject)
    assert "above 8 MB" in result.reason
    log = LoadLog("mongo_archive")
    [row] = log.reject([result])
    assert len(row.data["payload"][0].as_py()) < 100


def test_a_document_of_the_public_feed_keeps_what_the_models_read() -> None:
    fields = {
        "expires": "2021-03-27T23:00:00Z",
        "positioncount": "2",
        "workLocations": [{"country": "NORGE", "county": "ROGALAND", "municipal": "STAVANGER"}],
        "occupationCategories": [{"level1": "Salg og service", "level2": "Salg"}],
        "employer": {"name": "Kafé AS", "orgnr": "932490609"},
    }
    kept = content(**fields)
    assert {name: kept[name] for name in fields} == fields
