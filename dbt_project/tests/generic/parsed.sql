{% test parsed(model, pairs) %}
{{ config(fail_calc='coalesce(sum(times), 0)') }}

{%- for text, value in pairs.items() %}
select '{{ text }}' as not_parsed, {{ text }} as example, count(*) as times
from {{ model }}
where {{ text }} is not null and {{ value }} is null
group by {{ text }}
{% if not loop.last %}union all{% endif %}
{%- endfor %}

{% endtest %}
