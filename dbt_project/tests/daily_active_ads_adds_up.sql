-- On the first of each month and on the as-of date: the ads open that day, counted one by one.
with days as (
    select distinct daily.day
    from {{ ref('daily_active_ads') }} as daily
    cross join {{ ref('int_as_of') }} as as_of
    where extract(day from daily.day) = 1 or daily.day = as_of.as_of_on
),

expected as (
    select days.day, count(*) as ads, sum(ads.positions) as positions
    from days
    inner join {{ ref('fct_ads') }} as ads
        on ads.published_on <= days.day and (ads.closed_on is null or ads.closed_on >= days.day)
    group by days.day
),

found as (
    select day, sum(ads) as ads, sum(positions) as positions
    from {{ ref('daily_active_ads') }}
    where day in (select day from days)
    group by day
)

select found.day, expected.ads as expected_ads, found.ads as found_ads
from found
left join expected on expected.day = found.day
where expected.day is null or found.ads != expected.ads or found.positions != expected.positions
