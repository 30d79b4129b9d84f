{#
  A unit touches the ads of its number, and those of its sub-units: what has no industry of its own has its
  main unit's.
#}
{% macro touched_ads(models, since) -%}
    {%- for name in models %}
    {%- if name == 'stg_units' %}
    {%- set units -%}
        select organisation_number from {{ ref('stg_units') }} where {{ new_rows(since) }}
    {%- endset %}
    select ad_id from {{ ref('int_ads') }}
    where employer_number in ({{ units }}) or employer_number in (
        select organisation_number from {{ ref('stg_units') }} where parent_number in ({{ units }})
    )
    {%- else %}
    select ad_id from {{ ref(name) }} where {{ new_rows(since) }}
    {%- endif %}
        {%- if not loop.last %}
    union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
