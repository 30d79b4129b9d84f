with codes as (
    select ad_id, code, name, count(*) over (partition by ad_id) as codes
    from {{ ref('ad_categories') }}
    where classification = 'STYRK08' and {{ matches('code', '^[0-9]{4}$') }}
),

ads as (
    select
        ads.published_on as day,
        ads.positions,
        ads.is_captured,
        coalesce(codes.code, 'Unknown') as styrk08_code,
        coalesce(codes.name, 'Unknown') as styrk08_name,
        1e0 / coalesce(codes.codes, 1) as weight,
        days.known_from
    from {{ ref('fct_ads') }} as ads
    inner join {{ ref('int_days') }} as days on days.day = ads.published_on
    left join codes on codes.ad_id = ads.ad_id
),

counted as (
    select
        day,
        styrk08_code,
        max(styrk08_name) as styrk08_name,
        count(*) as ads,
        sum(positions) as positions,
        round(sum(weight), 6) as ads_weighted,
        round(sum(weight * positions), 6) as positions_weighted,
        round(sum(case when is_captured then weight else 0 end), 6) as captured_weighted,
        max(known_from) as known_from
    from ads
    group by day, styrk08_code
)

select
    day,
    styrk08_code,
    styrk08_name,
    cast(ads as int64) as ads,
    cast(positions as int64) as positions,
    ads_weighted,
    positions_weighted,
    round(sum(captured_weighted) over (partition by day), 3)
    / round(sum(ads_weighted) over (partition by day), 3) as share_captured,
    known_from
from counted
