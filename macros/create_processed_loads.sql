{% macro create_processed_loads() -%}
    {%- if execute -%}
        {%- do adapter.create_schema(processed_loads().without_identifier()) -%}
        create table if not exists {{ processed_loads() }} (model string not null, load_id string not null)
    {%- endif -%}
{%- endmacro %}
