with source as (
    select * from {{ source('nav_raw', 'feed_loads') }}
    where _dlt_load_id in (select load_id from {{ ref('stg_loads') }})
),

renamed as (
    select
        load_key,
        _dlt_load_id as load_id,
        started_at,
        extracted_at,
        newest_event_at,
        pages_read,
        events_read,
        events_handed_over,
        versions_handed_over,
        details_fetched,
        details_owed,
        rejects,
        is_at_tip
    from source
)

select * from renamed
