with counted as (
    select
        ads.occupation,
        ads.industry,
        ads.county,
        sum(case when ads.published_on >= as_of.year_start_on then 1 else 0 end) as this_year,
        sum(case when ads.published_on <= as_of.year_earlier_on then 1 else 0 end) as last_year
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where
        ads.published_on between as_of.year_earlier_start_on and as_of.as_of_on
        -- the same day as a literal: what lies before it is not read
        and ads.published_on >= date '{{ first_day_of_last_year() }}'
    group by ads.occupation, ads.industry, ads.county
),

by_dimension as (
    select 'occupation' as dimension, occupation as value, this_year, last_year from counted
    union all
    select 'industry', industry, this_year, last_year from counted
    union all
    select 'county', county, this_year, last_year from counted
),

summed as (
    select
        dimension,
        value,
        cast(sum(this_year) as int64) as ads_this_year,
        cast(sum(last_year) as int64) as ads_last_year
    from by_dimension
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
where ads_this_year + ads_last_year > 0
