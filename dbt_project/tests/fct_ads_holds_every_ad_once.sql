-- The ads of the raw tables, counted without any of the models between.
with completed as (
    select load_id from {{ ref('stg_loads') }}
),

raw_ads as (
    select ad_id from {{ source('nav_raw', 'ad_versions') }}
    where _dlt_load_id in (select load_id from completed)
    union all
    select ad_id from {{ source('nav_raw', 'feed_events') }}
    where _dlt_load_id in (select load_id from completed)
),

counted as (
    select
        (select count(distinct ad_id) from raw_ads) as expected,
        (select count(*) from {{ ref('fct_ads') }}) as found
)

select * from counted
where expected != found
