with latest as (
    select {{ oslo_date('max(ads_read_at)') }} as as_of_on
    from {{ ref('stg_loads') }}
    where ads_read_at <= current_timestamp + interval 1 day -- a machine's clock can be wrong, or a little ahead
)

select
    as_of_on,
    cast(concat(cast(extract(year from as_of_on) as string), '-01-01') as date) as year_start_on,
    cast(as_of_on - interval 1 year as date) as year_earlier_on,
    cast(concat(cast(extract(year from as_of_on) - 1 as string), '-01-01') as date) as year_earlier_start_on
from latest
where as_of_on is not null
