{#
  The day before the first row of the new loads, as a literal: BigQuery prunes partitions by literals only.
  The day of slack makes the bound right in whatever time zone the session thinks.
  A load without a row in feed_loads (another source's) tells no time: then there is no bound.
#}
{% macro new_rows_since() -%}
    {%- set query -%}
        select cast(min(extracted_at) as date) as first_day, count(*) as loads, count(extracted_at) as timed
        from {{ ref('stg_loads') }} where load_id in ({{ new_loads() }})
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- if row[1] == 0 -%}
        {{- return('9999-12-31') -}}
    {%- elif row[2] < row[1] -%}
        {{- return('1970-01-01') -}}
    {%- endif -%}
    {{- return((row[0] - modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) -}}
{%- endmacro %}
