-- Each occupation and county: the ads that name both, counted by way of the bridges.
with expected as (
    select
        occupations.level1 as occupation,
        places.county,
        count(distinct ads.ad_id) as ads
    from {{ ref('fct_ads') }} as ads
    inner join {{ ref('ad_occupations') }} as occupations on occupations.ad_id = ads.ad_id
    inner join {{ ref('ad_places') }} as places on places.ad_id = ads.ad_id
    cross join {{ ref('int_as_of') }} as as_of
    where ads.published_on <= as_of.as_of_on
    group by occupations.level1, places.county
),

found as (
    select occupation, county, sum(ads) as ads
    from {{ ref('daily_new_ads') }}
    group by occupation, county
)

select found.occupation, found.county, found.ads, expected.ads as expected_ads
from found
full outer join expected on expected.occupation = found.occupation and expected.county = found.county
where coalesce(found.ads, 0) != coalesce(expected.ads, 0)
