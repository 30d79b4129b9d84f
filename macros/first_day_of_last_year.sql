{#
  Asked for only when it can be told: a project may be compiled before anything is built. Then there is no bound, and
  none is needed.
#}
{% macro first_day_of_last_year() -%}
    {%- set as_of = ref('int_as_of') -%}
    {%- if execute and load_cached_relation(as_of) -%}
        {%- set rows = run_query('select year_earlier_start_on from ' ~ as_of).rows -%}
        {%- if rows -%}
            {{- return(rows[0][0].isoformat()) -}}
        {%- endif -%}
    {%- endif -%}
    {{- return('1900-01-01') -}}
{%- endmacro %}
