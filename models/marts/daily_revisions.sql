with sightings as (
    select ad_id, extracted_at from {{ ref('stg_ad_versions') }}
    union all
    select ad_id, extracted_at from {{ ref('stg_feed_events') }}
),

first_read as (
    select ad_id, {{ oslo_date('min(extracted_at)') }} as read_on
    from sightings
    group by ad_id
),

ads as (
    select
        ads.published_on as day,
        {{ dbt.datediff('ads.published_on', 'first_read.read_on', 'day') }} as days_later
    from {{ ref('fct_ads') }} as ads
    inner join first_read on first_read.ad_id = ads.ad_id
    where ads.published_on >= (select min(earliest.read_on) from first_read as earliest)
),

counted as (
    select
        day,
        count(*) as ads,
        sum(case when days_later <= 1 then 1 else 0 end) as ads_after_1_day,
        sum(case when days_later <= 7 then 1 else 0 end) as ads_after_7_days,
        sum(case when days_later <= 30 then 1 else 0 end) as ads_after_30_days
    from ads
    group by day
)

select
    counted.day,
    cast(counted.ads as int64) as ads,
    cast(case when as_of.as_of_on > counted.day + 1 then counted.ads_after_1_day end as int64) as ads_after_1_day,
    cast(case when as_of.as_of_on > counted.day + 7 then counted.ads_after_7_days end as int64) as ads_after_7_days,
    cast(case when as_of.as_of_on > counted.day + 30 then counted.ads_after_30_days end as int64) as ads_after_30_days
from counted
inner join {{ ref('int_as_of') }} as as_of on as_of.as_of_on >= counted.day
