with named as (
    select distinct occupation, county, industry from {{ ref('int_ad_groups') }}
    union distinct
    select 'Unknown', 'Unknown', 'Unknown'
)

select occupation, county, industry, row_number() over (order by occupation, county, industry) as cell
from named
