{% test known_counties(model) %}

select county, count(*) as ads
from {{ model }}
where county != 'Unknown' and county not in (select county_today from {{ ref('counties') }})
group by county

{% endtest %}
