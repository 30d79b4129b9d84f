"""Random histories of a feed: ads, their events and states, split into loads in any order.

history(random) -> [Load, ...], to be completed one after the other: Clock(random)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.dbt.raw import Row, event, features, unit, version

# The spans meet a 29 February, a year's end, and both changes of the clock.
BEGIN = datetime(2022, 12, 20, 8, 30, tzinfo=UTC)
END = datetime(2024, 4, 10, 22, 45, tzinfo=UTC)
NUMBERS = [f"91000000{digit}" for digit in range(10)]
CODES = ["62.010", "62.100", "45.200", "86.101", "00.000", None]
COUNTIES = [("OSLO", "OSLO"), ("HORDALAND", "BERGEN"), ("VIKEN", "MOSS"), ("VIKEN", "?"), ("X", "Y")]
OCCUPATIONS = [("IT", "Drift"), ("IT", "Utvikling"), ("Helse og sosial", "Lege"), ("Ny", None), (None, "?")]


@dataclass
class Load:
    """Rows of one package, and when it read its source: the feed, an archive, or one that says nothing."""

    at: datetime
    source: str | None
    versions: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    features: list[Row] = field(default_factory=list)


class Clock:
    """When loads complete: hours to weeks after one another, at times a day before the one before it."""

    def __init__(self, random: Random) -> None:
        self.random, self.now = random, END

    def tick(self) -> datetime:
        """The next load's time of completion."""
        self.now += timedelta(hours=self.random.choice([1, 20, 100, 1000]))
        return self.now - timedelta(days=1) * (self.random.random() < 0.1)


def register_load(random: Random) -> list[Row]:
    """Some units as they are now: main units and sub-units, with and without a code."""
    return [
        unit(number, random.choice(CODES), random.choice([None, *NUMBERS[:3]]))
        for number in random.sample(NUMBERS, random.randrange(1, 5))
    ]


def history(random: Random, ads: int = 80, loads: int = 10) -> list[Load]:
    """Loads of random rows of random ads; the order of completion is not the order of reading."""
    # No two at one time: their names are made of it.
    halves = random.sample(range((END - BEGIN) // timedelta(hours=12)), loads)
    packages = [
        Load(BEGIN + timedelta(hours=12) * half, random.choice([*["feed"] * 6, "mongo_archive", None]))
        for half in halves
    ]
    # Nearly all rows come in the first loads; in the others an ad or two change, or only the as-of date.
    sizes = [100, 100, 100] + [1] * (loads - 3)
    # An archive tells of no events.
    sizes_of_events = [
        0 if package.source == "mongo_archive" else size
        for package, size in zip(packages, sizes, strict=True)
    ]

    def some_load(sizes: list[int] = sizes) -> Load:
        return random.choices(packages, sizes)[0]

    for number in range(ads):
        ad_id = f"ad-{number:03}"
        for _ in range(random.randrange(5)):
            status = random.choice(["ACTIVE", "ACTIVE", "INACTIVE", "DELETED"])
            again = [some_load(sizes_of_events)] if random.random() < 0.2 else []
            read_by = [some_load(sizes_of_events), *again]
            # no event is read before it happened
            row = event(ad_id, status, min(timestamp(random), *(package.at for package in read_by)))
            for package in read_by:
                if row not in package.events:
                    package.events.append(row)
        for _ in range(random.randrange(4)):
            package = some_load()
            document = _document(random) if random.random() > 0.2 else None
            status = "ACTIVE" if document else "INACTIVE"
            row = version(ad_id, document, min(timestamp(random), package.at), status=status)
            package.versions.append(row)
            for rules_version in range(1, random.randrange(1, 4)):
                later = random.choice([package, some_load()])
                later.features.append(
                    features(
                        row,
                        rules_version=rules_version,
                        text_length=random.randrange(9000),
                        text_hash=random.choice([None, 1, 1, 2]),
                    )
                )
    return packages


def timestamp(random: Random) -> datetime:
    # few distinct timestamps: ties happen
    return BEGIN + timedelta(hours=12) * random.randrange((END - BEGIN) // timedelta(hours=12))


def _document(random: Random) -> dict[str, Any]:
    published = timestamp(random)
    places = random.choices(COUNTIES, k=random.choice([0, 1, 1, 1, 2, 3]))
    occupations = random.choices(OCCUPATIONS, k=random.choice([0, 1, 1, 2, 3]))
    document: dict[str, Any] = {
        "published": random.choice([published.isoformat(), published.strftime("%Y-%m-%dT%H:%M:%S"), ""]),
        "expires": (published + timedelta(days=random.randrange(-3, 90))).isoformat(),
        "positioncount": random.choice(["1", "3", " 2 ", "many", None, 4]),
        "applicationDue": random.choice(["Snarest", "1.3.2024", "2024-03-01T00:00:00"]),
        "workLocations": [
            {"country": "NORGE", "county": county, "municipal": municipality}
            for county, municipality in places
        ],
        "employer": {"orgnr": random.choice([*NUMBERS, "999999999", None])},
        "occupationCategories": [{"level1": one, "level2": two} for one, two in occupations],
    }
    if random.random() < 0.4:  # ads that may repeat one another
        document |= {"employer": {"orgnr": NUMBERS[0]}, "workLocations": []}
    if random.random() < 0.3:
        del document[random.choice(list(document))]
    return document
