{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='ad_id',
    partition_by=by_month('published_on', 'date'),
    cluster_by=['ad_id'],
    on_schema_change='append_new_columns',
) }}

with {% if is_incremental() -%}
changed_units as (
    select organisation_number from {{ ref('int_unit_industries') }} where {{ is_new() }}
),

changed_ads as (
    select ad_id from {{ ref('int_ads') }} where {{ is_new() }}
    union all
    select ad_id from {{ ref('stg_ad_features') }} where {{ is_new() }}
    union all
    select ad_id from {{ ref('int_ads') }}
    where employer_number in (select organisation_number from changed_units)
    union all
    -- An ad before it was loaded or changed: it is a repost now, or no longer, or one of another ad.
    select coalesce(reposts.ad_id, own.ad_id)
    from {{ ref('ad_reposts') }} as reposts
    full outer join (select ad_id, repost_of from {{ this }} where repost_of is not null) as own
        on own.ad_id = reposts.ad_id
    where coalesce(reposts.repost_of, '') != coalesce(own.repost_of, '')
),

{% endif -%}
ads as (
    select * from {{ ref('int_ads') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from changed_ads)
    {%- endif %}
),

features as (
    select * from {{ ref('stg_ad_features') }}
    where {% if is_incremental() %}ad_id in (select ad_id from changed_ads){% else %}true{% endif %}
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
    ads.extent = 'Deltid' as states_part_time,
    ads.engagement,
    ads.sector,
    ads.ad_source,
    ads.employer_number,
    coalesce(industries.industry, 'Unknown') as industry,
    reposts.repost_of,

    features.rules_version,
    features.text_length,
    features.language,
    features.mentions_remote_work,
    features.requires_driving_licence,
    features.requires_police_certificate,

    ads.earliest_on,
    ads.versions_loaded_at,
    {{ greatest_non_null(['ads.loaded_at', 'features.loaded_at', 'industries.loaded_at']) }} as loaded_at
from ads
left join {{ ref('int_unit_industries') }} as industries on industries.organisation_number = ads.employer_number
left join {{ ref('ad_reposts') }} as reposts on reposts.ad_id = ads.ad_id
left join features
    on features.ad_id = ads.ad_id and features.version_id = ads.content_version_id
