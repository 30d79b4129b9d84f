"""Given documents served as a feed: what is understood, how it is converted, what is refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.documents import Documents, NotUnderstood
from demo.server import Served
from demo.times import parse_timestamp
from tests.demo.plain_client import Client

Start = Callable[..., Served]

FIXTURES = Path(__file__).parent / "fixtures"
CAPTURES = Path(__file__).parents[3] / "shared" / "data"

BAKER = "11111111-1111-4111-8111-111111111111"
TEACHER = "22222222-2222-4222-8222-222222222222"
PAGE, HITS = FIXTURES / "page.json", FIXTURES / "hits.json"


def _written(folder: Path, document: Any) -> Path:
    file = folder / "given.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_every_document_is_an_active_ad_with_one_event_at_its_time(start: Start) -> None:
    client = Client(start(Documents.read([PAGE, HITS])).url).log_in()
    items = client.page("/api/v1/feed")["items"]
    shown = [(i["id"], i["_feed_entry"]["status"], i["_feed_entry"]["title"]) for i in items]
    assert shown == [(TEACHER, "ACTIVE", "Lærar"), (BAKER, "ACTIVE", "Baker")]
    times = [parse_timestamp(i["_feed_entry"]["sistEndret"]) for i in items]
    assert times == [
        datetime(2019, 3, 27, 7, 3, 8, 234_000, UTC),
        datetime(2024, 3, 1, 8, 5, tzinfo=UTC),
    ]
    for item in items:
        assert client.get(item["url"]).json["status"] == "ACTIVE"


def test_an_ad_in_the_feeds_shape_is_served_as_it_was_captured(start: Start) -> None:
    client = Client(start(Documents.read([PAGE])).url).log_in()
    given = json.loads(PAGE.read_text())["content"][0]
    assert client.get(f"/api/v1/feedentry/{BAKER}").json["ad_content"] == given


def test_navs_internal_form_becomes_the_feeds(start: Start) -> None:
    client = Client(start(Documents.read([HITS])).url).log_in()
    ad = client.get(f"/api/v1/feedentry/{TEACHER}").json["ad_content"]
    assert ad["description"] == "<p>Bli lærar.</p>"
    assert ad["extent"] == "Heltid" and ad["applicationDue"] == "Snarest"
    assert ad["occupationCategories"] == [{"level1": "Utdanning", "level2": "Grunnskole"}]
    assert ad["workLocations"][0]["county"] == "HORDALAND"
    assert set(ad["workLocations"][0]) == {"country", "address", "city", "postalCode", "county", "municipal"}
    assert ad["employer"]["name"] == "Fjellbygda skule"
    assert [(c["categoryType"], c["code"], c["score"]) for c in ad["categoryList"]] == [
        ("STYRK08", "2341", 1.0)
    ]
    assert not {"properties", "locationList", "occupationList"} & set(ad)


def test_of_an_ad_given_twice_the_one_updated_last_is_served(tmp_path: Path) -> None:
    ad = json.loads(PAGE.read_text())["content"][0]
    newer = {**ad, "updated": "2024-03-02T00:00:00Z", "title": "Bakar"}
    for order in ([newer, ad], [ad, newer]):
        documents = Documents.read([_written(tmp_path, order)])
        assert documents.log.ads == 1
        assert documents.shown(0).title == "Bakar"


def test_a_detail_as_the_feed_gives_it_is_understood_too(tmp_path: Path) -> None:
    ad = json.loads(PAGE.read_text())["content"][0]
    detail = {"uuid": BAKER, "status": "ACTIVE", "sistEndret": "2024-03-01T09:00:00", "ad_content": ad}
    assert Documents.read([_written(tmp_path, detail)]).ad_id(0) == BAKER


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("{", "not JSON"),
        ([1], "$[0] is no ad but int"),
        ({"content": [{"title": "x"}]}, "$.content[0]"),
        ({"hits": {"hits": [{"_source": {"uuid": "x", "properties": {}}}]}}, "$.hits.hits[0]._source"),
        ({"hits": {"hits": [3]}}, "$.hits.hits[0]._source"),
        ({"hits": {}}, "$.hits.hits is no list"),
        ({"uuid": BAKER}, "'published' is missing"),
        ({"uuid": BAKER, "published": "soon"}, "soon"),
        ({"uuid": "x", "published": "2024-01-01"}, "not a lower-case uuid"),
        ({"uuid": BAKER, "published": "2024-01-01", "properties": []}, "$ is not an ad"),
        ({"uuid": BAKER, "published": "2024-01-01", "workLocations": ["x"]}, "workLocations"),
        ({"uuid": BAKER, "published": "2024-01-01", "employer": "x"}, "employer"),
        ([], "no ad in"),
    ],
)
def test_what_is_not_understood_is_named_by_file_and_place(tmp_path: Path, document: Any, place: str) -> None:
    file = _written(tmp_path, document)
    with pytest.raises(NotUnderstood) as refused:
        Documents.read([file])
    assert str(file) in str(refused.value) and place in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood, match=r"nothing\.json: cannot be read"):
        Documents.read([tmp_path / "nothing.json"])


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside the project")
def test_the_real_captures_are_six_active_ads(start: Start) -> None:
    client = Client(start(Documents.read(sorted(CAPTURES.glob("*.json")))).url).log_in()
    items = client.page("/api/v1/feed")["items"]
    contents = [client.get(item["url"]).json["ad_content"] for item in items]
    assert len({ad["uuid"] for ad in contents}) == 6
    assert all(ad["title"] and ad["description"] and ad["workLocations"][0]["county"] for ad in contents)
