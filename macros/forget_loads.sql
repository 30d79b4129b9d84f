{% macro forget_loads() -%}
    {%- if execute and config.get('materialized') == 'incremental' and not is_incremental() -%}
        delete from {{ processed_loads() }} where model = '{{ model.name }}'
    {%- endif -%}
{%- endmacro %}
