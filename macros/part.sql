{% macro part(parts, place) -%}
    {{ adapter.dispatch('part')(parts, place) }}
{%- endmacro %}

{% macro default__part(parts, place) -%}
    {{ parts }}[ordinal({{ place }})]
{%- endmacro %}

{% macro duckdb__part(parts, place) -%}
    {{ parts }}[{{ place }}]
{%- endmacro %}
