{% macro json_text(document, path) -%}
    nullif(trim({{ adapter.dispatch('json_text')(document, path) }}), '')
{%- endmacro %}

{% macro default__json_text(document, path) -%}
    json_value({{ document }}, '{{ path }}')
{%- endmacro %}

{% macro duckdb__json_text(document, path) -%}
    json_value({{ document }}, '{{ path }}') ->> '$'
{%- endmacro %}
