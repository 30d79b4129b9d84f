{% test parsed(model, pairs, in_words) %}
{{ config(fail_calc='coalesce(sum(times), 0)') }}

with recent as (
    select * from {{ model }}
    where loaded_at > (
        select max(loaded_at) - interval 30 day from {{ model }}
        where loaded_at <= current_timestamp + interval 1 day
    )
)
{% for text, value in pairs.items() %}
select
    '{{ text }}' as not_parsed,
    max(case when {{ value }} is null then {{ text }} end) as example,
    sum(case when {{ value }} is null then 1 else 0 end) as times
from recent
where {{ text }} is not null{% if text in in_words %} and {{ matches(text, '[0-9]') }}{% endif %}
having sum(case when {{ value }} is null then 1 else 0 end) > {{ var('usual_share_not_parsed') }} * count(*)
{% if not loop.last %}union all{% endif %}
{%- endfor %}

{% endtest %}
