{% macro industry_of(employer_number) -%}
    'Unknown'
{%- endmacro %}
