{% macro whole_number(text) -%}
    case
        when {{ matches(text, '^[0-9]+([.]0*)?$') }}
            then {{ try_cast("regexp_replace(" ~ text ~ ", '[.]0*$', '')", 'int64') }}
    end
{%- endmacro %}
