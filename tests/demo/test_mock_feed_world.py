"""The world: the same for the same seed, and shaped as the real feed is."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles
from typing import Any

import orjson
import phonenumbers
import pytest

from demo.times import oslo_date, parse_timestamp
from demo.world import World

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def default() -> World:
    """The default world, at a fixed end."""
    return World(until=UNTIL)


@pytest.fixture(scope="module")
def ads(default: World) -> list[dict[str, Any]]:
    """A tenth of the default world's ads, as they were first published."""
    found = []
    for ad in range(0, default.log.ads, 10):
        first = default.log.first[ad]
        content = default.content(ad, first, default.log.changed[first])
        if content is not None:
            found.append(content)
    return found


def _share(counts: Counter[Any], value: Any) -> float:
    return counts[value] / counts.total()


def _everything(world: World) -> bytes:
    details = [world.ad(ad_id, world.until) for ad_id in world.ad_ids(world.until)]
    return orjson.dumps([[*map(list, world.events(world.until))], [d and list(d) for d in details]])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(world: World) -> None:
    again = World(seed=7, days=10, ads_a_day=60, until=world.until)
    other = World(seed=8, days=10, ads_a_day=60, until=world.until)
    assert _everything(again) == _everything(world)
    assert _everything(other) != _everything(world)


def test_the_next_days_world_is_the_same_one_with_a_day_more(world: World) -> None:
    later = World(seed=7, days=11, ads_a_day=60, until=world.until + timedelta(days=1))
    assert later.events(world.until) == world.events(world.until)
    for ad_id in islice(world.ad_ids(world.until), 0, None, 7):
        one, two = world.ad(ad_id, world.until), later.ad(ad_id, world.until)
        assert one is not None and two is not None
        for content in (one.content or {}, two.content or {}):
            content.pop("workArrangement", None)
        assert one == two


def test_the_default_world_has_the_size_that_the_feed_has(default: World) -> None:
    assert default.log.ads == pytest.approx(33_000, rel=0.06)
    events_of_whole_lives = len(default.log) / default.log.ads
    assert 2.5 < events_of_whole_lives < 4
    status = {e.ad_id: e.status for e in default.events(UNTIL)}
    assert 11_500 < sum(1 for s in status.values() if s == "ACTIVE") < 13_500
    inactive = Counter(e.status for e in default.events(UNTIL))
    assert 0.2 < _share(inactive, "INACTIVE") < 0.36


def test_ads_live_three_weeks_and_never_more_than_six_months(
    default: World, ads: list[dict[str, Any]]
) -> None:
    for ad in range(default.log.ads):
        events = default.log.events_of(ad)
        span = default.log.event[events[-1]] - default.log.event[events[0]]
        assert span < 183 * 86_400_000_000
    planned = [
        (parse_timestamp(ad["expires"]) - parse_timestamp(ad["updated"])).days
        for ad in ads
        if "expires" in ad
    ]
    assert 19 <= median(planned) <= 23


def test_the_week_and_the_year_have_a_rhythm() -> None:
    world = World(days=365, ads_a_day=40, until=UNTIL)
    days = Counter(oslo_date(world.log.event[first]) for first in world.log.first[:-1])
    week, year = Counter[int](), Counter[int]()
    for day, count in days.items():
        week[day.weekday()] += count
        year[day.month] += count
    assert week[0] > 3 * week[6]
    assert year[7] < 0.75 * year[3]
    assert sum(days.values()) == pytest.approx(0.96 * 365 * 40, rel=0.03), "holidays are quiet"


def test_descriptions_are_as_long_as_real_ones(ads: list[dict[str, Any]]) -> None:
    lengths = [len(ad["description"]) for ad in ads]
    assert median(lengths) == pytest.approx(2_900, rel=0.06)
    assert quantiles(lengths, n=10)[-1] == pytest.approx(5_200, rel=0.08)


def test_a_few_texts_hold_200_kB_without_a_space(world: World) -> None:
    contents = [world.content(ad, world.log.first[ad], 0) for ad in range(world.log.ads)]
    words = [max(map(len, content["description"].split(" "))) for content in contents if content]
    assert 2 < sum(longest > 190_000 for longest in words) < 10


