{{ config(materialized='view') }}

select
    ads.ad_id,
    coalesce({{ json_text('item', '$.level1') }}, 'Unknown') as level1,
    coalesce({{ json_text('item', '$.level2') }}, 'Unknown') as level2,
    1e0 / count(*) over (partition by ads.ad_id) as weight
from {{ ref('int_ads') }} as ads
cross join {{ json_items('ads.occupations') }}
