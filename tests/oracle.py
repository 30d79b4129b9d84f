"""What the pipeline must hold, said a second time in plain Python: slow, and sharing nothing with it.

    expected(world, [poll, poll, ...], as_of)  ->  Expected

Assumed of the client: a poll reads every entry that the feed shows at that timestamp, late ones too,
and asks for the detail of an ad when the last of the ad's entries that are new to it is ACTIVE, or
when an earlier attempt failed. All of the world lies within the client's `--since`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demo.world import Event, World

OSLO = ZoneInfo("Europe/Oslo")
UNKNOWN = "Unknown"

COUNTIES = {
    "AGDER": "Agder",
    "AKERSHUS": "Akershus",
    "BUSKERUD": "Buskerud",
    "FINNMARK": "Finnmark",
    "INNLANDET": "Innlandet",
    "MØRE OG ROMSDAL": "Møre og Romsdal",
    "NORDLAND": "Nordland",
    "OSLO": "Oslo",
    "ROGALAND": "Rogaland",
    "SVALBARD": "Svalbard",
    "TELEMARK": "Telemark",
    "TROMS": "Troms",
    "TRØNDELAG": "Trøndelag",
    "VESTFOLD": "Vestfold",
    "VESTLAND": "Vestland",
    "ØSTFOLD": "Østfold",
}


@dataclass(frozen=True)
class Capture:
    """A state of an ad that a poll saw; `poll` is the poll's number, `content` None if hollow."""

    changed_at: datetime
    poll: int
    content: dict[str, Any] | None


@dataclass(frozen=True)
class AdRow:
    """The core of a row of `fct_ads`, and the ad's groups as the bridges have them."""

    ad_id: str
    status: str
    is_captured: bool
    published_on: date | None
    expires_on: date | None
    inactive_on: date | None
    closed_on: date | None
    close_reason: str | None
    positions: int
    occupations: frozenset[tuple[str, str]]
    places: frozenset[tuple[str, str, str]]
    categories: frozenset[tuple[str, str]]
    states_part_time: bool | None
    engagement: str | None
    sector: str | None
    orgnr: str | None

    def is_open_on(self, day: date) -> bool:
        """Whether the ad is shown on a day: from its first to its last, both included."""
        if self.published_on is None or self.published_on > day:
            return False
        return self.closed_on is None or day <= self.closed_on


@dataclass
class Expected:
    """What must be in the warehouse after the polls. All timestamps UTC, all days Europe/Oslo."""

    feed_events: set[tuple[str, str, datetime]] = field(default_factory=set)
    tombstones: set[tuple[str, datetime]] = field(default_factory=set)  # ad_id, changed_at
    captures: dict[str, list[Capture]] = field(default_factory=dict)  # ACTIVE details, by ad_id
    pending: set[str] = field(default_factory=set)  # details that still fail after the last poll
    ads: dict[str, AdRow] = field(default_factory=dict)
    new_ads: Counter[date] = field(default_factory=Counter)  # days with none are not named
    new_positions: Counter[date] = field(default_factory=Counter)
    active_ads: Counter[date] = field(default_factory=Counter)  # up to and including as_of
    active_positions: Counter[date] = field(default_factory=Counter)


def expected(
    world: World,
    polls: Sequence[datetime],
    as_of: date,
    fails: Callable[[str, int], bool] = lambda ad_id, poll: False,
) -> Expected:
    """What the polls (timestamps of the mock feed's clock, rising) must leave behind.

    `as_of` bounds the daily counts; `fails(ad_id, poll number)` says which details cannot be got.
    """
    result = Expected()
    by_ad: dict[str, list[Event]] = {}
    for number, poll in enumerate(polls):
        new = [e for e in world.events(poll) if _key(e) not in result.feed_events]
        last: dict[str, Event] = {}
        for event in new:
            result.feed_events.add(_key(event))
            by_ad.setdefault(event.ad_id, []).append(event)
            last[event.ad_id] = event
            if event.status != "ACTIVE":
                result.tombstones.add((event.ad_id, event.event_at))
        for ad_id, event in last.items():
            (result.pending.add if event.status == "ACTIVE" else result.pending.discard)(ad_id)
        for ad_id in sorted(result.pending):
            if not fails(ad_id, number):
                result.pending.discard(ad_id)
                _fetch(world, ad_id, number, poll, result)

    for ad_id, events in by_ad.items():
        row = _row(ad_id, events, result.captures.get(ad_id, []))
        result.ads[ad_id] = row
        _count(row, as_of, result)
    return result


def _key(event: Event) -> tuple[str, str, datetime]:
    return event.ad_id, event.status, event.event_at


