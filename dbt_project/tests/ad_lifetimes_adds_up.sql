-- By weight all ads that closed, and quartiles in order.
with expected as (
    select count(*) as ads
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where ads.closed_on <= as_of.as_of_on and ads.published_on is not null
),

found as (
    select
        coalesce(sum(ads_closed_weighted), 0) as ads,
        coalesce(sum(case
            when
                days_open_lower_quartile < 0
                or days_open_lower_quartile > days_open_median
                or days_open_median > days_open_upper_quartile
                or share_stopped not between 0 and 1
                or share_captured not between 0 and 1
                or ads_closed_weighted > ads_closed
                then 1
        end), 0) as impossible
    from {{ ref('ad_lifetimes') }}
)

select expected.ads as expected_ads, found.ads as found_ads, found.impossible
from expected
cross join found
where abs(expected.ads - found.ads) > 0.001 or found.impossible > 0
