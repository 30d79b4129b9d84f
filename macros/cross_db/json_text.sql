{% macro json_text(document, path) -%}
    nullif({{ adapter.dispatch('json_text')(document, path) }}, '')
{%- endmacro %}

{% macro default__json_text(document, path) -%}
    trim(json_value({{ document }}, '{{ path }}'))
{%- endmacro %}

{% macro duckdb__json_text(document, path) -%}
    {%- set blanks = '[\\s\\x{0b}\\x{85}\\p{Z}]+' -%}
    regexp_replace(json_value({{ document }}, '{{ path }}') ->> '$', '^{{ blanks }}|{{ blanks }}$', '', 'g')
{%- endmacro %}
