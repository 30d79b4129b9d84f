{#
  Of the loads that this model has still to read: the day on or before which no row of an ad that they touch was
  extracted, and the first day on which one can count. None for both where a load's reach is not known.
#}
{% macro reach_of_new_loads() -%}
    {%- set query -%}
        select
            count(*) as loads,
            count(reach.load_id) as known,
            min(reach.first_seen_on) as first_seen_on,
            min(reach.earliest_on) as earliest_on
        from ({{ new_loads() }}) as new_loads
        left join {{ reach_of_loads() }} as reach on reach.load_id = new_loads.load_id
    {%- endset -%}
    {%- set loads, known, first_seen, earliest = run_query(query).rows[0] -%}
    {%- if known < loads -%}
        {{- return({'loads': loads, 'first_seen': none, 'earliest': none}) -}}
    {%- endif -%}
    {{- return({
        'loads': loads,
        'first_seen': first_seen.isoformat() if loads else '9999-12-31',
        'earliest': earliest.isoformat() if loads else '9999-12-31',
    }) -}}
{%- endmacro %}
