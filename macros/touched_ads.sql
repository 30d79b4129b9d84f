{% macro touched_ads(models, since, first_seen=none) -%}
    {%- for name in models %}
    {%- if name == 'stg_units' %}
    select ad_id from {{ ref('int_ads') }}
    where employer_number in ({{ touched_units(since) }}) and first_extracted_at >= timestamp '{{ first_seen }} 00:00:00'
    {%- else %}
    select ad_id from {{ ref(name) }} where {{ new_rows(since) }}
    {%- endif %}
        {%- if not loop.last %}
    union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
