{% macro remember_loads() -%}
    {%- if execute and config.get('materialized') == 'incremental' -%}
        insert into {{ processed_loads() }} (model, load_id)
        select '{{ model.name }}', load_id from ({{ new_loads() }}) as read_now
    {%- endif -%}
{%- endmacro %}
