"""A deterministic world of ads, and the truth about it.

    World(seed, days, ads_a_day, until)  ->  events in an EventLog (held)
                                         ->  headings and contents (made when asked for)

The ads of a date depend on the seed, the date and `ads_a_day` only: a world that ends a day later
holds the same ads with the same uuids and one day more, as the feed of the next day would.
"""

from array import array
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple

from demo.ads import Moment, content_of, heading_of, text_of
from demo.copies import sameness_of
from demo.feed import Shown
from demo.fields import Content
from demo.ids import Ids
from demo.lives import STOPPED, life_of
from demo.log import EventLog
from demo.seasons import share_of
from demo.texts import Text
from demo.times import DAY, micros, oslo_date, oslo_midnight, timestamp

_FIRST_DAY = 700_000  # so that a day's ordinal fits 16 bits


class Event(NamedTuple):
    """An entry of the feed. `event_at` is the feed's clock, `changed_at` the ad's own (UTC both);
    it can be read from `visible_at`."""

    ad_id: str
    status: str
    event_at: datetime
    changed_at: datetime
    visible_at: datetime
    is_masked: bool | None
    """Of a closing entry; None of an active one."""


class Detail(NamedTuple):
    """What a detail says at some time; `content` is None unless active, and at times even then."""

    ad_id: str
    status: str
    changed_at: datetime
    content: Content | None


class PersonalData(NamedTuple):
    """Everything personal in a world, in each spelling used."""

    names: frozenset[str]
    emails: frozenset[str]
    phones: frozenset[str]
    identity_numbers: frozenset[str]


