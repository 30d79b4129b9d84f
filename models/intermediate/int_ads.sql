{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='ad_id',
    partition_by=by_month('first_extracted_at', 'timestamp'),
    cluster_by=['ad_id'],
    incremental_predicates=[],
    reach=[],
    pre_hook='{{ note_reach() }}',
    post_hook="{{ put_in_order('first_extracted_at') }}",
    on_schema_change='append_new_columns',
) }}
-- depends_on: {{ ref('stg_loads') }}, {{ ref('stg_ad_features') }}, {{ ref('stg_units') }}
{%- if is_incremental() %}
    {%- set since = new_rows_since() %}
    {%- set reach = find_reach(since) %}
    {#- All staging rows of the touched ads lie on or after this day, and so do their rows in this table. #}
    {%- set oldest = reach.own_first_seen %}
    {%- do set_at_run_time('reach', [reach.first_seen, reach.earliest]) %}
    {%- do set_at_run_time('incremental_predicates',
        ["DBT_INTERNAL_DEST.first_extracted_at >= timestamp '" ~ oldest ~ " 00:00:00'"]) %}
{%- endif %}

with {% if is_incremental() -%}
touched as (
    {{- touched_ads(['stg_ad_versions', 'stg_feed_events'], since) }}
),

{% endif -%}
versions as (
    select * from {{ ref('stg_ad_versions') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from touched) and extracted_at >= timestamp '{{ oldest }} 00:00:00'
    {%- endif %}
),

events as (
    select * from {{ ref('stg_feed_events') }}
    {%- if is_incremental() %}
    where ad_id in (select ad_id from touched) and extracted_at >= timestamp '{{ oldest }} 00:00:00'
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
    select ad_id, status, event_at, event_on
    from events
    where true
    -- at one instant the closing event counts as the later one
    qualify row_number() over (
        partition by ad_id
        order by event_at desc, case when status = 'ACTIVE' then 1 else 0 end asc, status asc
    ) = 1
),

states as (
    select
        ad_id,
        extracted_at,
        {{ earlier('published_on', 'expires_on') }} as earlier_on,
        cast(null as date) as active_on
    from versions
    union all
    select ad_id, extracted_at, event_on, case when status = 'ACTIVE' then event_on end
    from events
),

ads as (
    select
        ad_id,
        min(extracted_at) as first_extracted_at,
        min(earlier_on) as earliest_on,
        min(active_on) as first_active_on
    from states
    group by ad_id
),

joined as (
    select
        ads.ad_id,
        coalesce(latest_event.status, latest_version.status) as status,
        latest_content.ad_id is not null as is_captured,
        latest_content.version_id as content_version_id,
        coalesce(latest_content.published_on, ads.first_active_on) as published_on,
        latest_content.expires_on,
        case when latest_event.status != 'ACTIVE' then latest_event.event_on end as inactive_on,
        latest_content.application_due_on,
        latest_content.position_count,
        latest_content.occupation,
        latest_content.occupation_detail,
        latest_content.styrk08_code,
        latest_content.styrk08_name,
        latest_content.county,
        latest_content.municipality,
        latest_content.country,
        latest_content.ad_source,
        latest_content.extent,
        latest_content.engagement,
        latest_content.sector,
        latest_content.employer_number,
        ads.earliest_on,
        ads.first_extracted_at
    from ads
    left join latest_version on latest_version.ad_id = ads.ad_id
    left join latest_content on latest_content.ad_id = ads.ad_id
    left join latest_event on latest_event.ad_id = ads.ad_id
)

select
    *,
    {{ earlier('expires_on', 'inactive_on') }} as closed_on,
    case
        when inactive_on is null then null
        when expires_on is null or inactive_on < expires_on then 'stopped'
        else 'expired'
    end as close_reason
from joined