def _fetch(world: World, ad_id: str, number: int, poll: datetime, result: Expected) -> None:
    detail = world.ad(ad_id, poll)
    if detail is None:
        return
    if detail.status == "ACTIVE":
        capture = Capture(detail.changed_at, number, detail.content)
        result.captures.setdefault(ad_id, []).append(capture)
    else:
        result.tombstones.add((ad_id, detail.changed_at))


def _row(ad_id: str, events: list[Event], captures: list[Capture]) -> AdRow:
    with_content = [c for c in captures if c.content is not None]
    best = max(with_content, key=lambda c: (c.changed_at, c.poll), default=None)
    content: dict[str, Any] = best.content or {} if best else {}

    latest = max(events, key=lambda e: (e.event_at, e.status != "ACTIVE"))
    first_active = min((e.event_at for e in events if e.status == "ACTIVE"), default=None)
    published = read_timestamp(content.get("published")) or first_active
    expires_on = oslo_day(read_timestamp(content.get("expires")))
    last_active = max((e.event_at for e in events if e.status == "ACTIVE"), default=None)
    closings = [
        e for e in events if e.status != "ACTIVE" and (last_active is None or e.event_at >= last_active)
    ]
    closing = min(closings, key=lambda e: e.event_at, default=None)
    inactive_on = oslo_day(closing.event_at if closing else None)
    closes = [day for day in (expires_on, inactive_on) if day is not None]
    if closing and closing.is_masked is False and expires_on is None:
        # NAV says in the night after its last day that an ad expired
        is_new = first_active is not None and oslo_day(first_active) == inactive_on
        closes = [(closing.event_at - timedelta(hours=0 if is_new else 6)).astimezone(OSLO).date()]
    if inactive_on is None:
        reason = None
    elif expires_on is None:
        reason = "stopped" if closing is None or closing.is_masked else "expired"
    else:
        reason = "stopped" if inactive_on < expires_on else "expired"

    return AdRow(
        ad_id=ad_id,
        status=latest.status,
        is_captured=best is not None,
        published_on=oslo_day(published),
        expires_on=expires_on,
        inactive_on=inactive_on,
        closed_on=min(closes, default=None),
        close_reason=reason,
        positions=positions_of(content.get("positioncount")),
        occupations=occupations_of(content),
        places=places_of(content),
        categories=categories_of(content),
        states_part_time=content["extent"] == "Deltid" if content.get("extent") else None,
        engagement=content.get("engagementtype"),
        sector=content.get("sector"),
        orgnr=(content.get("employer") or {}).get("orgnr"),
    )


def read_timestamp(text: Any) -> datetime | None:
    """An ISO text as UTC, Oslo wall time when it has no offset; None when it is no such text."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=OSLO)).astimezone(UTC)


def oslo_day(moment: datetime | None) -> date | None:
    """The Oslo date of a timestamp."""
    return None if moment is None else moment.astimezone(OSLO).date()


def positions_of(value: Any) -> int:
    """A whole number of at least one, as text or number; anything else is one position."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return 1
    return int(number) if number >= 1 and number == int(number) else 1


def occupations_of(content: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Level 1 and 2 of all categories that have a level 1."""
    named = frozenset(
        (category["level1"], category.get("level2") or UNKNOWN)
        for category in content.get("occupationCategories") or []
        if category.get("level1")
    )
    return named or frozenset({(UNKNOWN, UNKNOWN)})


def places_of(content: dict[str, Any]) -> frozenset[tuple[str, str, str]]:
    """County of today, municipality and country of all places that have a county or a country."""
    named = frozenset(
        (
            COUNTIES.get(place.get("county") or "", UNKNOWN),
            place.get("municipal") or UNKNOWN,
            place.get("country") or UNKNOWN,
        )
        for place in content.get("workLocations") or []
        if place.get("county") or place.get("country")
    )
    return named or frozenset({(UNKNOWN, UNKNOWN, UNKNOWN)})


def categories_of(content: dict[str, Any]) -> frozenset[tuple[str, str]]:
    """Classification and code of all entries; a group of ISCO stands under ESCO."""
    return frozenset(
        ("ISCO" if "/isco/" in category["code"] else category["categoryType"], category["code"])
        for category in content.get("categoryList") or []
    )


def _count(row: AdRow, as_of: date, result: Expected) -> None:
    if row.published_on is None:
        return
    result.new_ads[row.published_on] += 1
    result.new_positions[row.published_on] += row.positions
    day = row.published_on
    while day <= as_of and row.is_open_on(day):
        result.active_ads[day] += 1
        result.active_positions[day] += row.positions
        day += timedelta(days=1)
