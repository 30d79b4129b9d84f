{{ config(materialized='table') }}

with named as (
    select
        ads.ad_id,
        {{ json_text('occupation', '$.level1') }} as occupation,
        upper({{ json_text('place', '$.county') }}) as county,
        upper({{ json_text('place', '$.municipal') }}) as municipality,
        1e0 / count(*) over (partition by ads.ad_id) as weight
    from {{ ref('int_ads') }} as ads
    cross join {{ json_items('ads.occupations', 'occupation') }}
    cross join {{ json_items('ads.places', 'place') }}
),

weighed as (
    select
        named.ad_id,
        coalesce(named.occupation, 'Unknown') as occupation,
        coalesce(municipalities.county_today, counties.county_today, 'Unknown') as county,
        sum(named.weight) as weight
    from named
    left join {{ ref('counties') }} as counties on counties.county = named.county
    left join {{ ref('municipalities') }} as municipalities
        on municipalities.county = named.county and municipalities.municipality = named.municipality
    group by 1, 2, 3
)

select
    ads.ad_id,
    weighed.occupation,
    weighed.county,
    ads.industry,
    weighed.weight,
    ads.is_captured,
    ads.positions,
    ads.published_on,
    ads.closed_on,
    ads.close_reason,
    ads.earliest_on,
    ads.versions_loaded_at,
    ads.loaded_at
from {{ ref('fct_ads') }} as ads
inner join weighed on weighed.ad_id = ads.ad_id
