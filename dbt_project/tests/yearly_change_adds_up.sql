-- By weight each dimension holds every ad once: its sums are those of the days, and null where one of them is not known.
with expected as (
    select
        coalesce(sum(case when daily.day >= as_of.year_start_on then daily.ads_weighted end), 0) as ads_this_year,
        coalesce(sum(case when daily.day <= as_of.year_earlier_on then daily.ads_weighted end), 0) as ads_last_year,
        count(case when daily.day < daily.known_from or daily.known_from is null then 1 end) > 0 as has_unknown_day
    from {{ ref('daily_new_ads') }} as daily
    cross join {{ ref('int_as_of') }} as as_of
    where daily.day >= as_of.year_earlier_start_on
),

found as (
    select dimension, sum(ads_weighted_this_year) as ads_this_year, sum(ads_weighted_last_year) as ads_last_year
    from {{ ref('yearly_change') }}
    group by dimension
)

select found.dimension, found.ads_this_year, expected.ads_this_year as expected_this_year
from found
cross join expected
where
    abs(found.ads_this_year - expected.ads_this_year) > 0.001
    or abs(found.ads_last_year - expected.ads_last_year) > 0.001
    or (expected.has_unknown_day and found.ads_last_year is not null)
