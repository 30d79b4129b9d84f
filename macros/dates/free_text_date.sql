{% macro free_text_date(text) -%}
    {%- set dotted = "replace(replace(" ~ text ~ ", '/', '.'), '-', '.')" -%}
    {%- set day = "regexp_replace(" ~ dotted ~ ", '[.].*$', '')" -%}
    {%- set month = "regexp_replace(regexp_replace(" ~ dotted ~ ", '^[0-9]+[.]', ''), '[.].*$', '')" -%}
    case
        when {{ matches(dotted, '^[0-3]?[0-9][.][01]?[0-9][.]2[0-9]{3}$') }}
            then {{ try_cast("concat(substr(" ~ text ~ ", -4), '-', " ~ month ~ ", '-', " ~ day ~ ")", 'date') }}
        else {{ oslo_date_of_text(text) }}
    end
{%- endmacro %}
