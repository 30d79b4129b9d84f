{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite' if target.type == 'bigquery' else 'delete+insert',
    unique_key='month',
    partition_by=by_month('month', 'date'),
    on_schema_change='append_new_columns',
) }}

with months as (
    select
        month,
        min(day) as first_day,
        max(day) as last_day,
        -- before it, ads are missing that were published before the data begins: the longest
        case when count(known_from) = count(*) then max(known_from) + 90 end as known_from,
        max(loaded_at) as loaded_at
    from {{ ref('int_days') }}
    {%- if is_incremental() %}
    where day >= {{ first_month_to_rebuild() }}
    {%- endif %}
    group by month
),

closed as (
    select
        ads.ad_id,
        months.month,
        ads.occupation,
        ads.is_captured,
        ads.close_reason,
        {{ dbt.datediff('ads.published_on', 'ads.closed_on', 'day') }} + 1 as days_open,
        sum(ads.weight) as weight
    from {{ ref('int_ad_groups') }} as ads
    inner join months on ads.closed_on between months.first_day and months.last_day
    where ads.published_on is not null
    group by 1, 2, 3, 4, 5, 6
),

captured as (
    select
        month,
        round(sum(case when is_captured then weight else 0 end), 3) / round(sum(weight), 3) as share_captured
    from closed
    group by month
),

-- Few lengths for many ads: the quartiles are found among these, as a window over all ads would find them.
lengths as (
    select
        month,
        occupation,
        greatest(days_open, 0) as days_open,
        count(*) as ads,
        sum(weight) as ads_weighted,
        sum(case when close_reason = 'stopped' then 1 else 0 end) as stopped
    from closed
    group by 1, 2, 3
    union all
    -- A row for each month: one that is built again replaces what was there.
    select month, 'Unknown', null, 0, 0, 0
    from months
),

in_order as (
    select
        *,
        sum(ads) over (partition by month, occupation order by days_open) as up_to,
        sum(ads) over (partition by month, occupation) as all_ads
    from lengths
)

select
    months.month,
    in_order.occupation,
    cast(sum(in_order.ads) as int64) as ads_closed,
    round(sum(in_order.ads_weighted), 6) as ads_closed_weighted,
    {{ quantile('in_order.days_open', 0.25, 'in_order.up_to', 'in_order.all_ads') }} as days_open_lower_quartile,
    {{ quantile('in_order.days_open', 0.5, 'in_order.up_to', 'in_order.all_ads') }} as days_open_median,
    {{ quantile('in_order.days_open', 0.75, 'in_order.up_to', 'in_order.all_ads') }} as days_open_upper_quartile,
    sum(in_order.stopped) / nullif(sum(in_order.ads), 0) as share_stopped,
    captured.share_captured,
    months.known_from,
    months.loaded_at
from in_order
inner join months on months.month = in_order.month
left join captured on captured.month = in_order.month
group by months.month, in_order.occupation, captured.share_captured, months.known_from, months.loaded_at
