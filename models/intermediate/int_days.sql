with ads as (
    select earliest_on, max(versions_loaded_at) as loaded_at
    from {{ ref('int_ad_groups') }}
    group by earliest_on
),

days as (
    select
        day,
        -- counted from a Monday
        mod({{ dbt.datediff("date '1990-01-01'", 'day', 'day') }}, 7) as days_after_monday
    from {{ days_between('(select min(earliest_on) from ads)', '(select as_of_on from ' ~ ref('int_as_of') ~ ')') }}
)

select
    days.day,
    cast({{ dbt.dateadd('day', '-days.days_after_monday', 'days.day') }} as date) as week,
    cast({{ dbt.date_trunc('month', 'days.day') }} as date) as month,
    cast(days.day - interval 1 year as date) as year_earlier,
    days.days_after_monday < 5 and holidays.day is null as is_working_day,
    max(ads.loaded_at) over (order by days.day) as loaded_at
from days
left join ads on ads.earliest_on = days.day
left join {{ ref('holidays') }} as holidays on holidays.day = days.day
