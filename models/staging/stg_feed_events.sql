with source as (
    select
        events.* replace (
            -- no event is newer than its reading; a day is left for clocks that differ
            case
                when events.event_at > events.extracted_at + interval 1 day then events.extracted_at
                else events.event_at
            end as event_at
        ),
        loads.loaded_at
    from {{ source('nav_raw', 'feed_events') }} as events
    inner join {{ ref('stg_loads') }} as loads on loads.load_id = events._dlt_load_id
),

renamed as (
    select
        ad_id,
        status,
        event_at,
        {{ oslo_date('event_at') }} as event_on,
        is_masked,
        extracted_at,
        _dlt_load_id as load_id,
        loaded_at
    from source
)

select * from renamed
