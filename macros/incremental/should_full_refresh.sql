{% macro should_full_refresh() -%}
    {%- set is_there = execute and model.resource_type == 'model' and load_cached_relation(this) -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list if is_there else [] -%}
    {%- set missing = model.get('columns', {}) | reject('in', columns) | list -%}
    {{- return(flags.FULL_REFRESH or (columns != [] and missing != [])) -}}
{%- endmacro %}
