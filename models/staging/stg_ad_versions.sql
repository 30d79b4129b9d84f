{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['ad_id', 'version_id'],
    partition_by=by_month('extracted_at', 'timestamp'),
    cluster_by=['ad_id'],
    on_schema_change='append_new_columns',
) }}

with source as (
    select versions.*, loads.loaded_at
    from {{ source('nav_raw', 'ad_versions') }} as versions
    inner join {{ ref('stg_loads') }} as loads on loads.load_id = versions._dlt_load_id
    {%- if is_incremental() %}
    where {{ is_new('loads.loaded_at', own='loaded_at') }} and versions.extracted_at >= {{ first_extracted_at() }}
    {%- endif %}
),

opened as (
    select
        *,
        {{ json_fields('document', [
            'published', 'expires', 'applicationDue', 'positioncount', 'occupationCategories', 'categoryList',
            'workLocations', 'source', 'extent', 'engagementtype', 'sector', 'employer',
        ]) }} as content
    from source
),

texts as (
    select
        *,
        {{ json_text('content.published', '$') }} as published_text,
        {{ json_text('content.expires', '$') }} as expires_text,
        {{ json_text('content.applicationDue', '$') }} as application_due_text,
        {{ json_text('content.positioncount', '$') }} as position_count_text
    from opened
),

renamed as (
    select
        ad_id,
        version_id,
        status,
        changed_at,
        source,
        document is not null as has_content,

        {{ oslo_date_of_text('published_text') }} as published_on,
        published_text,
        {{ oslo_date_of_text('expires_text') }} as expires_on,
        expires_text,
        {{ free_text_date('application_due_text') }} as application_due_on,
        application_due_text,
        {{ whole_number('position_count_text') }} as position_count,
        position_count_text,

        nullif(cast(content.occupationCategories as string), 'null') as occupation_categories,
        nullif(cast(content.categoryList as string), 'null') as category_list,
        nullif(cast(content.workLocations as string), 'null') as work_locations,
        {{ json_text('content.source', '$') }} as ad_source,
        {{ json_text('content.extent', '$') }} as extent,
        {{ json_text('content.engagementtype', '$') }} as engagement,
        {{ json_text('content.sector', '$') }} as sector,
        {{ json_text('content.employer', '$.orgnr') }} as employer_number,
        {{ json_text('content.employer', '$.name') }} as employer_name,

        extracted_at,
        _dlt_load_id as load_id,
        loaded_at
    from texts
)

select * from renamed
