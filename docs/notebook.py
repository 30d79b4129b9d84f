"""Five questions, answered with the marts: `make notebook` opens it in the browser."""

import marimo

app = marimo.App(app_title="Five questions")


@app.cell
def _():
    import os

    import altair as alt
    import duckdb
    import marimo as mo

    path = os.environ.get("JOB_MARKET_DUCKDB_PATH", "data/job_market.duckdb")
    warehouse = duckdb.connect(path, read_only=True)

    def ask(statement):
        """The answer as an Arrow table."""
        return warehouse.sql(statement).to_arrow_table()

    return alt, ask, mo


@app.cell
def _(mo):
    mo.md("""
    # Five questions

    Each is one statement on a mart of `data/job_market.duckdb`. Close the notebook before the next run of the
    job: DuckDB lets one program at a time write.

    Trust rows from `known_from` on: before it the data is not whole. An ad that is posted again counts again
    (`fct_ads.repost_of`).
    """)
    return


@app.cell
def _(mo):
    mo.md("""## New ads for IT in Oslo, week by week, against last year""")
    return


@app.cell
def _(alt, ask):
    new_ads = ask("""
        select week, ads, ads_year_earlier
        from nav_marts.weekly_new_ads
        where occupation = 'IT' and county = 'Oslo'
        order by week
    """)
    alt.Chart(new_ads).mark_line(point=True).encode(x="week:T", y="ads:Q")
    return (new_ads,)


@app.cell
def _(mo):
    mo.md("""## Which municipalities grew most?""")
    return


@app.cell
def _(alt, ask):
    growth = ask("""
        select value as municipality, ads_difference
        from nav_marts.yearly_change
        where dimension = 'municipality' and value != 'Unknown'
        order by ads_difference desc
        limit 10
    """)
    alt.Chart(growth).mark_bar().encode(x="ads_difference:Q", y=alt.Y("municipality:N", sort="-x"))
    return (growth,)


@app.cell
def _(mo):
    mo.md("""## Which share of the ads of health care states part time?""")
    return


@app.cell
def _(ask, mo):
    part_time = ask("""
        select
            date_trunc('month', published_on) as month,
            round(avg(case when states_part_time then 1.0 else 0.0 end), 3) as share,
            count(*) as ads
        from nav_marts.fct_ads
        where industry = 'Helse- og sosialtjenester' and states_part_time is not null
        group by month
        order by month
    """)
    mo.ui.table(part_time)
    return (part_time,)


@app.cell
def _(mo):
    mo.md("""## Which share of the ads mentions remote work, by occupation?""")
    return


@app.cell
def _(alt, ask):
    remote_work = ask("""
        select
            value as occupation,
            sum(ads_mentioning_remote_work) / sum(ads_read) as share,
            sum(ads_read) as ads
        from nav_marts.monthly_text_features
        where dimension = 'occupation' and rules_version = (
            select max(rules_version) from nav_marts.monthly_text_features
        )
        group by value
        order by share desc
    """)
    alt.Chart(remote_work).mark_bar().encode(
        x=alt.X("share:Q", axis=alt.Axis(format="%")), y=alt.Y("occupation:N", sort="-x")
    )
    return (remote_work,)


@app.cell
def _(mo):
    mo.md("""## How long are ads for teachers open?""")
    return


@app.cell
def _(ask, mo):
    days_open = ask("""
        select month, days_open_lower_quartile, days_open_median, days_open_upper_quartile, ads_closed
        from nav_marts.ad_lifetimes
        where occupation = 'Utdanning' and ads_closed > 0
        order by month
    """)
    mo.ui.table(days_open)
    return (days_open,)


if __name__ == "__main__":
    app.run()
