with months as (
    select month, case when count(known_from) = count(*) then max(known_from) end as known_from
    from {{ ref('int_days') }}
    group by month
),

ads as (
    select
        ads.ad_id,
        cast({{ dbt.date_trunc('month', 'ads.published_on') }} as date) as month,
        ads.industry,
        ads.rules_version,
        ads.language,
        ads.mentions_remote_work,
        ads.requires_driving_licence,
        ads.requires_police_certificate
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where ads.published_on <= as_of.as_of_on
),

groups_of_ads as (
    select 'all' as dimension, 'all' as value, ad_id from ads
    union all
    select distinct 'occupation', occupation, ad_id from {{ ref('int_ad_groups') }}
    union all
    select distinct 'county', county, ad_id from {{ ref('int_ad_groups') }}
    union all
    select 'industry', industry, ad_id from ads
),

published as (
    select
        ads.month,
        groups_of_ads.dimension,
        groups_of_ads.value,
        ads.rules_version,
        count(*) as ads,
        sum(case when ads.mentions_remote_work then 1 else 0 end) as ads_mentioning_remote_work,
        sum(case when ads.requires_driving_licence then 1 else 0 end) as ads_requiring_driving_licence,
        sum(case when ads.requires_police_certificate then 1 else 0 end) as ads_requiring_police_certificate,
        sum(case when ads.language = 'nb' then 1 else 0 end) as ads_in_bokmaal,
        sum(case when ads.language = 'nn' then 1 else 0 end) as ads_in_nynorsk,
        sum(case when ads.language = 'en' then 1 else 0 end) as ads_in_english
    from ads
    inner join groups_of_ads on groups_of_ads.ad_id = ads.ad_id
    group by 1, 2, 3, 4
),

shares as (
    select month, sum(case when rules_version is not null then ads else 0 end) / sum(ads) as share_read
    from published
    where dimension = 'all'
    group by month
)

select
    published.month,
    published.dimension,
    published.value,
    cast(published.rules_version as int64) as rules_version,
    cast(published.ads as int64) as ads_read,
    cast(published.ads_mentioning_remote_work as int64) as ads_mentioning_remote_work,
    cast(published.ads_requiring_driving_licence as int64) as ads_requiring_driving_licence,
    cast(published.ads_requiring_police_certificate as int64) as ads_requiring_police_certificate,
    cast(published.ads_in_bokmaal as int64) as ads_in_bokmaal,
    cast(published.ads_in_nynorsk as int64) as ads_in_nynorsk,
    cast(published.ads_in_english as int64) as ads_in_english,
    shares.share_read as share_captured,
    months.known_from
from published
inner join shares on shares.month = published.month
inner join months on months.month = published.month
where published.rules_version is not null
