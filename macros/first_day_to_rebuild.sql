{#
  The first of the month from which a daily model is rebuilt, and the partitions from there to the
  as-of date, which are put into the model's configuration. Three things move days:
  - a touched ad (its own rows, or its employer's industry): on any day since the earliest that it was
    ever said to be published on;
  - the as-of date: every day after the one that this model was built for;
  - nothing new: nothing is rebuilt; the one partition named then, of 1970, is always empty.
#}
{% macro first_day_to_rebuild() -%}
    {%- set touched = touched_ads(['stg_ad_versions', 'stg_feed_events', 'stg_units'], new_rows_since()) -%}
    {%- set query -%}
        with new_days as (
            select min(earliest_on) as day from {{ ref('int_ads') }} where ad_id in ({{ touched }})
            union all
            select coalesce(
                (
                    select {{ oslo_date('max(ads_read_at)') }} from {{ ref('stg_loads') }}
                    where load_id in (select load_id from {{ processed_loads() }} where model = '{{ model.name }}')
                ),
                (select min(earliest_on) from {{ ref('int_ads') }})
            ) as day
            from ({{ new_loads() }}) as any_new_load
        )

        select min(new_days.day), max(int_as_of.as_of_on)
        from new_days cross join {{ ref('int_as_of') }} as int_as_of
    {%- endset -%}
    {%- set first, as_of = run_query(query).rows[0] -%}
    {%- set months = months_between(first, as_of) if first and as_of else [] -%}
    {%- do set_at_run_time('partitions', ["date '1970-01-01'"]) -%}
    {%- for month in months -%}
        {%- do config.get('partitions').append("date '" ~ month ~ "'") -%}
    {%- endfor -%}
    {{- return(months[0] if months else '9999-12-31') -}}
{%- endmacro %}
