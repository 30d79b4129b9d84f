{% macro oslo_date_of_text(text) -%}
    {%- set day = '^2[0-9]{3}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = "substr(replace(replace(" ~ text ~ ", 'Z', '+0000'), ':', ''), -5)" -%}
    {%- set to_the_minute = "substr(" ~ text ~ ", 1, 10), ' ', substr(" ~ text ~ ", 12, 5), ':00'" -%}
    case
        when {{ matches(text, day ~ '(' ~ time ~ ')?$') }}
            then {{ try_cast('substr(' ~ text ~ ', 1, 10)', 'date') }}
        when {{ matches(text, day ~ time ~ '(Z|[+-][0-9]{2}:?[0-9]{2})$') }}
            then {{ oslo_date(try_cast(
                "concat(" ~ to_the_minute ~ ", substr(" ~ offset ~ ", 1, 3), ':', substr(" ~ offset ~ ", 4))", 'timestamp')) }}
    end
{%- endmacro %}
