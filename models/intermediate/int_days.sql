{{ config(materialized='table') }}

with ads as (
    select earliest_on, max(versions_loaded_at) as loaded_at
    from {{ ref('int_ad_groups') }}
    group by earliest_on
),

seen as (
    select distinct first_seen_on from {{ ref('int_ads') }}
),

days as (
    select
        day,
        cast(day - interval 1 year as date) as year_earlier,
        -- counted from a Monday
        mod({{ dbt.datediff("date '1990-01-01'", 'day', 'day') }}, 7) as days_after_monday
    from {{ days_between('(select min(earliest_on) from ads)', '(select as_of_on from ' ~ ref('int_as_of') ~ ')') }}
),

looked_back as (
    select
        days.*,
        seen.first_seen_on is not null as is_seen,
        max(seen.first_seen_on) over (order by days.day) as last_seen_on,
        max(ads.loaded_at) over (order by days.day) as loaded_at
    from days
    left join seen on seen.first_seen_on = days.day
    left join ads on ads.earliest_on = days.day
),

-- The data begins on a day with a new ad after a week without one. That day may be known in part only.
begun as (
    select
        *,
        case
            when is_seen and coalesce(lag(last_seen_on) over (order by day) < day - 7, true) then day + 1
        end as begins_on
    from looked_back
),

known as (
    select
        *,
        case when last_seen_on > day - 7 then max(begins_on) over (order by day) end as known_from
    from begun
)

select
    known.day,
    cast({{ dbt.dateadd('day', '-known.days_after_monday', 'known.day') }} as date) as week,
    cast({{ dbt.date_trunc('month', 'known.day') }} as date) as month,
    known.year_earlier,
    known.days_after_monday < 5 and holidays.day is null as is_working_day,
    known.known_from,
    coalesce(earlier.day >= earlier.known_from, false) as has_year_earlier,
    known.loaded_at
from known
left join known as earlier on earlier.day = known.year_earlier
left join {{ ref('holidays') }} as holidays on holidays.day = known.day
