{% macro by_month(field, data_type) -%}
    {{- return({'field': field, 'data_type': data_type, 'granularity': 'month'} if target.type == 'bigquery' else none) -}}
{%- endmacro %}
