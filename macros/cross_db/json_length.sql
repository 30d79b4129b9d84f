{% macro json_length(array) -%}
    {{ adapter.dispatch('json_length')(array) }}
{%- endmacro %}

{% macro default__json_length(array) -%}
    array_length(json_query_array({{ array }}))
{%- endmacro %}

{% macro duckdb__json_length(array) -%}
    json_array_length({{ array }})
{%- endmacro %}
