{% macro new_rows(since, load_id='load_id') -%}
    {{ load_id }} in ({{ new_loads() }}) and extracted_at >= timestamp '{{ since }} 00:00:00'
{%- endmacro %}
