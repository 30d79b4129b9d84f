with hashes as (
    select ad_id, version_id, max(text_hash) as text_hash
    from {{ ref('stg_ad_features') }}
    where text_hash is not null
    group by ad_id, version_id
),

ads as (
    select
        ads.ad_id,
        ads.published_on,
        coalesce(ads.employer_number, ads.employer_name) as employer,
        ads.places,
        hashes.text_hash
    from {{ ref('int_ads') }} as ads
    inner join hashes on hashes.ad_id = ads.ad_id and hashes.version_id = ads.content_version_id
    where ads.published_on is not null
),

in_order as (
    select
        *,
        {{ dbt.datediff(
            'lag(published_on) over (partition by employer, places, text_hash order by published_on, ad_id)',
            'published_on', 'day') }} as days_after_previous
    from ads
    where employer is not null
),

chains as (
    select
        *,
        sum(case when days_after_previous <= 30 then 0 else 1 end)
            over (partition by employer, places, text_hash order by published_on, ad_id) as chain
    from in_order
),

named as (
    select
        ad_id,
        first_value(ad_id)
            over (partition by employer, places, text_hash, chain order by published_on, ad_id) as repost_of,
        days_after_previous
    from chains
)

select
    ad_id,
    repost_of,
    cast(days_after_previous as int64) as days_after_previous
from named
where ad_id != repost_of
