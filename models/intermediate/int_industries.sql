-- A division has one section of SN2025, in whichever of the two classifications a code is written.
select
    divisions.division,
    divisions.section_sn2025 as section,
    max(sections.name_no) as industry
from {{ ref('nace_divisions') }} as divisions
inner join {{ ref('nace_sections') }} as sections
    on sections.version = 'SN2025' and sections.section = divisions.section_sn2025
group by divisions.division, divisions.section_sn2025
