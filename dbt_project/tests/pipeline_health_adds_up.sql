-- New rows over all loads are the rows there are, and no load brings more new rows than it handed over.
with completed as (
    select load_id from {{ ref('stg_loads') }}
),

expected as (
    select
        (
            select count(*) from {{ source('nav_raw', 'ad_versions') }}
            where _dlt_load_id in (select load_id from completed)
        ) + (
            select count(*) from {{ source('nav_raw', 'feed_events') }}
            where _dlt_load_id in (select load_id from completed)
        ) as rows_new
),

found as (
    select
        coalesce(sum(rows_new), 0) as rows_new,
        coalesce(sum(case when rows_duplicate < 0 then 1 end), 0) as impossible
    from {{ ref('pipeline_health') }}
)

select expected.rows_new as expected_rows, found.rows_new as found_rows, found.impossible
from expected
cross join found
where expected.rows_new != found.rows_new or found.impossible > 0
