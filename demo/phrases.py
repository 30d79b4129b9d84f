"""What a language must bring along for ads to be written in it."""

from typing import NamedTuple


class Phrases(NamedTuple):
    """One language's building blocks; `{job}`, `{employer}` and `{place}` are filled in."""

    intro: tuple[str, ...]
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    ways: tuple[str, ...]
    wanted: tuple[str, ...]
    traits: tuple[str, ...]
    offers: tuple[str, ...]
    about: tuple[str, ...]
    headings: tuple[str, str, str, str, str]  # tasks, wanted, traits, offers, about
    contact: tuple[str, ...]  # with {name}, {role}, {phone}, {email}
    identity: str  # with {number}


class Hints(NamedTuple):
    """Sentences about one matter: those that say yes, those that say no, and look-alikes."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    lures: tuple[str, ...]