@pytest.mark.parametrize(
    ("field", "shares"),
    [
        ("extent", {"Heltid": 0.69, "Deltid": 0.31}),
        ("engagementtype", {"Fast": 0.65, "Vikariat": 0.19}),
        ("sector", {"Offentlig": 0.51, "Privat": 0.42, "": 0.07}),
        ("source", {"IMPORTAPI": 0.81, "Stillingsregistrering": 0.19, "AMEDIA": 0.007, "EURES": 0.001}),
    ],
)
def test_fields_have_the_shares_of_real_ads(
    ads: list[dict[str, Any]], field: str, shares: dict[str, float]
) -> None:
    counts = Counter(ad.get(field) for ad in ads)
    for value, share in shares.items():
        assert _share(counts, value) == pytest.approx(share, abs=0.03), value


def test_occupations_have_the_shares_of_real_ads_and_some_ads_two(ads: list[dict[str, Any]]) -> None:
    counts = Counter(c["level1"] for ad in ads for c in ad["occupationCategories"])
    assert _share(counts, "Helse og sosial") == pytest.approx(863 / 2349, abs=0.04)
    assert _share(counts, "Utdanning") == pytest.approx(344 / 2349, abs=0.03)
    assert _share(counts, "IT") == pytest.approx(53 / 2349, abs=0.01)
    assert len(set(counts) - {None}) == 13
    levels = Counter(len(ad["occupationCategories"]) for ad in ads)
    assert 0.12 < _share(levels, 2) < 0.22 and levels[0] > 0


def test_places_have_the_shares_of_real_ads_and_names_that_are_not_unique(ads: list[dict[str, Any]]) -> None:
    places = [place for ad in ads for place in ad.get("workLocations") or []]
    counts = Counter(place["county"] for place in places)
    assert _share(counts, "OSLO") == pytest.approx(351 / 2_000, abs=0.02)
    assert _share(counts, "VESTLAND") == pytest.approx(281 / 2_000, abs=0.02)
    assert len(set(counts) - {None}) == 16
    for name in ("HERØY", "VÅLER"):
        assert len({place["county"] for place in places if place["municipal"] == name}) == 2
    assert sum(not place["city"] for place in places) / len(places) == pytest.approx(0.06, abs=0.015)
    assert {len(ad["workLocations"]) for ad in ads if "workLocations" in ad} == {0, 1, 2}


def test_due_dates_are_free_text_in_16_percent_and_come_in_several_formats(ads: list[dict[str, Any]]) -> None:
    texts = [ad["applicationDue"] for ad in ads]
    dated = [t for t in texts if t and t[0].isdigit()]
    free = [t for t in texts if t and not t[0].isdigit()]
    assert len(free) / len(texts) == pytest.approx(0.16, abs=0.025)
    assert len({len(t) for t in dated}) >= 4 and None in texts


def test_position_counts_are_text_empty_no_number_or_a_number(ads: list[dict[str, Any]]) -> None:
    counts = [ad["positioncount"] for ad in ads]
    assert {"1", "", "Flere", None} <= set(counts)
    assert any(isinstance(count, int) for count in counts)


def test_categories_hold_occupations_and_groups_and_scores_of_at_most_one(ads: list[dict[str, Any]]) -> None:
    entries = [entry for ad in ads for entry in ad["categoryList"]]
    assert {entry["categoryType"] for entry in entries} == {"ESCO", "STYRK08", "JANZZ"}
    assert all(0 <= entry["score"] <= 1 for entry in entries)
    esco = [entry["code"] for entry in entries if entry["categoryType"] == "ESCO"]
    groups = sum("/esco/isco/c" in code for code in esco)
    assert 0.05 < groups / len(esco) < 0.3
    assert any(ad["categoryList"] == [] for ad in ads)
    best_is_later = 0
    for ad in ads:
        styrk = [e["score"] for e in ad["categoryList"] if e["categoryType"] == "STYRK08"]
        best_is_later += bool(styrk) and max(styrk) > styrk[0]
    assert best_is_later > 0


def test_an_unknown_field_appears_from_some_day_on(ads: list[dict[str, Any]]) -> None:
    with_it = [parse_timestamp(ad["updated"]) for ad in ads if "workArrangement" in ad]
    without = [parse_timestamp(ad["updated"]) for ad in ads if "workArrangement" not in ad]
    assert max(without) < min(with_it)


