{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['ad_id', 'version_id'],
    partition_by=by_month('extracted_at', 'timestamp'),
    cluster_by=['ad_id'],
    incremental_predicates=[],
    on_schema_change='append_new_columns',
) }}

with source as (
    select * from {{ source('nav_raw', 'ad_versions') }}
    where {{ rows_to_read() }}
),

-- A document is parsed once: a call for each value costs the time and the memory of one for each.
taken_apart as (
    select
        *,
        {{ json_parts('document', [
            '$.published', '$.expires', '$.applicationDue', '$.positioncount', '$.extent', '$.engagementtype',
            '$.sector', '$.employer.orgnr', '$.workLocations', '$.occupationCategories', '$.categoryList', '$.source',
        ]) }} as parts
    from source
),

opened as (
    select
        *,
        {{ json_text(part('parts', 1), '$') }} as published_text,
        {{ json_text(part('parts', 2), '$') }} as expires_text,
        {{ json_text(part('parts', 3), '$') }} as application_due_text,
        {{ json_text(part('parts', 4), '$') }} as position_count_text,
        {{ json_text(part('parts', 12), '$') }} as ad_source,
        {{ json_text(part('parts', 5), '$') }} as extent,
        {{ json_text(part('parts', 6), '$') }} as engagement,
        {{ json_text(part('parts', 7), '$') }} as sector,
        {{ json_text(part('parts', 8), '$') }} as employer_number,
        {{ json_text(part('parts', 9), '$[0].country') }} as country,
        {{ first_item(part('parts', 9), condition=json_text('item', '$.county') ~ ' is not null') }} as location,
        {{ first_item(part('parts', 10),
            condition=json_text('item', '$.level1') ~ ' is not null') }} as occupation_item,
        {{ first_item(part('parts', 11),
            condition=json_text('item', '$.categoryType') ~ " = 'STYRK08'",
            greatest='coalesce(' ~ try_cast(json_text('item', '$.score'), 'float64') ~ ', -1)') }} as styrk08_item
    from taken_apart
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

        {{ json_text('occupation_item', '$.level1') }} as occupation,
        {{ json_text('occupation_item', '$.level2') }} as occupation_detail,
        {{ json_text('styrk08_item', '$.code') }} as styrk08_code,
        {{ json_text('styrk08_item', '$.name') }} as styrk08_name,
        upper({{ json_text('location', '$.county') }}) as county,
        upper({{ json_text('location', '$.municipal') }}) as municipality,
        country,
        ad_source,
        extent,
        engagement,
        sector,
        employer_number,

        extracted_at,
        _dlt_load_id as load_id
    from opened
)

select * from renamed
