{% macro is_new(loaded_at='loaded_at', own='versions_loaded_at') -%}
    {{ loaded_at }} > (
        select coalesce(max({{ own }}) - interval 3 day, timestamp '1970-01-01 00:00:00+00') from {{ this }}
        where {{ own }} <= current_timestamp + interval 1 day
    )
{%- endmacro %}
