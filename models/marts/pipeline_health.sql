with loads as (
    select * from {{ ref('stg_loads') }}
),

feed_loads as (
    select * from {{ ref('stg_feed_loads') }}
),

source_loads as (
    select * from {{ ref('stg_source_loads') }}
),

events as (
    select load_id, count(*) as new_rows
    from {{ ref('stg_feed_events') }}
    group by load_id
),

versions as (
    select
        load_id,
        count(*) as new_rows,
        count(case when published_text is not null and published_on is null then 1 end)
        + count(case when expires_text is not null and expires_on is null then 1 end)
        -- without a digit it is words (Snarest, flere)
        + count(case when {{ matches('application_due_text', '[0-9]') }} and application_due_on is null then 1 end)
        + count(case when {{ matches('position_count_text', '[0-9]') }} and position_count is null then 1 end)
            as values_not_parsed
    from {{ ref('stg_ad_versions') }}
    group by load_id
),

fields as (
    select load_id, count(*) as new_rows
    from {{ ref('stg_feed_fields') }}
    group by load_id
)

select
    loads.load_id,
    loads.source,
    coalesce(feed_loads.started_at, source_loads.started_at) as started_at,
    loads.extracted_at,
    loads.loaded_at as completed_at,
    feed_loads.newest_event_at,
    {{ dbt.datediff('feed_loads.newest_event_at', 'feed_loads.extracted_at', 'second') }} as lag_seconds,
    feed_loads.is_at_tip,
    feed_loads.pages_read,
    feed_loads.events_read,
    feed_loads.events_handed_over,
    coalesce(events.new_rows, 0) as events_new,
    coalesce(feed_loads.versions_handed_over, source_loads.rows_handed_over) as versions_handed_over,
    coalesce(versions.new_rows, 0) as versions_new,
    coalesce(feed_loads.events_handed_over + feed_loads.versions_handed_over, source_loads.rows_handed_over)
        as rows_handed_over,
    coalesce(events.new_rows, 0) + coalesce(versions.new_rows, 0) as rows_new,
    coalesce(feed_loads.events_handed_over + feed_loads.versions_handed_over, source_loads.rows_handed_over)
        - coalesce(events.new_rows, 0) - coalesce(versions.new_rows, 0) as rows_duplicate,
    feed_loads.details_fetched,
    feed_loads.details_owed,
    coalesce(feed_loads.rejects, source_loads.rejects) as rejects,
    coalesce(versions.values_not_parsed, 0) as values_not_parsed,
    coalesce(fields.new_rows, 0) as fields_new
from loads
left join feed_loads on feed_loads.load_id = loads.load_id
left join source_loads on source_loads.load_id = loads.load_id
left join events on events.load_id = loads.load_id
left join versions on versions.load_id = loads.load_id
left join fields on fields.load_id = loads.load_id
-- the register's loads bring no ads, and are not here
where
    feed_loads.load_id is not null
    or loads.source = 'mongo_archive'
    or events.load_id is not null
    or versions.load_id is not null
