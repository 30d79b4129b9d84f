with source as (
    select features.*, loads.loaded_at
    from {{ source('nav_raw', 'ad_features') }} as features
    inner join {{ ref('stg_loads') }} as loads on loads.load_id = features._dlt_load_id
),

renamed as (
    select
        ad_id,
        version_id,
        rules_version,
        text_length,
        language,
        mentions_remote_work,
        requires_driving_licence,
        requires_police_certificate,
        text_hash,
        extracted_at,
        _dlt_load_id as load_id,
        loaded_at
    from source
)

select * from renamed
