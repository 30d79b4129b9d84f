"""How the charts look: colours are the page's CSS variables: dark mode and print redraw nothing."""

from __future__ import annotations

from typing import Any

import altair as alt

INK, MUTED, GRID, SHADE = "var(--ink)", "var(--muted)", "var(--grid)", "var(--shade)"
ACCENT, EARLIER, FAINT, BARS = "var(--accent)", "var(--earlier)", "var(--faint)", "var(--bars)"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
COLOURS = [f"var(--c{number})" for number in range(5)]
"""Told apart by the colour-blind; the darker relatives of Okabe and Ito's, so that labels can be read."""

NAMES = alt.ExprRef("containerSize()[0] < 420 ? 150 : 180")
"""The longest that a name beside a bar may be, in pixels."""

ROWS = alt.NamedData("rows")
LABELS = alt.NamedData("labels")
SHADED = alt.NamedData("shaded")
DAY = alt.Scale(type="utc", nice=False)


def finished(chart: alt.LayerChart | alt.FacetChart, height: int) -> dict[str, Any]:
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
            width="container",
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


def time_axis(**options: Any) -> alt.X:
    """Months below, the year under January and under the first label."""
    label = (
        "timeOffset('month', datum.value, 0) && (utcmonth(datum.value) == 0 || datum.index == 0"
        " ? [utcFormat(datum.value, '%b'), utcFormat(datum.value, '%Y')] : utcFormat(datum.value, '%b'))"
    )
    by_day = "utcFormat(datum.value, '%-d. %b')"
    axis = alt.Axis(
        title=None,
        labelExpr=f"span(domain('x')) > 86400000 * 80 ? ({label}) : {by_day}",
        tickCount=alt.ExprRef("clamp(floor(width / 70), 2, 13)"),
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


def shaded() -> alt.Chart:
    """The time before the ads' content is known."""
    rect: alt.Chart = (
        alt.Chart(SHADED).mark_rect(color=SHADE).encode(x=alt.X("when:T", scale=DAY), x2="until:T")
    )
    return rect


def end_labels(field: str) -> alt.Chart:
    """The name at the end of each line, in its colour; moved apart by the page's script."""
    text: alt.Chart = (
        alt.Chart(LABELS)
        .mark_text(align="left", dx=8, fontWeight=500)
        .encode(
            x=alt.X("when:T", scale=DAY),
            y=alt.Y(f"{field}:Q"),
            text="label:N",
            color=alt.Color("role:O", scale=ROLES, legend=None),
        )
    )
    return text


ROLES = alt.Scale(domain=[-2, -1, 0, 1, 2, 3, 4], range=[MUTED, FAINT, *COLOURS])
"""-2: not known; -1: in the background; 0 to 4: in colour."""
