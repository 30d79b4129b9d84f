{% macro free_text_date(text) -%}
    {%- set months = 'jan01feb02mar03apr04mai05jun06jul07aug08sep09okt10nov11des12' -%}
    {%- set time = ',? +(kl[.]? *[0-9]{1,2}([.:][0-9]{2})?|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)$' -%}
    {%- set bare = "regexp_replace(lower(" ~ text ~ "), '" ~ time ~ "', '')" -%}
    {%- set dotted = "replace(replace(replace(replace(" ~ bare ~ ", '/', '.'), '-', '.'), ' ', '.'), '..', '.')" -%}
    {%- set day, year = "regexp_replace(" ~ dotted ~ ", '[.].*$', '')", "concat('20', regexp_replace(" ~ dotted ~ ", '^.*[.]', ''))" -%}
    {%- set month = "regexp_replace(regexp_replace(" ~ dotted ~ ", '^[0-9]+[.]', ''), '[.].*$', '')" -%}
    {%- set named = "substr('" ~ months ~ "', strpos('" ~ months ~ "', substr(" ~ month ~ ", 1, 3)) + 3, 2)" -%}
    {%- set number = "case when " ~ matches(month, '^[a-z]') ~ " then " ~ named ~ " else " ~ month ~ " end" -%}
    case
        when {{ matches(dotted, '^[0-3]?[0-9][.]([01]?[0-9]|(jan|feb|mar|apr|mai|jun|jul|aug|sep|okt|nov|des)[a-z]*)[.](2[0-9])?[0-9]{2}$') }}
            then {{ try_cast("concat(substr(" ~ year ~ ", -4), '-', " ~ number ~ ", '-', " ~ day ~ ")", 'date') }}
        else {{ oslo_date_of_text(text) }}
    end
{%- endmacro %}
