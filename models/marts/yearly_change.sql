with as_of as (
    select
        as_of.*,
        days.known_from,
        coalesce(days.known_from <= as_of.year_earlier_start_on, false) as has_last_year
    from {{ ref('int_as_of') }} as as_of
    inner join {{ ref('int_days') }} as days on days.day = as_of.as_of_on
),

ads as (
    select
        ads.ad_id,
        ads.industry,
        ads.is_captured,
        case when ads.published_on >= as_of.year_start_on then 1 else 0 end as is_this_year,
        case when ads.published_on <= as_of.year_earlier_on and as_of.has_last_year then 1 else 0 end as is_last_year
    from {{ ref('fct_ads') }} as ads
    cross join as_of
    where ads.published_on between as_of.year_earlier_start_on and as_of.as_of_on
),

captured as (
    select
        sum(case when is_captured then is_this_year else 0 end) / nullif(sum(is_this_year), 0) as share_this_year,
        sum(case when is_captured then is_last_year else 0 end) / nullif(sum(is_last_year), 0) as share_last_year
    from ads
),

named as (
    select ad_groups.ad_id, ad_groups.occupation, ad_groups.county, ad_groups.weight
    from {{ ref('int_ad_groups') }} as ad_groups
    cross join as_of
    where ad_groups.published_on between as_of.year_earlier_start_on and as_of.as_of_on
),

groups_of_ads as (
    select 'occupation' as dimension, occupation as value, ad_id, sum(weight) as weight
    from named
    group by 1, 2, 3
    union all
    select 'county', county, ad_id, sum(weight)
    from named
    group by 1, 2, 3
    union all
    select
        'municipality',
        case when places.municipality = 'Unknown' then 'Unknown' else concat(places.municipality, ', ', places.county) end,
        ads.ad_id,
        sum(places.weight)
    from ads
    inner join {{ ref('ad_places') }} as places on places.ad_id = ads.ad_id
    group by 1, 2, 3
    union all
    select 'industry', industry, ad_id, 1e0
    from ads
),

counted as (
    select
        groups_of_ads.dimension,
        groups_of_ads.value,
        cast(sum(ads.is_this_year) as int64) as ads_this_year,
        cast(sum(ads.is_last_year) as int64) as ads_last_year,
        round(sum(ads.is_this_year * groups_of_ads.weight), 6) as ads_weighted_this_year,
        round(sum(ads.is_last_year * groups_of_ads.weight), 6) as ads_weighted_last_year
    from ads
    inner join groups_of_ads on groups_of_ads.ad_id = ads.ad_id
    group by groups_of_ads.dimension, groups_of_ads.value
)

select
    counted.dimension,
    counted.value,
    counted.ads_this_year,
    case when as_of.has_last_year then counted.ads_last_year end as ads_last_year,
    counted.ads_weighted_this_year,
    case when as_of.has_last_year then counted.ads_weighted_last_year end as ads_weighted_last_year,
    case when as_of.has_last_year then counted.ads_this_year - counted.ads_last_year end as ads_difference,
    (counted.ads_this_year - counted.ads_last_year) * 100 / nullif(counted.ads_last_year, 0) as ads_difference_percent,
    captured.share_this_year as share_captured_this_year,
    captured.share_last_year as share_captured_last_year,
    as_of.known_from
from counted
cross join captured
cross join as_of
where counted.ads_this_year + counted.ads_last_year > 0
