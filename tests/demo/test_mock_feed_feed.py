"""Each trap of the feed, seen over HTTP."""

import gzip
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest

from demo.server import Served
from demo.times import micros, parse_timestamp
from demo.world import World
from tests.demo.plain_client import Client, without_overlap

Start = Callable[..., Served]

UNKNOWN_UUID = "00000000-0000-4000-a000-000000000000"


@pytest.fixture
def client(start: Start) -> Client:
    return Client(start().url).log_in()


def test_a_page_has_the_feeds_shape(client: Client) -> None:
    page = client.page("/api/v1/feed?pageSize=5")
    assert {"version", "title", "feed_url", "id", "next_id", "next_url", "items"} <= set(page)
    assert page["next_url"] == f"/api/v1/feed/{page['next_id']}"
    item = page["items"][0]
    assert set(item) == {"id", "url", "title", "content_text", "date_modified", "_feed_entry"}
    assert item["id"] == item["_feed_entry"]["uuid"]
    assert set(item["_feed_entry"]) == {"uuid", "status", "title", "businessName", "municipal", "sistEndret"}


@pytest.mark.parametrize("tip", ["growing", "held-back"])
@pytest.mark.parametrize(("size", "days"), [(2, 2), (7, 4), (100, 9), (1000, 9)])
def test_walking_the_pages_shows_every_event_once_beside_the_overlaps(
    start: Start, world: World, tip: str, size: int, days: int
) -> None:
    at = world.start + timedelta(days=days)
    pages = Client(start(tip=tip, clock=at).url).log_in().walk(size=size)
    for page, following in itertools.pairwise(pages):
        assert following["id"] == page["next_id"]
        assert following["items"][0] == page["items"][-1]
    shown = [
        (i["id"], i["_feed_entry"]["status"], parse_timestamp(i["_feed_entry"]["sistEndret"]))
        for i in without_overlap(pages)
    ]
    assert shown == [(e.ad_id, e.status, e.event_at) for e in world.events(at)]


def test_the_growing_tip_keeps_its_id_and_has_no_next_page_until_it_is_full(
    start: Start, world: World
) -> None:
    begin = world.start + timedelta(days=2)
    feed = start(clock=begin)
    client = Client(feed.url).log_in()
    tip = client.walk(size=20)[-1]
    seen = len(tip["items"])
    hours = 0
    while True:
        hours += 1
        feed.clock_to(begin + timedelta(hours=hours))
        page = client.page(f"/api/v1/feed/{tip['id']}?pageSize=20")
        assert page["id"] == tip["id"]
        assert len(page["items"]) >= seen
        seen = len(page["items"])
        if seen == 20:
            break
        assert page["next_id"] is None and page["next_url"] is None
    assert page["next_id"] is not None


def test_the_held_back_tip_has_a_next_page_as_soon_as_two_entries_are_newer(
    start: Start, world: World
) -> None:
    events = world.events(world.until)
    feed = start(tip="held-back", clock=events[0].visible_at)
    client = Client(feed.url).log_in()
    lengths = []
    for event in events[:4]:
        feed.clock_to(event.visible_at)
        page = client.page("/api/v1/feed")
        lengths.append((len(page["items"]), page["next_id"] is None))
    assert lengths == [(1, True), (2, True), (2, False), (3, False)]


def test_the_etag_is_the_next_id_and_hides_what_was_appended(start: Start, world: World) -> None:
    begin = world.start + timedelta(days=3)
    feed = start(clock=begin)
    client = Client(feed.url).log_in()
    full = client.get("/api/v1/feed?pageSize=10")
    assert full.headers["ETag"] == full.json["next_id"]
    tip = client.walk()[-1]
    etag = client.get(f"/api/v1/feed/{tip['id']}").headers["ETag"]
    feed.clock_to(begin + timedelta(days=1))
    conditional = client.get(f"/api/v1/feed/{tip['id']}", If_None_Match=etag)
    assert conditional.status == 304
    assert len(client.page(f"/api/v1/feed/{tip['id']}")["items"]) > len(tip["items"])


