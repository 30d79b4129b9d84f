"""How the charts look: colours are the page's CSS variables: dark mode and print redraw nothing."""

from __future__ import annotations

from typing import Any

import altair as alt

INK, MUTED, GRID, SHADE = "var(--ink)", "var(--muted)", "var(--grid)", "var(--shade)"
PAPER, ACCENT, EARLIER, FAINT, BARS = (
    "var(--paper)",
    "var(--accent)",
    "var(--earlier)",
    "var(--faint)",
    "var(--bars)",
)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
RISE, FALL = "var(--c0)", "var(--c1)"
COLOURS = [f"var(--c{number})" for number in range(5)]
"""Told apart by the colour-blind; the darker relatives of Okabe and Ito's, so that labels can be read."""

NAMES = alt.ExprRef("containerSize()[0] < 420 ? 150 : 180")
"""The longest that a name beside a bar may be, in pixels."""

ROWS = alt.NamedData("rows")
LABELS = alt.NamedData("labels")
SHADED = alt.NamedData("shaded")
SEASONS = alt.NamedData("seasons")
TILE_COLOURS = ["var(--panel)", *(f"var(--{kind}{number})" for kind in "ds" for number in range(5))]
"""Not known; from a large fall to a large rise; from few to many."""
RANK = alt.EncodingSortField(field="rank", op="min")
"""The order of the rows as they are now: without it, names that stay keep the place they had before."""
DAY = alt.Scale(type="utc", nice=False)


def finished(
    chart: alt.LayerChart | alt.FacetChart, height: int, width: int | str = "container"
) -> dict[str, Any]:
    """The chart with the page's typography, as Vega-Lite; as wide as its place and `height` pixels in all."""
    axis = {
        "labelFont": FONT,
        "labelFontSize": 12,
        "labelColor": MUTED,
        "titleFont": FONT,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleColor": MUTED,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelPadding": 6,
    }
    spec: dict[str, Any] = (
        chart.properties(
            width=width,
            height=height,
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
            padding={"left": 2, "top": 8, "right": 12, "bottom": 2},
        )
        .configure(background="transparent", font=FONT)
        .configure_axis(**axis)
        .configure_axisX(grid=False, ticks=True, tickSize=4)
        .configure_axisY(domain=False, ticks=False)
        .configure_view(stroke=None)
        .configure_text(font=FONT, fontSize=12)
        .to_dict()
    )
    return spec


MONTH_STEPS = "(span(domain('x')) / 2629800000 / clamp(width / 60, 3, 14))"
FIRST, AFTER = "time(domain('x')[0])", "(time(domain('x')[1]) + 1)"
WEEK, MONDAY = 604800000, 345600000
"""Milliseconds in a week, and of the first Monday after 1 January 1970."""
DAYS = f"utcSequence('day', {FIRST}, {AFTER})"
WEEKS = f"sequence(ceil(({FIRST} - {MONDAY}) / {WEEK}) * {WEEK} + {MONDAY}, {AFTER}, {WEEK})"
TICKS = (
    f"utcSequence('month', utc(utcyear({FIRST}), 0, 1), {AFTER}, "
    f"{MONTH_STEPS} <= 1 ? 1 : {MONTH_STEPS} <= 3 ? 3 : {MONTH_STEPS} <= 6 ? 6 : 12)"
)
MONTHS = (
    "utcmonth(datum.value) == 0 || datum.index == 0"
    " ? [utcFormat(datum.value, '%b'), utcFormat(datum.value, '%Y')] : utcFormat(datum.value, '%b')"
)


def time_axis(*, monthly: bool = False, **options: Any) -> alt.X:
    """Months below, the year under January and under the first label; short spans by week or by day.

    `%x` is the day and the month as the language writes them (the page's script sets the locale).
    """
    days = "span(domain('x'))"
    by_day = f"({days} <= 864000000 ? {DAYS} : {WEEKS})"
    is_short = f"{days} <= 86400000 * 80"
    axis = alt.Axis(
        title=None,
        values=alt.ExprRef(TICKS if monthly else f"{is_short} ? {by_day} : {TICKS}"),
        labelExpr=MONTHS if monthly else f"{is_short} ? utcFormat(datum.value, '%x') : ({MONTHS})",
        labelOverlap=True,
        labelFlush=False,
    )
    return alt.X("when:T", scale=DAY, axis=axis, **options)


def value_axis(field: str, **options: Any) -> alt.Y:
    """Whole counts, few lines."""
    axis = alt.Axis(
        title=None, tickCount=5, format=options.pop("format", ",d"), tickMinStep=options.pop("step", 1)
    )
    return alt.Y(field, axis=axis, **options)


def backdrop() -> list[alt.Chart]:
    """What lies behind the lines: spans of which little was captured, and the seasons by name."""
    begin = alt.X("when:T", scale=DAY)
    return [
        alt.Chart(SHADED).mark_rect(color=SHADE).encode(x=begin, x2="until:T"),
        alt.Chart(SEASONS).mark_rect(color=GRID, opacity=0.45).encode(x=begin, x2="until:T"),
        alt.Chart(SEASONS)
        .mark_text(align="left", baseline="top", dx=2, dy=2, fontSize=10.5, color=MUTED)
        .encode(x=begin, y=alt.value(0), text="label:N"),
    ]


def end_labels(field: str) -> alt.Chart:
    """The name at the end of each line, in its colour; moved apart by the page's script."""
    text: alt.Chart = (
        alt.Chart(LABELS)
        .mark_text(align="left", dx=8, fontWeight=500, limit=170)
        .encode(
            x=alt.X("when:T", scale=DAY),
            y=alt.Y(f"{field}:Q"),
            text="label:N",
            color=alt.Color("role:O", scale=ROLES, legend=None),
        )
    )
    return text


def change_bars() -> alt.LayerChart | alt.FacetChart:
    """A bar from zero for each change in percent, in `rank`'s order, the change in words on the right."""
    names = alt.Axis(title=None, labelLimit=NAMES, labelColor=INK, labelPadding=8, domain=False, ticks=False)
    percents = alt.Axis(
        title=None, tickCount=3, labelExpr="datum.label + '\u2009%'", orient="top", domain=False, ticks=False
    )
    right = alt.ExprRef("width < 250 ? width - 56 : width - 140")
    base = alt.Chart(ROWS).encode(y=alt.Y("label:N", sort=RANK, axis=names))
    x = alt.X("percent:Q", axis=percents, scale=alt.Scale(zero=True, range=[0, right]))
    return alt.layer(
        base.mark_bar(height={"band": 0.62}).encode(
            x=x, color=alt.condition("datum.percent < 0", alt.value(FALL), alt.value(RISE))
        ),
        base.mark_text(align="right", color=MUTED, fontSize=11.5).encode(
            x=alt.value(alt.ExprRef("width")), text="change:N"
        ),
    )


ROLES = alt.Scale(domain=[-2, -1, 0, 1, 2, 3, 4], range=[MUTED, FAINT, *COLOURS])
"""-2: not known; -1: in the background; 0 to 4: in colour."""
