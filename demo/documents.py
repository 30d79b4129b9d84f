"""Given ads instead of a generated world: captures -> the feed's shape -> one active ad each.

Understood are a page of the retired public-feed (`content`), a search answer (`hits.hits[]._source`),
one ad in NAV's internal form, one ad or a detail in the feed's form, and a list of any of these.
Each ad has one event, at its `updated` (else `published`) time, and stays active whatever its
`expires` says. Of an ad that comes twice the one updated last is served.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from demo.feed import Shown
from demo.ids import Ids, is_uuid
from demo.lives import PUBLISHED, Step
from demo.log import EventLog
from demo.times import micros, parse_timestamp, timestamp

Content = dict[str, Any]

# Where NAV's internal form keeps in `properties` what the feed has at the top.
_FROM_PROPERTIES = {
    "description": "adtext",
    "sourceurl": "sourceurl",
    "applicationUrl": "applicationurl",
    "applicationDue": "applicationdue",
    "jobtitle": "jobtitle",
    "engagementtype": "engagementtype",
    "extent": "extent",
    "starttime": "starttime",
    "positioncount": "positioncount",
    "sector": "sector",
}
_PLACE = ("country", "address", "city", "postalCode", "county", "municipal")


class NotUnderstood(Exception):
    """A document is no ad in a known form; the text names the file and the place in it."""


class Documents:
    """The ads of some files, served as if each had been published once and stayed."""

    def __init__(self, ads: list[Content]) -> None:
        self.log = EventLog()
        self._ads = ads
        self._numbers = {ad["uuid"]: n for n, ad in enumerate(ads)}
        self._event_ids = Ids(0, "document")
        for ad in ads:
            at = _changed(ad)
            self.log.add_ad([Step(PUBLISHED, at, at, at, at)])
        self.log.seal()
        # The clock's default: now, or the newest ad if that is younger.
        self.until = max([datetime.now(UTC), *map(timestamp, self.log.event)])

    @classmethod
    def read(cls, files: list[Path]) -> "Documents":
        """The ads of JSON files. NotUnderstood names the file and place of what is no ad."""
        ads: dict[str, Content] = {}
        for file in files:
            for ad in _ads_of_file(file):
                known = ads.get(ad["uuid"])
                if known is None or _changed(known) <= _changed(ad):
                    ads[ad["uuid"]] = ad
        if not ads:
            raise NotUnderstood(f"no ad in {', '.join(map(str, files))}")
        return cls(list(ads.values()))

    @property
    def summary(self) -> str:
        """How many ads there are, in words."""
        return f"{self.log.ads:,} ads, {len(self.log):,} events, from documents"

    def ad_id(self, ad: int) -> str:
        """The uuid of an ad."""
        return str(self._ads[ad]["uuid"])

    def find_ad(self, ad_id: str) -> int | None:
        """The number of an ad."""
        return self._numbers.get(ad_id)

    def event_id(self, e: int) -> str:
        """The uuid of an event."""
        return self._event_ids.of(e)

    def find_event(self, event_id: str) -> int | None:
        """The number of an event."""
        number = self._event_ids.number(event_id)
        return number if number is not None and number < len(self.log) else None

    def shown(self, ad: int) -> Shown:
        """What the pages show of an ad."""
        content = self._ads[ad]
        employer = (content.get("employer") or {}).get("name") or ""
        municipal = next((p.get("municipal") for p in content.get("workLocations") or []), None)
        return Shown(content.get("title") or "", employer, municipal or "")

    def content(self, ad: int, e: int, clock: int) -> Content | None:
        """The ad as it was given."""
        return self._ads[ad]


def _changed(ad: Content) -> int:
    return micros(parse_timestamp(ad.get("updated") or ad["published"]))


def _ads_of_file(file: Path) -> Iterator[Content]:
    try:
        document = orjson.loads(file.read_bytes())
    except OSError as error:
        raise NotUnderstood(f"{file}: cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise NotUnderstood(f"{file}: not JSON: {error}") from error
    yield from _ads_of(document, str(file), "$")


def _ads_of(document: Any, file: str, place: str) -> Iterator[Content]:
    if isinstance(document, list):
        for n, part in enumerate(document):
            yield from _ads_of(part, file, f"{place}[{n}]")
    elif not isinstance(document, dict):
        raise NotUnderstood(f"{file}: {place} is no ad but {type(document).__name__}")
    elif isinstance(document.get("content"), list):
        yield from _ads_of(document["content"], file, f"{place}.content")
    elif isinstance(document.get("hits"), dict):
        hits = document["hits"].get("hits")
        if not isinstance(hits, list):
            raise NotUnderstood(f"{file}: {place}.hits.hits is no list")
        for n, hit in enumerate(hits):
            source = hit.get("_source") if isinstance(hit, dict) else None
            yield from _ads_of(source, file, f"{place}.hits.hits[{n}]._source")
    elif isinstance(document.get("ad_content"), dict):
        yield from _ads_of(document["ad_content"], file, f"{place}.ad_content")
    else:
        yield _ad(document, file, place)


def _ad(document: Content, file: str, place: str) -> Content:
    """One ad in the feed's shape."""
    try:
        ad = from_internal(document) if "properties" in document else document
        if not is_uuid(ad["uuid"]):
            raise ValueError(f"uuid {ad['uuid']!r} is not a lower-case uuid")
        _changed(ad)
        _check_parts(ad)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise NotUnderstood(f"{file}: {place} is not an ad in a known form: {what}") from error
    return ad


def _check_parts(ad: Content) -> None:
    """TypeError where a part that the pages show is of the wrong kind."""
    if not isinstance(ad.get("employer") or {}, dict):
        raise TypeError("employer is no object")
    places = ad.get("workLocations") or []
    if not isinstance(places, list) or not all(isinstance(place, dict) for place in places):
        raise TypeError("workLocations is no list of objects")


def from_internal(document: Content) -> Content:
    """NAV's internal form as `ad_content`: lists renamed, `properties` lifted to the top.

    A STYRK08NAV category becomes STYRK08 by the four digits before its dot, with the classifier's
    score or 1. KeyError when uuid is missing; AttributeError or TypeError when a part is no object.
    """
    properties = document["properties"]
    employer = document.get("employer") or {}
    ad: Content = {
        key: document.get(key) for key in ("uuid", "published", "expires", "updated", "title", "source")
    }
    ad["uuid"] = document["uuid"]
    ad |= {ours: properties.get(theirs) for ours, theirs in _FROM_PROPERTIES.items()}
    ad["link"] = f"https://arbeidsplassen.nav.no/stillinger/stilling/{ad['uuid']}"
    ad["workLocations"] = [
        {key: place.get(key) for key in _PLACE} for place in document.get("locationList") or []
    ]
    ad["occupationCategories"] = document.get("occupationList") or []
    ad["contactList"] = [
        {key: person.get(key) for key in ("name", "email", "phone", "role", "title")}
        for person in document.get("contactList") or []
    ]
    ad["employer"] = {
        "name": properties.get("employer") or document.get("businessName") or employer.get("name"),
        "orgnr": employer.get("orgnr"),
        "description": properties.get("employerdescription"),
        "homepage": properties.get("employerhomepage"),
    }
    score = float(properties.get("classification_styrk08_score") or 1)
    ad["categoryList"] = [
        {
            "categoryType": "STYRK08",
            "code": category["code"].partition(".")[0],
            "name": category.get("name"),
            "description": category.get("description"),
            "score": score,
        }
        for category in document.get("categoryList") or []
        if category.get("categoryType") == "STYRK08NAV"
    ]
    return ad
