{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='ad_id',
    partition_by=by_month('published_on', 'date'),
    cluster_by=['ad_id'],
    incremental_predicates=[],
    post_hook="{{ put_in_order('published_on') }}",
    on_schema_change='append_new_columns',
) }}
-- depends_on: {{ ref('stg_loads') }}, {{ ref('stg_ad_versions') }}, {{ ref('stg_feed_events') }}, {{ ref('stg_units') }}
{%- if is_incremental() %}
    {%- set reach = reach_of_new_loads() %}
    {%- set first_seen = reach.first_seen or '1900-01-01' %}
    {#- After a change of its date an ad moves: where it stands in this table now is no earlier than this either. #}
    {%- set oldest = reach.earliest or '1900-01-01' %}
    {%- do set_at_run_time('incremental_predicates',
        ["(DBT_INTERNAL_DEST.published_on is null or DBT_INTERNAL_DEST.published_on >= date '" ~ oldest ~ "')"]) %}
{%- endif %}

with {% if is_incremental() -%}
touched as (
    {{- touched_ads(
        ['stg_ad_versions', 'stg_feed_events', 'stg_ad_features', 'stg_units'], new_rows_since(), first_seen) }}
),

{% endif -%}
ads as (
    select * from {{ ref('int_ads') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from touched) and first_extracted_at >= timestamp '{{ first_seen }} 00:00:00'
    {%- endif %}
),

features as (
    select * from {{ ref('stg_ad_features') }}
    where {% if is_incremental() -%}
        ad_id in (select ad_id from touched) and extracted_at >= timestamp '{{ first_seen }} 00:00:00'
        {%- else %}true{% endif %}
    qualify row_number() over (partition by ad_id, version_id order by rules_version desc) = 1
)

select
    ads.ad_id,
    ads.status,
    ads.is_captured,

    ads.published_on,
    ads.expires_on,
    ads.inactive_on,
    ads.closed_on,
    ads.close_reason,
    ads.application_due_on,

    case when ads.position_count >= 1 then ads.position_count else 1 end as positions,
    coalesce(ads.occupation, 'Unknown') as occupation,
    coalesce(ads.occupation_detail, 'Unknown') as occupation_detail,
    ads.styrk08_code,
    ads.styrk08_name,
    coalesce(municipalities.county_today, counties.county_today, 'Unknown') as county,
    ads.municipality,
    ads.country,
    coalesce(industries.industry, 'Unknown') as industry,
    ads.ad_source,
    ads.extent,
    ads.engagement,
    ads.sector,
    ads.employer_number,

    features.text_length,
    features.language,
    features.mentions_remote_work,
    features.requires_driving_licence,
    features.requires_police_certificate
from ads
left join {{ ref('counties') }} as counties on counties.county = ads.county
left join {{ ref('municipalities') }} as municipalities
    on municipalities.county = ads.county and municipalities.municipality = ads.municipality
left join {{ ref('int_unit_industries') }} as industries on industries.organisation_number = ads.employer_number
left join features
    on features.ad_id = ads.ad_id and features.version_id = ads.content_version_id
