{% macro first_item(array, condition='true', greatest=none) -%}
    {{ adapter.dispatch('first_item')(array, condition, greatest) }}
{%- endmacro %}

{% macro default__first_item(array, condition, greatest) -%}
    (
        select item
        from unnest(json_query_array({{ array }})) as item with offset as place
        where {{ condition }}
        order by {% if greatest %}{{ greatest }} desc, {% endif %}place
        limit 1
    )
{%- endmacro %}

{% macro duckdb__first_item(array, condition, greatest) -%}
    {%- set items -%}
        list_filter(json_extract({{ array }}, '$[*]'), lambda item: {{ condition }})
    {%- endset -%}
    {%- if greatest -%}
        list_reduce({{ items }}, lambda best, item: case
            when best is null or {{ greatest }} > {{ greatest | replace('item', 'best') }} then item else best
        end, cast(null as json))
    {%- else -%}
        {{ items }}[1]
    {%- endif -%}
{%- endmacro %}
