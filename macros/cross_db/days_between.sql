{% macro days_between(first, last) -%}
    {{ adapter.dispatch('days_between')(first, last) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    unnest(generate_date_array({{ first }}, {{ last }})) as day
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    unnest(cast(generate_series({{ first }}, {{ last }}, interval 1 day) as date[])) as days_between (day)
{%- endmacro %}
