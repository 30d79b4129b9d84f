{{ config(materialized='table') }}

with completed as (
    select load_id, inserted_at as loaded_at
    from {{ source('nav_raw', '_dlt_loads') }}
    where status = 0
),

feed_loads as (
    select _dlt_load_id as load_id, max(extracted_at) as extracted_at
    from {{ source('nav_raw', 'feed_loads') }}
    group by _dlt_load_id
),

source_loads as (
    select _dlt_load_id as load_id, max(source) as source, max(extracted_at) as extracted_at
    from {{ source('nav_raw', 'source_loads') }}
    group by _dlt_load_id
)

select
    completed.load_id,
    case when feed_loads.load_id is not null then 'feed' else source_loads.source end as source,
    completed.loaded_at,
    coalesce(feed_loads.extracted_at, source_loads.extracted_at) as extracted_at,
    case
        when feed_loads.load_id is not null then feed_loads.extracted_at
        when source_loads.source = 'mongo_archive' then source_loads.extracted_at
    end as ads_read_at
from completed
left join feed_loads on feed_loads.load_id = completed.load_id
left join source_loads on source_loads.load_id = completed.load_id
