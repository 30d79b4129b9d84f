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

ads as (
    select
        greatest(published_on, date '{{ first_day }}') as opened_on,
        closed_on,
        occupation,
        county,
        industry,
        positions
    from {{ ref('fct_ads') }}
    where
        published_on <= (select as_of_on from as_of)
        and (closed_on is null or (closed_on >= published_on and closed_on >= date '{{ first_day }}'))
),

changes as (
    select opened_on as day, occupation, county, industry, 1 as ads, positions
    from ads
    union all
    select closed_on + 1, occupation, county, industry, -1, -positions
    from ads
    where closed_on < (select as_of_on from as_of)
),

changes_of_day as (
    select day, occupation, county, industry, sum(ads) as ads, sum(positions) as positions
    from changes
    group by day, occupation, county, industry
),

days as (
    select day from {{ days_between('(select min(day) from changes)', '(select as_of_on from as_of)') }}
),

segments as (
    select distinct occupation, county, industry from changes
),

open_ads as (
    select
        days.day,
        segments.occupation,
        segments.county,
        segments.industry,
        sum(changes_of_day.ads) over so_far as ads,
        sum(changes_of_day.positions) over so_far as positions
    from days
    cross join segments
    left join changes_of_day
        on changes_of_day.day = days.day
        and changes_of_day.occupation = segments.occupation
        and changes_of_day.county = segments.county
        and changes_of_day.industry = segments.industry
    window so_far as (
        partition by segments.occupation, segments.county, segments.industry
        order by days.day
        rows between unbounded preceding and current row
    )
)

select
    day,
    occupation,
    county,
    industry,
    cast(ads as int64) as ads,
    cast(positions as int64) as positions
from open_ads
where ads > 0
