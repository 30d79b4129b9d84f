"""The `categoryList` of an ad: ESCO, STYRK08 and JANZZ with scores that are refreshed at times."""

from random import Random
from typing import Any

from demo.trades import Trade, esco_uri, isco_uri, janzz_code, neighbour


def draw(rng: Random, trade: Trade, refreshed: int) -> list[dict[str, Any]]:
    """The categories of a trade; `refreshed` moves the scores, within 0 to 1.

    Some lists are empty, some ESCO entries carry an ISCO group, the best STYRK08 is not always
    first, and two can have the same score.
    """
    kind, score = rng.random(), round(0.6 + 0.4 * rng.random(), 7)
    if kind < 0.02:
        return []
    other = neighbour(trade)
    moved = round(score - 0.0173 * (refreshed % 7), 7)
    esco = isco_uri(trade) if kind < 0.17 else esco_uri(trade)
    found = [
        _entry("ESCO", esco, trade.title, moved),
        _entry("STYRK08", trade.code, trade.name, 1.0 if kind > 0.6 else moved),
        _entry("JANZZ", janzz_code(trade), trade.title, moved),
    ]
    if kind > 0.85:
        found.insert(1, _entry("STYRK08", other.code, other.name, round(moved / 2, 7)))
    elif kind > 0.82:
        found.append(_entry("STYRK08", other.code, other.name, 1.0))
    return found


def _entry(kind: str, code: str, name: str, score: float) -> dict[str, Any]:
    return {"categoryType": kind, "code": code, "name": name, "description": None, "score": score}
