{% macro try_cast(text, type) -%}
    {{ adapter.dispatch('try_cast')(text, type) }}
{%- endmacro %}

{% macro default__try_cast(text, type) -%}
    safe_cast({{ text }} as {{ type }})
{%- endmacro %}

{% macro duckdb__try_cast(text, type) -%}
    try_cast({{ text }} as {{ {'timestamp': 'timestamptz', 'float64': 'double'}.get(type, type) }})
{%- endmacro %}
