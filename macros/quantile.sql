{% macro quantile(column, fraction, group) -%}
    {{ adapter.dispatch('quantile')(column, fraction, group) }}
{%- endmacro %}

{% macro default__quantile(column, fraction, group) -%}
    percentile_cont({{ column }}, {{ fraction }}) over (partition by {{ group }})
{%- endmacro %}

{% macro duckdb__quantile(column, fraction, group) -%}
    quantile_cont({{ column }}, {{ fraction }}) over (partition by {{ group }})
{%- endmacro %}
