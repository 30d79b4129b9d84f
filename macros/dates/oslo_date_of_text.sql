{% macro oslo_date_of_text(text) -%}
    {%- set day = '^2[0-9]{3}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = '[+-][0-9]{2}:?[0-9]{2}' -%}
    {%- set to_the_minute = "concat(substr(" ~ text ~ ", 1, 10), ' ', substr(" ~ text ~ ", 12, 5), ':00'" -%}
    case
        when {{ matches(text, day ~ '(' ~ time ~ ')?$') }}
            then {{ try_cast('substr(' ~ text ~ ', 1, 10)', 'date') }}
        when {{ matches(text, day ~ time ~ 'Z$') }}
            then {{ oslo_date(try_cast(to_the_minute ~ ", '+00:00')", 'timestamp')) }}
        when {{ matches(text, day ~ time ~ offset ~ '$') }}
            then {{ oslo_date(try_cast(
                to_the_minute ~ ", substr(replace(" ~ text ~ ", ':', ''), -5, 3), ':', substr(" ~ text ~ ", -2))", 'timestamp')) }}
    end
{%- endmacro %}
