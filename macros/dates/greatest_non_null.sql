{% macro greatest_non_null(columns) -%}
    nullif(greatest(
        {%- for column in columns %}
        coalesce({{ column }}, timestamp '1970-01-01 00:00:00+00'){{ ',' if not loop.last }}
        {%- endfor %}
    ), timestamp '1970-01-01 00:00:00+00')
{%- endmacro %}
