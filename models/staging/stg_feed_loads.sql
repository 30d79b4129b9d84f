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
        -- a time that cannot be true says nothing
        case when newest_event_at <= extracted_at + interval 1 day then newest_event_at end as newest_event_at,
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
