{% macro json_parts(document, paths) -%}
    {{ adapter.dispatch('json_parts')(document, paths) }}
{%- endmacro %}

{% macro default__json_parts(document, paths) -%}
    [{%- for path in paths %}json_query({{ document }}, '{{ path }}'){{ ', ' if not loop.last }}{% endfor -%}]
{%- endmacro %}

{% macro duckdb__json_parts(document, paths) -%}
    json_extract({{ document }}, ['{{ paths | join("', '") }}'])
{%- endmacro %}