class World:
    """Ads of `days` days, the last of them the Oslo day of `until` (aware; default: this hour).

    ValueError when the numbers are out of bounds.
    """

    def __init__(
        self,
        seed: int = 1,
        days: int = 60,
        ads_a_day: int = 550,
        until: datetime | None = None,
    ) -> None:
        until = until or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        if not (1 <= days <= 3_650 and 1 <= ads_a_day <= 40_000 and 2000 <= until.year <= 2090):
            raise ValueError("a world has 1 to 3650 days, 1 to 40000 ads a day, and ends 2000 to 2090")
        self.seed, self.days, self.ads_a_day = seed, days, ads_a_day
        self.until = until.astimezone(UTC)
        last = oslo_date(micros(self.until))
        self.first_day = last - timedelta(days=days - 1)
        self.start = timestamp(oslo_midnight(self.first_day))
        self.new_field_from = self.first_day + timedelta(days=days * 2 // 3)
        self.log = EventLog()
        self._keys = array("q")
        self._expires = array("q")
        self._day_starts: list[int] = []
        self._ad_ids = Ids(seed, "ad")
        self._event_ids = Ids(seed, "event")
        for n in range(days):
            self._add_day(self.first_day + timedelta(days=n))
        self.log.seal()

    def _add_day(self, day: date) -> None:
        self._day_starts.append(len(self._keys))
        prefix = (day.toordinal() - _FIRST_DAY) << 16
        jitter = 0.94 + 0.12 * Random(self.seed * 1_000_003 + prefix).random()
        for index in range(round(self.ads_a_day * share_of(day) * jitter)):
            key = prefix | index
            life = life_of(Random(self.seed * 1_000_003 + key * 4), day)
            self.log.add_ad(life.steps)
            self._keys.append(key)
            self._expires.extend(life.expires)

    # What the server asks for: ads and events by number, times in microseconds.

    def ad_id(self, ad: int) -> str:
        """The uuid of an ad."""
        return self._ad_ids.of(self._keys[ad])

    def key(self, ad: int) -> int:
        """What all that an ad says follows from."""
        return self._keys[ad]

    def find_ad(self, ad_id: str) -> int | None:
        """The number of the ad with this uuid."""
        key = self._ad_ids.number(ad_id)
        if key is None:
            return None
        day = (key >> 16) + _FIRST_DAY - self.first_day.toordinal()
        if not 0 <= day < self.days:
            return None
        ad = self._day_starts[day] + (key & 0xFFFF)  # of a larger world there may be no such ad here
        return ad if ad < len(self._keys) and self._keys[ad] == key else None

    def event_id(self, e: int) -> str:
        """The uuid of an event: the id of the page that begins with it."""
        ad = self.log.ad[e]
        return self._event_ids.of(self._keys[ad] << 8 | e - self.log.first[ad])

    def find_event(self, event_id: str) -> int | None:
        """The number of the event with this uuid."""
        number = self._event_ids.number(event_id)
        ad = None if number is None else self.find_ad(self._ad_ids.of(number >> 8))
        return None if number is None or ad is None else self.log.first[ad] + (number & 0xFF)

    def shown(self, ad: int) -> Shown:
        """What the pages show of an ad."""
        heading = heading_of(self.seed, self._keys[ad])
        return Shown(heading.title, heading.employer.name, heading.place.municipal)

    def content(self, ad: int, e: int, clock: int) -> Content | None:
        """The `ad_content` of an ad that is active after event `e`; None for the hollow few."""
        version = self.log.version(ad, e)
        index = self._keys[ad] & 0xFFFF
        if index % 211 == 31 or (index % 199 == 29 and version == 0):
            return None
        first = self.log.first[ad]
        published = self.log.changed[first]
        moment = Moment(
            published,
            self.log.changed[e],
            self._expires[e],
            version,
            self._rewrites(ad, e, clock),
        )
        is_new = oslo_date(published) >= self.new_field_from
        return content_of(self.seed, self._keys[ad], self.ad_id(ad), index, moment, is_new)

    def _rewrites(self, ad: int, e: int, clock: int) -> int:
        """How often the ad was rewritten in place since event `e`: one ad in eight, every 3 days."""
        if self._keys[ad] % 8:
            return 0
        return max(0, clock - self.log.changed[e]) // (3 * DAY)

    # The truth, for tests: uuids and datetimes (UTC).

    def events(self, at: datetime) -> list[Event]:
        """Every entry that can be read from the feed at `at`, in the feed's order."""
        log = self.log
        return [
            Event(
                self.ad_id(log.ad[e]),
                "ACTIVE" if log.is_active(e) else "INACTIVE",
                timestamp(log.event[e]),
                timestamp(log.changed[e]),
                timestamp(log.visible[e]),
                None if log.is_active(e) else log.kind[e] == STOPPED,
            )
            for e in log.seen_from(0, micros(at))
        ]

    def ad_ids(self, at: datetime) -> Iterator[str]:
        """Every ad that has a detail at `at`."""
        clock = micros(at)
        return (self.ad_id(ad) for ad in range(self.log.ads) if self.log.changed[self.log.first[ad]] <= clock)

    def ad(self, ad_id: str, at: datetime) -> Detail | None:
        """What the detail of an ad says at `at`; None when there is no such ad (yet)."""
        ad = self.find_ad(ad_id)
        e = None if ad is None else self.log.state(ad, micros(at))
        if ad is None or e is None:
            return None
        active = self.log.is_active(e)
        content = self.content(ad, e, micros(at)) if active else None
        status = "ACTIVE" if active else "INACTIVE"
        return Detail(ad_id, status, timestamp(self.log.changed[e]), content)

    def text(self, ad_id: str) -> Text:
        """The language of an ad and what its description truly says; KeyError if unknown."""
        ad = self.find_ad(ad_id)
        if ad is None:
            raise KeyError(ad_id)
        key = self._keys[ad]
        return text_of(self.seed, key, heading_of(self.seed, key)).text

    def reposts(self, ad_ids: Collection[str]) -> dict[str, str]:
        """Those of the ads that repeat one of them within 30 days, and the first ad of each chain."""
        alike: dict[int, list[int]] = {}
        for key in sorted(self._keys[ad] for ad_id in ad_ids if (ad := self.find_ad(ad_id)) is not None):
            alike.setdefault(sameness_of(self.seed, key), []).append(key)
        found: dict[str, str] = {}
        for keys in alike.values():
            first = keys[0]
            for before, key in pairwise(keys):
                first = first if (key >> 16) - (before >> 16) <= 30 else key
                if first != key:
                    found[self._ad_ids.of(key)] = self._ad_ids.of(first)
        return found

    def personal_data(self) -> PersonalData:
        """All names, addresses, phone and identity numbers of the world, as they are spelled."""
        names: set[str] = set()
        emails: set[str] = set()
        phones: set[str] = set()
        numbers: set[str] = set()
        for key in self._keys:
            words = text_of(self.seed, key, heading_of(self.seed, key))
            for person, phone in zip(words.people, words.phones, strict=True):
                names.add(person.name)
                emails |= {person.email, person.email.replace("@", "&#64;")}
                phones |= {person.phone, phone or person.phone}
            phones.update(words.text.phones)
            numbers.update(words.text.identity_numbers)
        phones |= {p.replace("+", "&#43;") for p in phones}
        return PersonalData(*map(frozenset[str], (names, emails, phones, numbers)))

    def summary(self, at: datetime) -> str:
        """How large the world is at `at`, in words."""
        seen = self.log.seen(micros(at))
        return f"{self.log.ads:,} ads, {seen:,} events, seed {self.seed}"
