{% macro first_month_to_rebuild() -%}
    (
        select cast({{ dbt.date_trunc('month', 'min(first_on)') }} as date)
        from (
            select min(earliest_on) as first_on from {{ ref('int_ad_groups') }}
            where {{ is_new(own='loaded_at') }}
            union all
            select max(month) from {{ this }}
        ) as changes
    )
{%- endmacro %}
