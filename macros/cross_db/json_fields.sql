{% macro json_fields(document, names) -%}
    {{ adapter.dispatch('json_fields')(document, names) }}
{%- endmacro %}

{% macro default__json_fields(document, names) -%}
    struct({%- for name in names %}json_query({{ document }}, '$.{{ name }}') as {{ name }}{{ ', ' if not loop.last }}{% endfor -%})
{%- endmacro %}

{% macro duckdb__json_fields(document, names) -%}
    json_transform({{ document }}, '{ {%- for name in names %}"{{ name }}": "JSON"{{ ', ' if not loop.last }}{% endfor -%} }')
{%- endmacro %}
