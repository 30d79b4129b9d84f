"""Open ads by the way they came to NAV, and by whether they state part time."""

from __future__ import annotations

import altair as alt

from dashboard.chart import Chart, Column, Drawing, Figures, Row, Said
from dashboard.groups import UNKNOWN
from dashboard.style import COLOURS, GRID, INK, MUTED, NAMES, RANK, ROWS

# An ad of an archive may never have been closed, and be over all the same.
QUERY = """
select coalesce(ad_source, 'Unknown'), case when states_part_time then 'Deltid' else 'Unknown' end, count(*)
from {mart}
where status = 'ACTIVE' and is_captured
    and (closed_on is null or closed_on >= (select cast(max(loaded_at) as date) from {mart}))
group by 1, 2
"""
COLUMNS = (Column("ad_source", "text"), Column("extent", "text"), Column("ads", "whole"))
EXTENTS = ("Deltid",)
"""NAV's server writes Heltid wherever an ad says nothing: only part time is known to be stated."""


def figures(rows: list[Row]) -> Figures:
    """The largest source first, what states part time before the rest."""
    if not rows:
        return Figures([], problem="empty")
    by_source: dict[str, int] = {}
    for source, _, ads in rows:
        by_source[source] = by_source.get(source, 0) + ads
    places = {extent: place for place, extent in enumerate(EXTENTS)}

    def order(row: Row) -> tuple[bool, int, str, int, str]:
        source, extent, _ = row
        return source == UNKNOWN, -by_source[source], source, places.get(extent, len(places)), extent

    ordered = sorted(rows, key=order)
    first, total = ordered[0][0], sum(by_source.values())
    part_time = sum(ads for _, extent, ads in rows if extent in EXTENTS)
    said = Said(
        "said",
        {
            "group": ("source", first),
            "percent": 100 * by_source[first] / total,
            "part_time": 100 * part_time / total,
        },
    )
    return Figures(ordered, said=said)


def draw() -> Drawing:
    """A bar for each source, cut by extent, its sum at the end."""
    names = alt.Axis(title=None, labelLimit=NAMES, labelColor=INK, labelPadding=8, domain=False, ticks=False)
    counts = alt.Axis(
        title=None, tickCount=4, format=",d", tickMinStep=1, gridColor=GRID, domain=False, ticks=False
    )
    base = alt.Chart(ROWS)
    sources = alt.Y("label:N", sort=RANK, axis=names)
    return alt.layer(
        base.mark_bar(height={"band": 0.62}).encode(
            y=sources,
            x=alt.X("ads:Q", stack="zero", axis=counts),
            order="place:Q",
            color=alt.Color(
                "place:O",
                legend=None,
                scale=alt.Scale(domain=[0, 1], range=[COLOURS[0], MUTED]),
            ),
        ),
        base.transform_aggregate(total="sum(ads)", rank="min(rank)", groupby=["label"])
        .mark_text(align="left", dx=6, color=INK)
        .encode(y=sources, x="total:Q", text=alt.Text("total:Q", format=",d")),
    )


SOURCES = Chart(
    id="sources",
    mart="fct_ads",
    query=QUERY,
    columns=COLUMNS,
    figures=figures,
    draw=draw,
    series={"label": "ad_source", "extent": "extent", "ads": "ads"},
    table=(("label", "text"), ("extent", "text"), ("ads", "whole")),
    height=214,
    row_height=42,
)
