{#
  Before int_ads is built, so that no load that it has read is without its line. A load of which int_ads is built from
  nothing gets none: who has still to read it looks at all ads (macros/reach_of_new_loads.sql). A line too many, of a run
  that died or of a load that is read again, only bounds more loosely.
#}
{% macro note_reach() -%}
    {%- if execute and is_incremental() and config.get('reach') -%}
        {%- set first_seen, earliest = config.get('reach') -%}
        insert into {{ reach_of_loads() }} (load_id, first_seen_on, earliest_on)
        select load_id, date '{{ first_seen }}', date '{{ earliest }}' from ({{ new_loads() }}) as read_now
    {%- endif -%}
{%- endmacro %}
