with named as (
    select
        ads.ad_id,
        {{ json_text('item', '$.categoryType') }} as category_type,
        {{ json_text('item', '$.code') }} as code,
        {{ json_text('item', '$.name') }} as name,
        {{ try_cast(json_text('item', '$.score'), 'float64') }} as score
    from {{ ref('int_ads') }} as ads
    cross join {{ json_items('ads.category_list') }}
)

select
    ad_id,
    -- under ESCO NAV gives an occupation or, at times, a group of ISCO, which is another kind of thing
    case when category_type = 'ESCO' and code like '%/isco/%' then 'ISCO' else category_type end as classification,
    code,
    max(name) as name,
    max(score) as score
from named
where category_type is not null and code is not null
group by 1, 2, 3
