with codes as (
    select ad_id, code, name
    from {{ ref('ad_categories') }}
    where classification = 'STYRK08' and {{ matches('code', '^[0-9]{4}$') }}
),

names as (
    select code, max(name) as name from codes group by code
),

ads as (
    select
        ads.published_on as day,
        ads.positions,
        ads.is_captured,
        coalesce(codes.code, 'Unknown') as styrk08_code,
        1e0 / count(*) over (partition by ads.ad_id) as weight
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    left join codes on codes.ad_id = ads.ad_id
    where ads.published_on <= as_of.as_of_on
),

captured as (
    select
        published_on as day,
        sum(case when is_captured then 1 else 0 end) / count(*) as share_captured
    from {{ ref('fct_ads') }}
    group by published_on
)

select
    ads.day,
    ads.styrk08_code,
    coalesce(max(names.name), 'Unknown') as styrk08_name,
    cast(count(*) as int64) as ads,
    cast(sum(ads.positions) as int64) as positions,
    round(sum(ads.weight), 6) as ads_weighted,
    round(sum(ads.weight * ads.positions), 6) as positions_weighted,
    max(captured.share_captured) as share_captured
from ads
left join names on names.code = ads.styrk08_code
left join captured on captured.day = ads.day
group by ads.day, ads.styrk08_code
