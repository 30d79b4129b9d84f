with months as (
    select
        month,
        sum(case when is_working_day then 1 else 0 end) as working_days,
        case when count(known_from) = count(*) then max(known_from) end as known_from
    from {{ ref('int_days') }}
    group by month
),

counted as (
    select
        month,
        round(sum(ads_weighted)) as ads,
        round(sum(positions_weighted)) as positions,
        round(sum(ads_weighted * share_captured)) / nullif(round(sum(ads_weighted)), 0) as share_captured
    from {{ ref('daily_new_ads') }}
    group by month
),

reposts as (
    select days.month, count(*) as reposts
    from {{ ref('fct_ads') }} as ads
    inner join {{ ref('int_days') }} as days on days.day = ads.published_on
    where ads.repost_of is not null
    group by days.month
),

per_day as (
    select
        months.month,
        months.working_days,
        counted.ads,
        counted.ads - coalesce(reposts.reposts, 0) as ads_without_reposts,
        counted.positions,
        counted.share_captured,
        months.known_from,
        counted.ads / nullif(months.working_days, 0) as ads_per_working_day,
        extract(year from months.month) as year
    from months
    inner join counted on counted.month = months.month
    left join reposts on reposts.month = months.month
),

-- The first year that is known from its first day to its last.
base as (
    select year, sum(ads) / sum(working_days) as ads_per_working_day
    from per_day
    group by year
    having sum(case when month >= known_from then 1 else 0 end) = 12 and sum(ads) > 0
    qualify row_number() over (order by year) = 1
)

select
    per_day.month,
    cast(per_day.ads as int64) as ads,
    cast(per_day.ads_without_reposts as int64) as ads_without_reposts,
    cast(per_day.positions as int64) as positions,
    cast(per_day.working_days as int64) as working_days,
    per_day.ads_per_working_day,
    100 * per_day.ads_per_working_day / base.ads_per_working_day as ads_index,
    cast(base.year as int64) as index_year,
    per_day.share_captured,
    per_day.known_from
from per_day
left join base on true
