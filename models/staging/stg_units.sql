with source as (
    select units.*, loads.loaded_at
    from {{ source('nav_raw', 'units') }} as units
    inner join {{ ref('stg_loads') }} as loads on loads.load_id = units._dlt_load_id
),

renamed as (
    select
        organisation_number,
        kind,
        parent_number,
        industry_code,
        substr(industry_code, 1, 2) as division,
        organisation_form,
        extracted_at,
        _dlt_load_id as load_id,
        loaded_at
    from source
)

select * from renamed