def test_some_ads_are_active_without_content_and_some_lack_fields(
    default: World, ads: list[dict[str, Any]]
) -> None:
    hollow = sum(default.content(ad, default.log.first[ad], 0) is None for ad in range(2_000))
    assert 5 < hollow < 40
    for field in ("sector", "extent", "workLocations", "employer", "expires"):
        assert any(field not in ad for ad in ads), field
    assert any(ad["employer"]["orgnr"] is None for ad in ads if "employer" in ad)


def test_some_ads_are_made_active_again(default: World) -> None:
    states: dict[str, list[str]] = {}
    for event in default.events(UNTIL):
        states.setdefault(event.ad_id, []).append(event.status)
    again = sum("INACTIVE" in s[:-1] for s in states.values())
    assert 100 < again < 1_500


def test_the_languages_are_bokmaal_nynorsk_and_english(default: World) -> None:
    texts = [default.text(default.ad_id(ad)) for ad in range(0, default.log.ads, 30)]
    languages = Counter(text.language for text in texts)
    assert _share(languages, "en") == pytest.approx(0.06, abs=0.02)
    assert 0.04 < _share(languages, "nn") < 0.16
    for matter in ("remote_work", "driving_licence", "police_certificate"):
        said = Counter(getattr(text, matter) for text in texts)
        assert all(said[truth] for truth in ("yes", "no", "lure", "")), (matter, said)


def test_personal_data_names_whatever_the_ads_contain(world: World) -> None:
    personal = world.personal_data()
    assert len(personal.names) > 300 and personal.identity_numbers
    for ad_id in world.ad_ids(world.until):
        detail = world.ad(ad_id, world.until)
        for contact in ((detail and detail.content) or {}).get("contactList") or []:
            assert contact["name"] in personal.names
            assert contact["email"] is None or contact["email"] in personal.emails
            assert contact["phone"] is None or contact["phone"] in personal.phones


def test_descriptions_hold_contacts_in_many_spellings(world: World) -> None:
    personal = world.personal_data()
    texts = [
        detail.content["description"]
        for ad_id in world.ad_ids(world.until)
        if (detail := world.ad(ad_id, world.until)) and detail.content
    ]
    texts = [text for text in texts if len(text) < 20_000]
    whole = "\n".join(texts)
    assert sum(name in whole for name in personal.names) > 200
    assert any("&#64;" in email and email in whole for email in personal.emails)
    assert any("&#64;" not in email and email in whole for email in personal.emails)
    spelled = [phone for phone in personal.phones if phone in whole]
    for mark in ("+47 ", "&#43;47", "0047", "(", "\N{NO-BREAK SPACE}"):
        assert any(mark in phone for phone in spelled), mark
    assert any(len(phone.split()) == 4 for phone in spelled)
    assert any(len(phone.split()) == 3 for phone in spelled)
    assert "mailto:" in whole and "tel:" in whole
    assert any(number in whole for number in personal.identity_numbers)


def test_phone_numbers_are_possible_in_norway_and_begin_no_organisation_number(world: World) -> None:
    phones = {p for p in world.personal_data().phones if p.isdigit() and len(p) == 8}
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(p, "NO")) for p in phones)
    numbers: set[str | None] = set()
    for ad_id in world.ad_ids(world.until):
        detail = world.ad(ad_id, world.until)
        numbers.add((((detail and detail.content) or {}).get("employer") or {}).get("orgnr"))
    assert not any(phone in number for number in filter(None, numbers) for phone in phones)


def test_identity_numbers_have_right_check_digits_and_belong_to_nobody() -> None:
    numbers = World(days=10, ads_a_day=300, until=UNTIL).personal_data().identity_numbers
    assert len(numbers) > 3
    for text in numbers:
        digits = [int(d) for d in text if d.isdigit()]
        assert len(digits) == 11 and 80 < digits[2] * 10 + digits[3] <= 92
        first = sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), digits[:10], strict=True))
        second = sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), digits, strict=True))
        assert first % 11 == 0 and second % 11 == 0


def test_ads_and_events_of_a_larger_world_are_unknown_in_a_smaller_one(world: World) -> None:
    larger = World(seed=7, days=10, ads_a_day=90, until=world.until)
    known = [world.find_ad(larger.ad_id(ad)) for ad in range(larger.log.ads)]
    assert sorted(ad for ad in known if ad is not None) == list(range(world.log.ads))
    for ad, found in enumerate(known):
        assert world.find_event(larger.event_id(larger.log.first[ad])) == (
            None if found is None else world.log.first[found]
        )
