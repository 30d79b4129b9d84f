{% test known_industries(model, column_name) %}

select {{ column_name }}, count(*) as times
from {{ model }}
where {{ column_name }} != 'Unknown' and {{ column_name }} not in (select industry from {{ ref('int_industries') }})
group by {{ column_name }}

{% endtest %}
