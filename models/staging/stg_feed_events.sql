{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['ad_id', 'status', 'event_at'],
    partition_by=by_month('extracted_at', 'timestamp'),
    cluster_by=['ad_id'],
    incremental_predicates=[],
    on_schema_change='append_new_columns',
) }}

with source as (
    select * from {{ source('nav_raw', 'feed_events') }}
    where {{ rows_to_read() }}
),

renamed as (
    select
        ad_id,
        status,
        event_at,
        {{ oslo_date('event_at') }} as event_on,
        extracted_at,
        _dlt_load_id as load_id
    from source
)

select * from renamed
