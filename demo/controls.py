"""What a test or a demonstration sets and reads while the mock feed runs: clock, faults, counts."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.times import micros, timestamp


class Refused(Exception):
    """A control was asked for something it cannot do; the text says what."""


class Clock:
    """The mock feed's now, in microseconds; it never goes back."""

    def __init__(self, at: datetime) -> None:
        self.now = micros(at)

    def move_to(self, at: datetime) -> None:
        """Move on to an aware time; Refused if it is before now."""
        if micros(at) < self.now:
            raise Refused(f"the clock stands at {timestamp(self.now).isoformat()} and never goes back")
        self.now = micros(at)


@dataclass
class Fault:
    """A rule: requests whose path and query match get this answer instead, or the real one late.

    `times` is how often it applies (None: always). Without a status the real answer follows the
    delay. `{id}` in the body is the id in the path. Of what is answered, only `cut_after` bytes are sent
    before the connection is reset.
    """

    path: re.Pattern[str]
    status: int | None = None
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    cut_after: int | None = None
    times: int | None = None

    @classmethod
    def of(cls, rule: dict[str, Any]) -> "Fault":
        """A rule from its JSON form; Refused when a key or value does not fit."""
        try:
            unknown = set(rule) - set(cls.__dataclass_fields__)
            if unknown:
                raise Refused(f"a fault has no {', '.join(sorted(unknown))}")
            return cls(**{**rule, "path": re.compile(rule["path"])})
        except (KeyError, TypeError, re.error) as error:
            raise Refused(f"not a fault: {rule!r} ({error!r})") from error


class Faults:
    """The rules in force; the first that matches applies."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def set(self, rules: list[dict[str, Any]]) -> None:
        """Replace all rules."""
        self._rules = [Fault.of(rule) for rule in rules]

    def next_for(self, path: str) -> Fault | None:
        """The rule that applies to this request, counted as applied."""
        for rule in self._rules:
            if rule.times != 0 and rule.path.search(path):
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None


class Stats:
    """Counts of what clients asked for: by endpoint, by status, and how many at once at most."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin again at nothing."""
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.conditional: Counter[str] = Counter()
        self.user_agents: set[str] = set()
        self.most_at_once = 0
        self.at_once = 0

    def as_json(self) -> dict[str, Any]:
        """`requests` by endpoint (public_token, feed, page, entry, register), `statuses`, `conditional`
        by header, `user_agents` and `most_at_once`."""
        return {
            "requests": dict(self.requests),
            "statuses": dict(self.statuses),
            "conditional": dict(self.conditional),
            "user_agents": sorted(self.user_agents),
            "most_at_once": self.most_at_once,
        }
