{% macro oslo_date(timestamp) -%}
    {{ adapter.dispatch('oslo_date')(timestamp) }}
{%- endmacro %}

{% macro default__oslo_date(timestamp) -%}
    date({{ timestamp }}, 'Europe/Oslo')
{%- endmacro %}

{% macro duckdb__oslo_date(timestamp) -%}
    cast({{ timestamp }} at time zone 'Europe/Oslo' as date)
{%- endmacro %}
