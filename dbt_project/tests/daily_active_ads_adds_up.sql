-- On the first of each month and on the as-of date: the ads open that day, counted one by one.
with days as (
    select distinct daily.day
    from {{ ref('daily_active_ads') }} as daily
    cross join {{ ref('int_as_of') }} as as_of
    where extract(day from daily.day) = 1 or daily.day = as_of.as_of_on
),

expected as (
    select
        days.day,
        count(ads.ad_id) as ads,
        coalesce(sum(ads.positions), 0) as positions,
        sum(case when ads.is_captured then 1 else 0 end) as captured
    from days
    left join {{ ref('fct_ads') }} as ads
        on ads.published_on <= days.day and (ads.closed_on is null or ads.closed_on >= days.day)
    group by days.day
),

found as (
    select
        day,
        sum(ads_weighted) as ads,
        sum(positions_weighted) as positions,
        max(share_captured) * sum(ads_weighted) as captured
    from {{ ref('daily_active_ads') }}
    where day in (select day from days)
    group by day
)

select found.day, expected.ads as expected_ads, found.ads as found_ads
from found
inner join expected on expected.day = found.day
where
    abs(found.ads - expected.ads) > 0.001
    or abs(found.positions - expected.positions) > 0.001
    or abs(coalesce(found.captured, 0) - expected.captured) > 0.001
