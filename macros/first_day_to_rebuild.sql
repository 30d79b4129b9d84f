{#
  The first of the month from which a monthly model is rebuilt, and the partitions from there to the
  as-of date, which are put into the model's configuration. Three things move days:
  - a touched ad (its own rows, or its employer's industry): on any day since the earliest that it
    ever named;
  - the as-of date: every day after the one that this model was built for;
  - nothing new: nothing is rebuilt; the one partition named then, of 1970, is always empty.
#}
{% macro first_day_to_rebuild() -%}
    {%- set reach = reach_of_new_loads() -%}
    {%- set query -%}
        select
            (
                select {{ oslo_date('max(ads_read_at)') }} from {{ ref('stg_loads') }}
                where load_id in (select load_id from {{ processed_loads() }} where model = '{{ model.name }}')
            ) as built_to,
            max(as_of_on) as as_of_on
        from {{ ref('int_as_of') }}
    {%- endset -%}
    {%- set months = [] -%}
    {%- if reach.loads -%}
        {%- set built_to, as_of = run_query(query).rows[0] -%}
        {%- if reach.earliest and built_to -%}
            {%- set first = [modules.datetime.date.fromisoformat(reach.earliest), built_to] | min -%}
        {%- else -%}
            {%- set first = run_query('select min(earliest_on) from ' ~ ref('int_ads')).rows[0][0] -%}
        {%- endif -%}
        {%- if first and as_of -%}
            {%- do months.extend(months_between(first, as_of)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set partitions = [] -%}
    {%- for month in months or ['1970-01-01'] -%}
        {%- do partitions.append("date '" ~ month ~ "'") -%}
    {%- endfor -%}
    {%- do set_at_run_time('partitions', partitions) -%}
    {{- return(months[0] if months else '9999-12-31') -}}
{%- endmacro %}
