{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['ad_id', 'version_id', 'rules_version'],
    partition_by=by_month('extracted_at', 'timestamp'),
    cluster_by=['ad_id'],
    incremental_predicates=[],
    on_schema_change='append_new_columns',
) }}

with source as (
    select * from {{ source('nav_raw', 'ad_features') }}
    where {{ rows_to_read() }}
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
        extracted_at,
        _dlt_load_id as load_id
    from source
)

select * from renamed
