with weighed as (
    select ad_id, 'ad_occupations' as bridge, weight from {{ ref('ad_occupations') }}
    union all
    select ad_id, 'ad_places', weight from {{ ref('ad_places') }}
    union all
    select ad_id, 'int_ad_groups', weight from {{ ref('int_ad_groups') }}
),

summed as (
    select ad_id, sum(weight) / 3 as weight, count(distinct bridge) as bridges
    from weighed
    group by ad_id
)

select fct_ads.ad_id, summed.weight, summed.bridges
from {{ ref('fct_ads') }} as fct_ads
left join summed on summed.ad_id = fct_ads.ad_id
where coalesce(summed.bridges, 0) != 3 or abs(summed.weight - 1) > 0.000001
