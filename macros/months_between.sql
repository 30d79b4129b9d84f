{% macro months_between(first, last) -%}
    {%- set months = [] -%}
    {%- for year in range(first.year, last.year + 1) -%}
        {%- for month in range(1, 13) if (first.year, first.month) <= (year, month) <= (last.year, last.month) -%}
            {%- do months.append('%04d-%02d-01' % (year, month)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(months) -}}
{%- endmacro %}
