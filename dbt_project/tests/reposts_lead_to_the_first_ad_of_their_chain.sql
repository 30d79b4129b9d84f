select reposts.ad_id, reposts.repost_of
from {{ ref('ad_reposts') }} as reposts
left join {{ ref('fct_ads') }} as repost on repost.ad_id = reposts.ad_id
left join {{ ref('fct_ads') }} as original on original.ad_id = reposts.repost_of
where
    repost.repost_of is null
    or repost.repost_of != reposts.repost_of
    or original.ad_id is null
    or original.repost_of is not null
    or original.published_on > repost.published_on
