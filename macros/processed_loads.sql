{% macro processed_loads() -%}
    {%- set table = api.Relation.create(
        database=target.database, schema=target.schema, identifier='processed_loads', type='table') -%}
    {{- return(table) -}}
{%- endmacro %}
