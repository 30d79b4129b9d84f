{% macro reach_of_loads() -%}
    {%- set table = api.Relation.create(
        database=target.database, schema=target.schema, identifier='reach_of_loads', type='table') -%}
    {{- return(table) -}}
{%- endmacro %}
