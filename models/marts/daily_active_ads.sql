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

ads as (
    select
        cells.cell,
        ads.positions,
        ads.weight,
        case when ads.is_captured then ads.weight else 0 end as weight_captured,
        greatest(ads.published_on, span.first_day) as opened_on,
        least(coalesce(ads.closed_on, span.last_day), span.last_day) as closed_on
    from {{ ref('int_ad_groups') }} as ads
    inner join cells
        on cells.occupation = ads.occupation and cells.county = ads.county and cells.industry = ads.industry
    cross join span
    where ads.published_on is not null and (ads.closed_on is null or ads.closed_on >= ads.published_on)
),

open_ads as (
    select
        day,
        ads.cell,
        1 as ads,
        ads.positions,
        ads.weight,
        ads.weight_captured
    from ads
    cross join {{ days_between('ads.opened_on', 'ads.closed_on') }}
    union all
    -- A row for each day: a month that is built again replaces what was there.
    select days.day, cells.cell, 0, 0, 0, 0
    from days
    inner join cells
        on cells.occupation = 'Unknown' and cells.county = 'Unknown' and cells.industry = 'Unknown'
),

counted as (
    select
        day,
        cell,
        sum(ads) as ads,
        sum(positions) as positions,
        round(sum(weight), 6) as ads_weighted,
        round(sum(weight * positions), 6) as positions_weighted,
        round(sum(weight_captured), 6) as captured_weighted
    from open_ads
    group by day, cell
),

captured as (
    select day, round(sum(captured_weighted), 3) / nullif(round(sum(ads_weighted), 3), 0) as share_captured
    from counted
    group by day
)

select
    days.month,
    days.day,
    cells.occupation,
    cells.county,
    cells.industry,
    cast(counted.ads as int64) as ads,
    cast(counted.positions as int64) as positions,
    counted.ads_weighted,
    counted.positions_weighted,
    captured.share_captured,
    -- before it, ads are missing that were published before the data begins
    days.known_from + 90 as known_from,
    days.loaded_at
from counted
inner join days on days.day = counted.day
inner join cells on cells.cell = counted.cell
inner join captured on captured.day = counted.day
