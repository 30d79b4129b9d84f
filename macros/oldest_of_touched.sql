{% macro oldest_of_touched(relation, column, touched, at_most='9999-12-31') -%}
    {%- set query -%}
        select min(cast({{ column }} as date)) from {{ relation }} where ad_id in ({{ touched }})
    {%- endset -%}
    {%- set oldest = run_query(query).rows[0][0] -%}
    {%- if not oldest -%}
        {{- return(at_most) -}}
    {%- endif -%}
    {{- return([at_most, (oldest - modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')] | min) -}}
{%- endmacro %}
