{% macro create_reach_of_loads() -%}
    {%- if execute -%}
        create table if not exists {{ reach_of_loads() }} (load_id string not null, first_seen_on date, earliest_on date)
    {%- endif -%}
{%- endmacro %}
