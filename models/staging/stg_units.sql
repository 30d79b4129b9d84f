{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='organisation_number',
    partition_by=by_month('extracted_at', 'timestamp'),
    cluster_by=['organisation_number'],
    on_schema_change='append_new_columns',
) }}
-- depends_on: {{ ref('stg_loads') }}

with source as (
    select * from {{ source('nav_raw', 'units') }}
    {%- if is_incremental() %}
    -- no bound on the merge, unlike the other staging models: the row that is replaced may be years old
    where {{ new_rows(new_rows_since(), load_id='_dlt_load_id') }}
    {%- endif %}
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
        _dlt_load_id as load_id
    from source
)

select * from renamed
