{#
  A unit touches its own ads and those of its sub-units: what has no industry of its own has its main unit's.
#}
{% macro touched_units(since) -%}
    select organisation_number from {{ ref('stg_units') }} where {{ new_rows(since) }}
    union all
    select organisation_number from {{ ref('stg_units') }}
    where parent_number in (select organisation_number from {{ ref('stg_units') }} where {{ new_rows(since) }})
{%- endmacro %}
