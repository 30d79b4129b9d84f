{% macro first_extracted_at() -%}
    {%- set query -%}
        select min(coalesce(extracted_at, timestamp '1970-01-01 00:00:00+00')) from {{ ref('stg_loads') }}
        where {{ is_new('loaded_at', own='loaded_at') }}
    {%- endset -%}
    {%- set first = run_query(query).rows[0][0] if execute else none -%}
    timestamp '{{ first.isoformat() if first else '1970-01-01T00:00:00+00:00' }}'
{%- endmacro %}
