{% macro touched_ads(models, since) -%}
    {%- for name in models %}
    select ad_id from {{ ref(name) }} where {{ new_rows(since) }}
        {%- if not loop.last %}
    union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
