{#
  dbt reads a model's configuration when it parses, before anything can be asked of the warehouse.
  A list in it may still be filled when the model is compiled, which happens before its strategy reads it.
#}
{% macro set_at_run_time(name, values) -%}
    {%- set setting = config.get(name) -%}
    {%- do setting.clear() -%}
    {%- do setting.extend(values) -%}
{%- endmacro %}
