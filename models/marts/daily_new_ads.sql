{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite' if target.type == 'bigquery' else 'delete+insert',
    unique_key='month',
    partition_by=by_month('month', 'date'),
    on_schema_change='append_new_columns',
) }}

with days as (
    select * from {{ ref('int_days') }}
    {%- if is_incremental() %}
    where day >= {{ first_month_to_rebuild() }}
    {%- endif %}
),

span as (
    select min(day) as first_day, max(day) as last_day from days
),

cells as (
    select * from {{ ref('int_cells') }}
),

posted as (
    select
        ads.published_on as day,
        cells.cell,
        count(*) as ads,
        sum(ads.positions) as positions,
        round(sum(ads.weight), 6) as ads_weighted,
        round(sum(ads.weight * ads.positions), 6) as positions_weighted,
        round(sum(case when ads.is_captured then ads.weight end), 6) as captured_weighted
    from {{ ref('int_ad_groups') }} as ads
    inner join cells
        on cells.occupation = ads.occupation and cells.county = ads.county and cells.industry = ads.industry
    cross join span
    -- what the first days look back on: a year, and a day more for 29 February
    where ads.published_on between span.first_day - 366 and span.last_day
    group by 1, 2
),

captured as (
    select day, round(coalesce(sum(captured_weighted), 0), 3) / round(sum(ads_weighted), 3) as share_captured
    from posted
    group by day
),

week as (
    {%- for days_after in range(7) %}
    {% if not loop.first %}union all {% endif %}select {{ days_after }} as days_after
    {%- endfor %}
),

-- Each count is looked at on its own day and the six after it, and on the same day a year later.
seen_from as (
    select
        posted.day + week.days_after as day,
        posted.cell,
        posted.ads_weighted as ads_of_week,
        posted.positions_weighted as positions_of_week,
        0 as ads_year_earlier,
        0 as positions_year_earlier
    from posted
    cross join week
    union all
    select days.day, posted.cell, 0, 0, posted.ads_weighted, posted.positions_weighted
    from posted
    inner join days on days.year_earlier = posted.day and days.has_year_earlier
    union all
    -- A row for each day: a month that is built again replaces what was there.
    select days.day, cells.cell, 0, 0, 0, 0
    from days
    inner join cells
        on cells.occupation = 'Unknown' and cells.county = 'Unknown' and cells.industry = 'Unknown'
),

looked_back as (
    select
        day,
        cell,
        round(sum(ads_of_week) / 7, 6) as ads_7_day_mean,
        round(sum(positions_of_week) / 7, 6) as positions_7_day_mean,
        round(sum(ads_year_earlier), 6) as ads_year_earlier,
        round(sum(positions_year_earlier), 6) as positions_year_earlier
    from seen_from
    group by day, cell
)

select
    days.month,
    days.day,
    cells.occupation,
    cells.county,
    cells.industry,
    cast(coalesce(posted.ads, 0) as int64) as ads,
    cast(coalesce(posted.positions, 0) as int64) as positions,
    coalesce(posted.ads_weighted, 0) as ads_weighted,
    coalesce(posted.positions_weighted, 0) as positions_weighted,
    looked_back.ads_7_day_mean as ads_weighted_7_day_mean,
    looked_back.positions_7_day_mean as positions_weighted_7_day_mean,
    case when days.has_year_earlier then looked_back.ads_year_earlier end as ads_weighted_year_earlier,
    case when days.has_year_earlier then looked_back.positions_year_earlier end as positions_weighted_year_earlier,
    captured.share_captured,
    days.known_from,
    days.loaded_at
from looked_back
inner join days on days.day = looked_back.day
inner join cells on cells.cell = looked_back.cell
left join posted on posted.day = looked_back.day and posted.cell = looked_back.cell
left join captured on captured.day = looked_back.day
