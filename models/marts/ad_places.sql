with named as (
    select
        ads.ad_id,
        upper({{ json_text('item', '$.county') }}) as county,
        upper({{ json_text('item', '$.municipal') }}) as municipality,
        upper({{ json_text('item', '$.country') }}) as country,
        1e0 / count(*) over (partition by ads.ad_id) as weight
    from {{ ref('int_ads') }} as ads
    cross join {{ json_items('ads.places') }}
),

placed as (
    select
        named.ad_id,
        coalesce(municipalities.county_today, counties.county_today, 'Unknown') as county,
        coalesce(named.municipality, 'Unknown') as municipality,
        coalesce(named.country, 'Unknown') as country,
        named.weight
    from named
    left join {{ ref('counties') }} as counties on counties.county = named.county
    left join {{ ref('municipalities') }} as municipalities
        on municipalities.county = named.county and municipalities.municipality = named.municipality
)

-- Two names of a county, old and new, are one place.
select ad_id, county, municipality, country, sum(weight) as weight
from placed
group by ad_id, county, municipality, country
