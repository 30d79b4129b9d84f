{{ config(materialized='table') }}

with completed as (
    select load_id, inserted_at as completed_at
    from {{ source('nav_raw', '_dlt_loads') }}
    where status = 0
),

feed_loads as (
    select _dlt_load_id as load_id, max(extracted_at) as extracted_at
    from {{ source('nav_raw', 'feed_loads') }}
    group by _dlt_load_id
)

select completed.load_id, completed.completed_at, feed_loads.extracted_at
from completed
left join feed_loads on feed_loads.load_id = completed.load_id
