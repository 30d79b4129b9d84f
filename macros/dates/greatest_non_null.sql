{% macro greatest_non_null(columns) -%}
    {%- set epoch = "timestamp '1970-01-01 00:00:00+00'" -%}
    nullif(greatest({% for column in columns %}coalesce({{ column }}, {{ epoch }}){{ ', ' if not loop.last }}{% endfor %}), {{ epoch }})
{%- endmacro %}
