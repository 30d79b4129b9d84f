with closed as (
    select
        cast({{ dbt.date_trunc('month', 'ads.closed_on') }} as date) as closed_month,
        ads.occupation,
        ads.close_reason,
        greatest({{ dbt.datediff('ads.published_on', 'ads.closed_on', 'day') }} + 1, 0) as days_open
    from {{ ref('fct_ads') }} as ads
    cross join {{ ref('int_as_of') }} as as_of
    where ads.closed_on <= as_of.as_of_on and ads.published_on is not null
),

with_quartiles as (
    select
        *,
        {{ quantile('days_open', 0.25, 'closed_month, occupation') }} as lower_quartile,
        {{ quantile('days_open', 0.5, 'closed_month, occupation') }} as median,
        {{ quantile('days_open', 0.75, 'closed_month, occupation') }} as upper_quartile
    from closed
)

select
    closed_month,
    occupation,
    count(*) as ads_closed,
    max(lower_quartile) as days_open_lower_quartile,
    max(median) as days_open_median,
    max(upper_quartile) as days_open_upper_quartile,
    sum(case when close_reason = 'stopped' then 1 else 0 end) / count(*) as share_stopped
from with_quartiles
group by closed_month, occupation
