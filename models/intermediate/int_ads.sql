{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='ad_id',
    cluster_by=['ad_id'],
    on_schema_change='append_new_columns',
) }}

with {% if is_incremental() -%}
changed_ads as (
    select ad_id from {{ ref('stg_ad_versions') }} where {{ is_new() }}
    union all
    select ad_id from {{ ref('stg_feed_events') }} where {{ is_new() }}
),

{% endif -%}
versions as (
    select
        * replace (
            -- no state is newer than its reading; a day is left for clocks that differ
            case when changed_at > extracted_at + interval 1 day then extracted_at else changed_at end as changed_at
        )
    from {{ ref('stg_ad_versions') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from changed_ads)
    {%- endif %}
),

events as (
    select * from {{ ref('stg_feed_events') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from changed_ads)
    {%- endif %}
),

latest_version as (
    select ad_id, status
    from versions
    where true
    qualify row_number() over (
        partition by ad_id order by changed_at desc, extracted_at desc, version_id desc
    ) = 1
),

latest_content as (
    select *
    from versions
    where has_content
    qualify row_number() over (
        partition by ad_id
        -- of one state, an archive's copy says less than the feed's, and comes later
        order by changed_at desc, case when source = 'feed' then 0 else 1 end, extracted_at desc, version_id desc
    ) = 1
),

latest_event as (
    select ad_id, status
    from events
    where true
    -- at one timestamp the closing event counts as the later one
    qualify row_number() over (
        partition by ad_id
        order by event_at desc, case when status = 'ACTIVE' then 1 else 0 end asc, status asc
    ) = 1
),

last_active as (
    select ad_id, min(event_on) as first_active_on, max(event_at) as event_at
    from events
    where status = 'ACTIVE'
    group by ad_id
),

-- A closing event that is sent again on a later day does not close the ad anew.
closings as (
    select
        events.ad_id,
        events.event_on as inactive_on,
        events.is_masked,
        -- NAV says in the night after its last day, before 6 in Oslo, that an ad expired
        case
            when not events.is_masked and coalesce(last_active.first_active_on < events.event_on, true)
                then {{ oslo_date('(events.event_at - interval 6 hour)') }}
            else events.event_on
        end as last_open_on
    from events
    left join last_active on last_active.ad_id = events.ad_id
    where
        events.status != 'ACTIVE'
        and (last_active.event_at is null or events.event_at >= last_active.event_at)
    qualify row_number() over (partition by events.ad_id order by events.event_at, events.status) = 1
),

states as (
    select
        ad_id,
        {{ least_non_null('published_on', 'expires_on') }} as earlier_on,
        case when source != 'feed' then published_on end as seen_on,
        loaded_at as versions_loaded_at,
        loaded_at
    from versions
    union all
    select ad_id, event_on as earlier_on, event_on as seen_on, null, loaded_at
    from events
),

ads as (
    select
        ad_id,
        min(earlier_on) as earliest_on,
        min(seen_on) as first_seen_on,
        max(versions_loaded_at) as versions_loaded_at,
        max(loaded_at) as loaded_at
    from states
    group by ad_id
),

joined as (
    select
        ads.ad_id,
        coalesce(latest_event.status, latest_version.status) as status,
        latest_content.ad_id is not null as is_captured,
        latest_content.version_id as content_version_id,
        coalesce(latest_content.published_on, last_active.first_active_on) as published_on,
        latest_content.expires_on,
        closings.inactive_on,
        case
            when closings.inactive_on is null then null
            when closings.inactive_on >= latest_content.expires_on then 'expired'
            when latest_content.expires_on is null and not closings.is_masked then 'expired'
            else 'stopped'
        end as close_reason,
        latest_content.application_due_on,
        latest_content.position_count,
        {{ json_distinct('latest_content.occupation_categories', ['level1', 'level2'], ['level1']) }} as occupations,
        {{ json_distinct(
            'latest_content.work_locations', ['country', 'county', 'municipal'], ['country', 'county']) }} as places,
        latest_content.category_list,
        latest_content.ad_source,
        latest_content.extent,
        latest_content.engagement,
        latest_content.sector,
        latest_content.employer_number,
        latest_content.employer_name,
        ads.earliest_on,
        ads.first_seen_on,
        ads.versions_loaded_at,
        ads.loaded_at,
        -- what the content says goes before what the night of the event tells
        case
            when latest_content.expires_on is null then closings.last_open_on
            else {{ least_non_null('latest_content.expires_on', 'closings.inactive_on') }}
        end as closed_on
    from ads
    left join latest_version on latest_version.ad_id = ads.ad_id
    left join latest_content on latest_content.ad_id = ads.ad_id
    left join latest_event on latest_event.ad_id = ads.ad_id
    left join last_active on last_active.ad_id = ads.ad_id
    left join closings on closings.ad_id = ads.ad_id
)

select
    * replace (
        -- An ad that names none has one, so that it counts in a group, too.
        coalesce(nullif(occupations, '[]'), '[{"level1":null,"level2":null}]') as occupations,
        coalesce(nullif(places, '[]'), '[{"country":null,"county":null,"municipal":null}]') as places
    )
from joined
