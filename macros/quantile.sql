{#
  The value at (count - 1) * fraction, counted from 0, between its two neighbours in a straight line where that is
  no whole number: what percentile_cont is in BigQuery, which has it over single rows only.
#}
{% macro quantile(value, fraction, up_to, count) -%}
    {%- set place = '(' ~ count ~ ' - 1) * ' ~ fraction ~ 'e0' -%}
    {%- set below = 'min(case when ' ~ up_to ~ ' > floor(' ~ place ~ ') then ' ~ value ~ ' end)' -%}
    {%- set above = 'min(case when ' ~ up_to ~ ' > ceil(' ~ place ~ ') then ' ~ value ~ ' end)' -%}
    {{ below }} + ({{ above }} - {{ below }}) * max({{ place }} - floor({{ place }}))
{%- endmacro %}
