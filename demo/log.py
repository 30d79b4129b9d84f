"""The feed's event log: what stands in it, in which order, and what a clock may see of it."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from demo.lives import ACTIVE_KINDS, Step


class EventLog:
    """Events by ad and by place in the log; small enough for a year of ads (50 bytes an event).

    An event is known by its number `e`, counted ad by ad. Its place in the log is its position.
    """

    def __init__(self) -> None:
        self.kind = array("b")
        self.stored = array("q")
        self.event = array("q")
        self.changed = array("q")
        self.visible = array("q")
        self.ad = array("l")
        self.first = array("l", [0])
        self.order = array("l")
        self.position = array("l")
        self._stored_in_order = array("q")
        self._newest_so_far = array("q")

    def add_ad(self, steps: Sequence[Step]) -> int:
        """Append an ad with its events; returns the ad's number."""
        number = len(self.first) - 1
        for step in steps:
            self.kind.append(step.kind)
            self.stored.append(step.stored)
            self.event.append(step.event)
            self.changed.append(step.changed)
            self.visible.append(step.visible)
            self.ad.append(number)
        self.first.append(len(self.kind))
        return number

    def seal(self) -> None:
        """Put the events in the order of the log; to be called once, after the last ad."""
        self.order = array("l", sorted(range(len(self.kind)), key=self.stored.__getitem__))
        self.position = array("l", bytes(self.order.itemsize * len(self.order)))
        newest = 0
        for position, e in enumerate(self.order):
            self.position[e] = position
            newest = max(newest, self.event[e])
            self._newest_so_far.append(newest)
        self._stored_in_order = array("q", (self.stored[e] for e in self.order))

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def ads(self) -> int:
        """How many ads there are."""
        return len(self.first) - 1

    def events_of(self, ad: int) -> range:
        """The numbers of an ad's events, oldest first."""
        return range(self.first[ad], self.first[ad + 1])

    def seen_from(self, position: int, clock: int) -> Iterator[int]:
        """The events from a position on that can be read at `clock`, in the log's order."""
        end = bisect_right(self._stored_in_order, clock)
        for place in range(position, end):
            e = self.order[place]
            if self.visible[e] <= clock:
                yield e

    def first_newer(self, than: int, clock: int) -> int | None:
        """The first readable event whose own time is after `than`."""
        start = bisect_right(self._newest_so_far, than)
        return next((e for e in self.seen_from(start, clock) if self.event[e] > than), None)

    def newest(self, clock: int) -> int | None:
        """The last readable event of the log."""
        for place in range(bisect_right(self._stored_in_order, clock) - 1, -1, -1):
            if self.visible[self.order[place]] <= clock:
                return self.order[place]
        return None

    def seen(self, clock: int) -> int:
        """How many events can be read at `clock`."""
        return sum(1 for at in self.visible if at <= clock)

    def state(self, ad: int, clock: int) -> int | None:
        """The last event that an ad's detail shows at `clock`; None before the ad is there."""
        last = None
        for e in self.events_of(ad):
            if self.changed[e] <= clock:
                last = e
        return last

    def is_active(self, e: int) -> bool:
        """Whether the ad is active after this event."""
        return self.kind[e] in ACTIVE_KINDS

    def version(self, ad: int, e: int) -> int:
        """How often an ad had been changed while active, up to an event: 0 as first published."""
        return sum(1 for n in range(self.first[ad], e + 1) if self.is_active(n)) - 1
