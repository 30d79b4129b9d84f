"""New ads by occupation in detail: NAV's second level and STYRK-08, as tables to sort and search."""

from __future__ import annotations

from datetime import date
from typing import Any

from dashboard.chart import Chart, Column, Figures, Kind, Row, Said
from dashboard.groups import SHARE_NEEDED, UNKNOWN, change, mark_of, whole
from dashboard.recent import WEEKS, YEAR

# The day on which the feed was last read is not over: it is left out.
SPANS = """
sum(case when day > last_day - 28 then ads else 0 end),
sum(case when day between last_day - 391 and last_day - 364 then ads else 0 end),
sum(case when day > last_day - 28 then captured else 0 end),
sum(case when day between last_day - 391 and last_day - 364 then captured else 0 end),
min(first_day), max(last_day)
"""
LEVEL2_QUERY = f"""
select level2, level1, {SPANS}
from (
    select ads.published_on as day, named.level2, named.level1, named.weight as ads,
        case when ads.is_captured then named.weight else 0 end as captured
    from {{mart}} as ads
    inner join {{joined}} as named on named.ad_id = ads.ad_id
    where ads.published_on is not null
) as counted
cross join (
    select max(published_on) - 1 as last_day, min(published_on) as first_day from {{mart}}
) as span
where day <= last_day and day >= last_day - 391
group by level2, level1
"""
STYRK_QUERY = f"""
select styrk08_name, styrk08_code, {SPANS}
from (
    select day, styrk08_name, styrk08_code, ads_weighted as ads, ads_weighted * share_captured as captured
    from {{mart}}
) as counted
cross join (select max(day) - 1 as last_day, min(day) as first_day from {{mart}}) as span
where day <= last_day and day >= last_day - 391
group by styrk08_name, styrk08_code
"""
COLUMNS = (
    Column("ads", "whole"),
    Column("ads_year_earlier", "whole"),
    Column("percent", "percent"),
    Column("share_captured", "share"),
    Column("share_captured_year_earlier", "share"),
)
TABLE: tuple[tuple[str, Kind], ...] = (
    ("label", "text"),
    ("part", "text"),
    ("now", "whole"),
    ("before", "whole"),
    ("percent", "percent"),
)


def figures(rows: list[Row]) -> Figures:
    """The occupation with most ads first; a year earlier only where the data reaches back that far."""
    if not rows:
        return Figures([], problem="empty")
    first_day, last = rows[0][6:8]
    caveats: list[tuple[str, dict[str, Any]]] = [("weeks", {"day": last}), ("few", {})]
    shares = [_share(rows, 2, 4), _share(rows, 3, 5)]
    reaches_back = _reaches_back(first_day, last)
    is_known = reaches_back and all(share is not None and share >= SHARE_NEEDED for share in shares)
    if not reaches_back:
        caveats.append(("no_weeks_year_earlier", {}))
    elif not is_known:
        caveats.append(("unknown_last_year", {}))
    found = []
    for name, part, now, before, *_ in rows:
        percent = change(now, before) if is_known else None
        found.append(
            (name, part, round(now, 2), round(before, 2) if reaches_back else None, percent, *shares)
        )
    ordered = sorted(found, key=lambda row: (row[0] == UNKNOWN, -row[2], row[0]))
    named = [row for row in ordered if row[0] != UNKNOWN]
    said = Said("said", {"name": named[0][0], "number": whole(named[0][2])}) if named else None
    mark = mark_of(shares[0])
    return Figures(ordered, None, caveats + mark, [], None if mark else said)


def _reaches_back(first: date, last: date) -> bool:
    return last - first >= YEAR + WEEKS


def _share(rows: list[Row], ads: int, captured: int) -> float | None:
    total = sum(row[ads] for row in rows)
    return sum(row[captured] or 0 for row in rows) / total if total else None


def _chart(chart_id: str, mart: str, query: str, name: str, part: str, joined: str = "") -> Chart:
    return Chart(
        id=chart_id,
        mart=mart,
        joined=joined,
        query=query,
        columns=(Column(name, "text"), Column(part, "text"), *COLUMNS),
        figures=figures,
        series={
            "label": name,
            "part": part,
            "now": "ads",
            "before": "ads_year_earlier",
            "percent": "percent",
        },
        table=TABLE,
    )


OCCUPATIONS = _chart(
    "occupations", "fct_ads", LEVEL2_QUERY, "occupation_level2", "occupation", joined="ad_occupations"
)
STYRK = _chart("styrk", "daily_new_ads_by_styrk", STYRK_QUERY, "styrk08_name", "styrk08_code")
