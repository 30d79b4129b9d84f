-- By weight all ads, and the two derived columns on the as-of date against the days they speak of.
with as_of as (
    select as_of.as_of_on, as_of.year_earlier_on, days.has_year_earlier
    from {{ ref('int_as_of') }} as as_of
    inner join {{ ref('int_days') }} as days on days.day = as_of.as_of_on
),

expected as (
    select
        count(*) as ads,
        coalesce(sum(ads.positions), 0) as positions,
        coalesce(sum(case when ads.published_on >= as_of.as_of_on - 6 then 1 else 0 end), 0) as ads_of_week,
        coalesce(
            sum(case when ads.published_on = as_of.year_earlier_on and as_of.has_year_earlier then 1 else 0 end), 0
        ) as ads_year_earlier
    from {{ ref('fct_ads') }} as ads
    cross join as_of
    where ads.published_on <= as_of.as_of_on
),

found as (
    select
        coalesce(sum(daily.ads_weighted), 0) as ads,
        coalesce(sum(daily.positions_weighted), 0) as positions,
        coalesce(
            sum(case when daily.day = as_of.as_of_on then daily.ads_weighted_7_day_mean * 7 end), 0
        ) as ads_of_week,
        coalesce(
            sum(case when daily.day = as_of.as_of_on then daily.ads_weighted_year_earlier end), 0
        ) as ads_year_earlier
    from {{ ref('daily_new_ads') }} as daily
    cross join as_of
)

select expected.ads as expected_ads, found.ads as found_ads
from expected
cross join found
where
    abs(expected.ads - found.ads) > 0.001
    or abs(expected.positions - found.positions) > 0.001
    or abs(expected.ads_of_week - found.ads_of_week) > 0.001
    or abs(expected.ads_year_earlier - found.ads_year_earlier) > 0.001
