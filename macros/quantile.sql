{% macro quantile(value, fraction, up_to, count) -%}
    {%- set place = '(' ~ count ~ ' - 1) * ' ~ fraction ~ 'e0' -%}
    {%- set below = 'min(case when ' ~ up_to ~ ' > floor(' ~ place ~ ') then ' ~ value ~ ' end)' -%}
    {%- set above = 'min(case when ' ~ up_to ~ ' > ceil(' ~ place ~ ') then ' ~ value ~ ' end)' -%}
    {{ below }} + ({{ above }} - {{ below }}) * max({{ place }} - floor({{ place }}))
{%- endmacro %}
