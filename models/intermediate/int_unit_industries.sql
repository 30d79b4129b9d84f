select
    units.organisation_number,
    coalesce(own.industry, of_parent.industry) as industry,
    {{ greatest_non_null(['units.loaded_at', 'parents.loaded_at']) }} as loaded_at
from {{ ref('stg_units') }} as units
left join {{ ref('stg_units') }} as parents on parents.organisation_number = units.parent_number
left join {{ ref('int_industries') }} as own on own.division = units.division
left join {{ ref('int_industries') }} as of_parent on of_parent.division = parents.division
