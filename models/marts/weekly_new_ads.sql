with days as (
    select
        week,
        count(*) as days_of_week,
        sum(case when is_working_day then 1 else 0 end) as working_days,
        case when count(known_from) = count(*) then max(known_from) end as known_from
    from {{ ref('int_days') }}
    group by week
),

weeks as (
    select days.*, coalesce(days.days_of_week = 7 and earlier.week >= earlier.known_from, false) as has_year_earlier
    from days
    left join days as earlier on earlier.week = days.week - 364
),

counted as (
    select
        days.week,
        daily.occupation,
        daily.county,
        sum(daily.ads) as ads,
        sum(daily.positions) as positions,
        round(sum(daily.ads_weighted), 6) as ads_weighted,
        round(sum(daily.positions_weighted), 6) as positions_weighted
    from {{ ref('daily_new_ads') }} as daily
    inner join {{ ref('int_days') }} as days on days.day = daily.day
    group by days.week, daily.occupation, daily.county
),

captured as (
    select
        days.week,
        sum(case when ads.is_captured then 1 else 0 end) / count(*) as share_captured
    from {{ ref('fct_ads') }} as ads
    inner join {{ ref('int_days') }} as days on days.day = ads.published_on
    group by days.week
),

-- A week in which a group has no ad is compared with the year before, too.
keys as (
    select week, occupation, county
    from counted
    where ads > 0
    union distinct
    select week + 364, occupation, county
    from counted
    where ads > 0
)

select
    keys.week,
    keys.occupation,
    keys.county,
    cast(coalesce(counted.ads, 0) as int64) as ads,
    cast(coalesce(counted.positions, 0) as int64) as positions,
    coalesce(counted.ads_weighted, 0) as ads_weighted,
    coalesce(counted.positions_weighted, 0) as positions_weighted,
    case when weeks.has_year_earlier then cast(coalesce(year_earlier.ads, 0) as int64) end as ads_year_earlier,
    case when weeks.has_year_earlier then coalesce(year_earlier.ads_weighted, 0) end as ads_weighted_year_earlier,
    cast(weeks.working_days as int64) as working_days,
    coalesce(counted.ads_weighted, 0) / nullif(weeks.working_days, 0) as ads_weighted_per_working_day,
    captured.share_captured,
    weeks.known_from
from keys
inner join weeks on weeks.week = keys.week
left join counted
    on counted.week = keys.week and counted.occupation = keys.occupation and counted.county = keys.county
left join counted as year_earlier
    on year_earlier.week = keys.week - 364
    and year_earlier.occupation = keys.occupation
    and year_earlier.county = keys.county
left join captured on captured.week = keys.week
where counted.week is not null or weeks.has_year_earlier