def test_if_modified_since_begins_at_the_first_newer_entry(client: Client, world: World) -> None:
    since = (world.start + timedelta(days=5)).replace(microsecond=0)
    page = client.page("/api/v1/feed?pageSize=5", If_Modified_Since=format_datetime(since, usegmt=True))
    events = world.events(world.until)
    first = next(n for n, e in enumerate(events) if e.event_at > since)
    assert [i["id"] for i in page["items"]] == [e.ad_id for e in events[first : first + 5]]


def test_if_modified_since_with_nothing_newer_is_a_404(client: Client, world: World) -> None:
    header = format_datetime(world.until + timedelta(days=1), usegmt=True)
    assert client.get("/api/v1/feed", If_Modified_Since=header).status == 404


@pytest.mark.parametrize("text", ["2026-11-15T00:00:00Z", "yesterday", "", "Sun, 32 Nov 2026 00:00:00 GMT"])
def test_an_unreadable_if_modified_since_is_ignored(client: Client, text: str) -> None:
    first = client.page("/api/v1/feed?pageSize=2")
    assert client.page("/api/v1/feed?pageSize=2", If_Modified_Since=text) == first


def test_if_modified_since_on_a_page_drops_entries_by_their_time(client: Client, world: World) -> None:
    since = world.start + timedelta(days=1)
    header = format_datetime(since, usegmt=True)
    whole = client.page("/api/v1/feed?pageSize=400")
    filtered = client.page(f"/api/v1/feed/{whole['id']}?pageSize=400", If_Modified_Since=header)
    times = [parse_timestamp(i["_feed_entry"]["sistEndret"]) for i in filtered["items"]]
    assert min(times) > since
    assert filtered["items"][0] not in whole["items"][:20]


def test_last_is_the_page_of_the_newest_entry(client: Client, world: World) -> None:
    page = client.page("/api/v1/feed?last")
    assert [i["id"] for i in page["items"]] == [world.events(world.until)[-1].ad_id]
    assert page["next_id"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/feed?pageSize=10000", 200),
        ("/api/v1/feed?pageSize=10001", 400),
        ("/api/v1/feed?pageSize=many", 400),
        ("/api/v1/feed?pageSize=0", 400),
        ("/api/v1/feed/no-uuid", 500),
        (f"/api/v1/feed/{UNKNOWN_UUID}", 404),
        (f"/api/v1/feedentry/{UNKNOWN_UUID}", 404),
        ("/api/v1/nothing", 404),
    ],
)
def test_wrong_requests_get_the_feeds_own_statuses(client: Client, path: str, status: int) -> None:
    assert client.get(path).status == status


def test_an_active_detail_has_content_and_an_inactive_one_has_not(client: Client, world: World) -> None:
    seen: Counter[str] = Counter()
    for ad_id in list(world.ad_ids(world.until))[:150]:
        truth = world.ad(ad_id, world.until)
        assert truth is not None
        detail = client.get(f"/api/v1/feedentry/{ad_id}").json
        seen[truth.status] += 1
        assert detail["uuid"] == ad_id and detail["status"] == truth.status
        assert parse_timestamp(detail["sistEndret"]) == truth.changed_at
        assert detail.get("ad_content") == truth.content
        assert truth.status == "ACTIVE" or "ad_content" not in detail
    assert seen["ACTIVE"] and seen["INACTIVE"]


def test_stopped_ads_are_masked_on_the_page_and_expired_ones_are_not(client: Client) -> None:
    inactive = [
        i["_feed_entry"] for i in without_overlap(client.walk()) if i["_feed_entry"]["status"] == "INACTIVE"
    ]
    masked = [e for e in inactive if e["title"] == "..."]
    assert masked and len(masked) < len(inactive)
    assert all(e["businessName"] == "" for e in masked)
    assert all(e["businessName"] for e in inactive if e not in masked)


