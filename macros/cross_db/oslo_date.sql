{% macro oslo_date(instant) -%}
    {{ adapter.dispatch('oslo_date')(instant) }}
{%- endmacro %}

{% macro default__oslo_date(instant) -%}
    date({{ instant }}, 'Europe/Oslo')
{%- endmacro %}

{% macro duckdb__oslo_date(instant) -%}
    cast({{ instant }} at time zone 'Europe/Oslo' as date)
{%- endmacro %}
