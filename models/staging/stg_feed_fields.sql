with source as (
    select * from {{ source('nav_raw', 'feed_fields') }}
    where _dlt_load_id in (select load_id from {{ ref('stg_loads') }})
),

renamed as (
    select field, kind, extracted_at, _dlt_load_id as load_id
    from source
)

select * from renamed
