{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite' if target.type == 'bigquery' else 'replace_months',
    unique_key='closed_month',
    partition_by=by_month('closed_month', 'date'),
    partitions=[],
    on_schema_change='append_new_columns',
) }}
-- depends_on: {{ ref('stg_loads') }}, {{ ref('int_ads') }}
{%- set first_day = first_day_to_rebuild() if is_incremental() else '1900-01-01' %}

with closed as (
    select
        cast({{ dbt.date_trunc('month', 'ads.closed_on') }} as date) as closed_month,
        ads.occupation,
        ads.close_reason,
        greatest({{ dbt.datediff('ads.published_on', 'ads.closed_on', 'day') }} + 1, 0) as days_open
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where
        ads.closed_on <= as_of.as_of_on
        and ads.closed_on >= date '{{ first_day }}'
        and ads.published_on is not null
),

-- Few lengths for many ads: the quartiles are found among these, as a window over all ads would find them.
lengths as (
    select
        closed_month,
        occupation,
        days_open,
        count(*) as ads,
        sum(case when close_reason = 'stopped' then 1 else 0 end) as stopped
    from closed
    group by closed_month, occupation, days_open
),

in_order as (
    select
        *,
        sum(ads) over (partition by closed_month, occupation order by days_open) as up_to,
        sum(ads) over (partition by closed_month, occupation) as all_ads
    from lengths
)

select
    closed_month,
    occupation,
    cast(sum(ads) as int64) as ads_closed,
    {{ quantile('days_open', 0.25, 'up_to', 'all_ads') }} as days_open_lower_quartile,
    {{ quantile('days_open', 0.5, 'up_to', 'all_ads') }} as days_open_median,
    {{ quantile('days_open', 0.75, 'up_to', 'all_ads') }} as days_open_upper_quartile,
    sum(stopped) / sum(ads) as share_stopped
from in_order
group by closed_month, occupation
