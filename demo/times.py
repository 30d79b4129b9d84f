"""Timestamps as whole microseconds since 1970 (UTC), and the ways the feed spells them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - EPOCH) // _MICROSECOND


def timestamp(us: int) -> datetime:
    """The aware UTC datetime of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


def oslo_date(us: int) -> date:
    """The Europe/Oslo date of a timestamp."""
    return timestamp(us).astimezone(OSLO).date()


def oslo_midnight(day: date) -> int:
    """The timestamp at which `day` begins in Europe/Oslo."""
    return micros(datetime(day.year, day.month, day.day, tzinfo=OSLO))


def parse_timestamp(text: str) -> datetime:
    """An ISO 8601 text as an aware UTC datetime; without an offset it is Oslo wall time.

    Raises ValueError when the text is not a date or time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=OSLO)
    return moment.astimezone(UTC)


def spell(us: int, style: int) -> str:
    """A timestamp as text: style 0 has Oslo's offset, 1 is UTC with Z, 2 is Oslo wall time.

    Wall time that the clocks pass twice in autumn would be unreadable, so it gets its offset.
    """
    if style == 1:
        return timestamp(us).replace(tzinfo=None).isoformat() + "Z"
    local = timestamp(us).astimezone(OSLO)
    if style == 2 and local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return local.replace(tzinfo=None).isoformat()
    return local.isoformat()
