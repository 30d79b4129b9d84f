{% macro json_items(array, name='item') -%}
    {{ adapter.dispatch('json_items')(array, name) }}
{%- endmacro %}

{% macro default__json_items(array, name) -%}
    unnest(json_query_array({{ array }})) as {{ name }}
{%- endmacro %}

{% macro duckdb__json_items(array, name) -%}
    unnest(json_extract({{ array }}, '$[*]')) as {{ name }}s ({{ name }})
{%- endmacro %}
