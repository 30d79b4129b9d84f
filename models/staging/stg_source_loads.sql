with source as (
    select * from {{ source('nav_raw', 'source_loads') }}
    where _dlt_load_id in (select load_id from {{ ref('stg_loads') }})
),

renamed as (
    select
        load_key,
        _dlt_load_id as load_id,
        source,
        started_at,
        extracted_at,
        records_read,
        rows_handed_over,
        repeats,
        rejects
    from source
)

select * from renamed
