with counted as (
    select
        ads.occupation,
        ads.industry,
        ads.county,
        case when ads.published_on >= as_of.year_start_on then 1 else 0 end as is_this_year,
        case when ads.published_on <= as_of.year_earlier_on then 1 else 0 end as is_last_year
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where ads.published_on between as_of.year_earlier_start_on and as_of.as_of_on
),

by_dimension as (
    select 'occupation' as dimension, occupation as value, is_this_year, is_last_year from counted
    union all
    select 'industry', industry, is_this_year, is_last_year from counted
    union all
    select 'county', county, is_this_year, is_last_year from counted
),

summed as (
    select
        dimension,
        value,
        cast(sum(is_this_year) as int64) as ads_this_year,
        cast(sum(is_last_year) as int64) as ads_last_year
    from by_dimension
    where is_this_year + is_last_year > 0
    group by dimension, value
)

select
    dimension,
    value,
    ads_this_year,
    ads_last_year,
    ads_this_year - ads_last_year as ads_difference,
    (ads_this_year - ads_last_year) * 100 / nullif(ads_last_year, 0) as ads_difference_percent
from summed
