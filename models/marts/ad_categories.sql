{{ config(materialized='view') }}

with named as (
    select
        ads.ad_id,
        -- under ESCO NAV gives an occupation or, at times, a group of ISCO, which is another kind of thing
        case
            when {{ json_text('item', '$.categoryType') }} = 'ESCO' and {{ json_text('item', '$.code') }} like '%/isco/%' then 'ISCO'
            else {{ json_text('item', '$.categoryType') }}
        end as classification,
        {{ json_text('item', '$.code') }} as code,
        {{ json_text('item', '$.name') }} as name,
        {{ try_cast(json_text('item', '$.score'), 'float64') }} as score
    from {{ ref('int_ads') }} as ads
    cross join {{ json_items('ads.category_list') }}
    where {{ json_text('item', '$.categoryType') }} is not null and {{ json_text('item', '$.code') }} is not null
)

select ad_id, classification, code, max(name) as name, max(score) as score
from named
group by ad_id, classification, code
