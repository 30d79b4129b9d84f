{% macro rows_to_read() -%}
    {%- if is_incremental() -%}
        {%- set since = new_rows_since() -%}
        {%- do set_at_run_time('incremental_predicates',
            ["DBT_INTERNAL_DEST.extracted_at >= timestamp '" ~ since ~ " 00:00:00'"]) -%}
        {{ new_rows(since, load_id='_dlt_load_id') }}
    {%- else -%}
        _dlt_load_id in (select load_id from {{ ref('stg_loads') }})
    {%- endif -%}
{%- endmacro %}
