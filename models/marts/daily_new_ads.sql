{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite' if target.type == 'bigquery' else 'replace_months',
    unique_key='day',
    partition_by=by_month('day', 'date'),
    partitions=[],
    on_schema_change='append_new_columns',
) }}
-- depends_on: {{ ref('stg_loads') }}, {{ ref('int_ads') }}
{%- set first_day = first_day_to_rebuild() if is_incremental() else '1900-01-01' %}

with as_of as (
    select as_of_on from {{ ref('int_as_of') }}
),

posted as (
    select
        published_on as day,
        occupation,
        county,
        industry,
        count(*) as ads,
        sum(positions) as positions
    from {{ ref('fct_ads') }}
    where
        published_on <= (select as_of_on from as_of)
        -- what the first days look back on: a year, and a day more for 29 February
        and published_on >= date '{{ first_day }}' - 366
    group by published_on, occupation, county, industry
),

days as (
    select day, cast(day - interval 1 year as date) as year_earlier
    from {{ days_between('(select min(day) from posted)', '(select as_of_on from as_of)') }}
    where day >= date '{{ first_day }}'
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
        posted.occupation,
        posted.county,
        posted.industry,
        case when week.days_after = 0 then posted.ads else 0 end as ads,
        case when week.days_after = 0 then posted.positions else 0 end as positions,
        posted.ads as ads_of_week,
        posted.positions as positions_of_week,
        0 as ads_year_earlier,
        0 as positions_year_earlier
    from posted
    cross join week
    union all
    select
        days.day,
        posted.occupation,
        posted.county,
        posted.industry,
        0,
        0,
        0,
        0,
        posted.ads,
        posted.positions
    from posted
    inner join days on days.year_earlier = posted.day
)

select
    seen_from.day,
    seen_from.occupation,
    seen_from.county,
    seen_from.industry,
    cast(sum(seen_from.ads) as int64) as ads,
    cast(sum(seen_from.positions) as int64) as positions,
    sum(seen_from.ads_of_week) / 7 as ads_7_day_mean,
    sum(seen_from.positions_of_week) / 7 as positions_7_day_mean,
    cast(sum(seen_from.ads_year_earlier) as int64) as ads_year_earlier,
    cast(sum(seen_from.positions_year_earlier) as int64) as positions_year_earlier
from seen_from
inner join days on days.day = seen_from.day
group by seen_from.day, seen_from.occupation, seen_from.county, seen_from.industry
