{% macro staged_records(name, fields) -%}
with source as (
    select * from {{ source('nav_raw', 'records') }}
    where source = '{{ name }}' and _dlt_load_id in (select load_id from {{ ref('stg_loads') }})
),

latest as (
    select * from source
    where true
    qualify row_number() over (
        partition by record_id
        order by coalesce(changed_at, extracted_at) desc, extracted_at desc, version_id desc
    ) = 1
),

renamed as (
    select
        record_id,
        version_id,
        changed_at,
        {%- for column, field in fields.items() %}
        {%- set path, type = (field, none) if field is string else (field[0], field[1]) %}
        {%- set text = json_text('document', '$.' ~ path) %}
        {{ try_cast(text, type) if type else text }} as {{ column }},
        {%- endfor %}
        document,
        extracted_at,
        _dlt_load_id as load_id
    from latest
)

select * from renamed
{%- endmacro %}
