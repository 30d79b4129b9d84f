with ads as (
    select employer_number, employer_name, published_on, ad_id
    from {{ ref('int_ads') }}
    where employer_number is not null
),

latest as (
    select *
    from ads
    where employer_name is not null
    qualify row_number() over (partition by employer_number order by published_on desc nulls last, ad_id asc) = 1
),

counted as (
    select employer_number, count(*) as ads, min(published_on) as first_published_on, max(published_on) as last_published_on
    from ads
    group by employer_number
)

select
    counted.employer_number,
    latest.employer_name,
    -- The last digit controls the others (modulus 11).
    case
        when {{ matches('counted.employer_number', '^[0-9]{9}$') }}
            then mod(11 - mod(
                {%- for weight in [3, 2, 7, 6, 5, 4, 3, 2] %}
                {{ '+ ' if not loop.first }}{{ weight }} * {{ try_cast('substr(counted.employer_number, ' ~ loop.index ~ ', 1)', 'int64') }}
                {%- endfor %}, 11), 11) = {{ try_cast('substr(counted.employer_number, 9, 1)', 'int64') }}
        else false
    end as has_valid_number,
    units.organisation_number is not null as is_in_register,
    units.organisation_form,
    coalesce(industries.industry, 'Unknown') as industry,
    cast(counted.ads as int64) as ads,
    counted.first_published_on,
    counted.last_published_on
from counted
left join latest on latest.employer_number = counted.employer_number
left join {{ ref('stg_units') }} as units on units.organisation_number = counted.employer_number
left join {{ ref('int_unit_industries') }} as industries
    on industries.organisation_number = counted.employer_number