def test_the_items_own_title_may_be_a_constant(client: Client) -> None:
    items = without_overlap(client.walk())
    constant = [i for i in items if i["title"] == "Stillingsannonse"]
    assert 0 < len(constant) < len(items)
    assert all(i["_feed_entry"]["title"] != "Stillingsannonse" for i in items)


def test_times_come_with_an_offset_in_utc_and_as_oslo_wall_time(client: Client, world: World) -> None:
    texts = [i["_feed_entry"]["sistEndret"] for i in without_overlap(client.walk())]
    kinds = Counter("Z" if t.endswith("Z") else "+" if "+" in t else "none" for t in texts)
    assert all(kinds[kind] > 10 for kind in ("Z", "+", "none")), kinds
    wall = next(t for t in texts if "+" not in t and not t.endswith("Z"))
    moment = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("Europe/Oslo")).astimezone(UTC)
    assert moment in {e.event_at for e in world.events(world.until)}


def test_times_on_the_pages_do_not_always_rise_but_those_of_an_ad_do(world: World) -> None:
    events = world.events(world.until)
    assert any(b.event_at < a.event_at for a, b in itertools.pairwise(events))
    last: dict[str, datetime] = {}
    for event in events:
        assert event.event_at > last.get(event.ad_id, world.start - timedelta(days=1))
        last[event.ad_id] = event.event_at


def test_an_ad_stands_several_times_on_one_page(client: Client) -> None:
    page = client.page("/api/v1/feed?pageSize=1000")
    assert Counter(i["id"] for i in page["items"]).most_common(1)[0][1] > 1


def test_a_late_entry_appears_behind_ones_already_shown(start: Start, world: World) -> None:
    log = world.log
    late = next(
        e
        for e in log.order
        if log.visible[e] - log.stored[e] > 600_000_000 and log.visible[e] < micros(world.until)
    )
    before, after = world.events(_at(log.visible[late] - 1)), world.events(_at(log.visible[late]))
    assert after[-1] == before[-1], "the newest entry was there already"
    feed = start(clock=_at(log.visible[late] - 1))
    client = Client(feed.url).log_in()
    assert client.get(f"/api/v1/feed/{world.event_id(late)}").status == 404
    shown = [i["id"] for i in without_overlap(client.walk())]
    feed.clock_to(_at(log.visible[late]))
    then = [i["id"] for i in without_overlap(client.walk())]
    assert len(then) == len(shown) + 1 and then[-1] == shown[-1]


def test_some_details_are_inactive_before_the_page_says_so(world: World) -> None:
    early = 0
    for hours in range(100, 240, 12):
        at = world.start + timedelta(hours=hours)
        status = {e.ad_id: e.status for e in world.events(at)}
        details = [world.ad(i, at) for i, s in status.items() if s == "ACTIVE"]
        early += sum(d is not None and d.status == "INACTIVE" for d in details)
    assert early > 0


def test_the_details_clock_is_a_little_before_the_feeds(world: World) -> None:
    gaps = [e.event_at - e.changed_at for e in world.events(world.until)]
    assert all(gap > timedelta(0) for gap in gaps)
    assert sum(gap < timedelta(minutes=1) for gap in gaps) > 0.9 * len(gaps)


def test_a_detail_is_rewritten_in_place_without_an_event(world: World) -> None:
    early, late = world.start + timedelta(days=2), world.until
    events = Counter(e.ad_id for e in world.events(late))
    found = 0
    for ad_id in world.ad_ids(early):
        one, two = world.ad(ad_id, early), world.ad(ad_id, late)
        if one and two and events[ad_id] == 1 and one.content and two.content and one.content != two.content:
            assert one.changed_at == two.changed_at
            assert {k for k in one.content if one.content[k] != two.content[k]} == {"categoryList"}
            found += 1
    assert found > 0


def test_answers_are_packed_for_clients_that_can_unpack(client: Client) -> None:
    plain = client.get("/api/v1/feed?pageSize=50")
    packed = client.get("/api/v1/feed?pageSize=50", Accept_Encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 3


def _at(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
