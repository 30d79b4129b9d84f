{% macro try_cast(text, type) -%}
    {{ adapter.dispatch('try_cast')(text, type) }}
{%- endmacro %}

{% macro default__try_cast(text, type) -%}
    safe_cast({{ text }} as {{ type }})
{%- endmacro %}

{% macro duckdb__try_cast(text, type) -%}
    {%- set day, sign = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}', '[+-]?' -%}
    {%- set number = sign ~ '([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?' -%}
    {%- set time, zone = '[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.][0-9]*)?', '(z|[+-][0-9]{1,2}(:?[0-9]{2})?| [a-z]+/[a-z_]+)?' -%}
    {%- set duckdb_type, form = {
        'bool': ('bool', 'true|false'), 'int64': ('bigint', sign ~ '[0-9]+'),
        'float64': ('double', number ~ '|' ~ sign ~ '(inf|infinity|nan)'), 'numeric': ('decimal(38, 9)', number),
        'date': ('date', day), 'timestamp': ('timestamptz', day ~ '(([t ]' ~ time ~ ')?' ~ zone ~ ')'),
    }.get(type, (type, '(?s).*')) -%}
    {%- set upper = 'upper(' ~ text ~ ')' if type == 'timestamp' else text %}
    case when regexp_full_match({{ text }}, '(?i){{ form }}') then try_cast({{ upper }} as {{ duckdb_type }}) end
{%- endmacro %}
