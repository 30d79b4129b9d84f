{% macro json_distinct(array, names, needed) -%}
    {{ adapter.dispatch('json_distinct')(array, names, needed) }}
{%- endmacro %}

{% macro default__json_distinct(array, names, needed) -%}
    concat('[', array_to_string(array(
        select text from (
            select distinct to_json_string(struct(
                {%- for name in names %}{{ json_text('item', '$.' ~ name) }} as {{ name }}{{ ', ' if not loop.last }}{% endfor -%}
            )) as text
            from unnest(json_query_array({{ array }})) as item
            where coalesce({% for name in needed %}{{ json_text('item', '$.' ~ name) }}, {% endfor %}'') != ''
        ) order by text
    ), ','), ']')
{%- endmacro %}

{% macro duckdb__json_distinct(array, names, needed) -%}
    '[' || array_to_string(list_sort(list_distinct(list_transform(
        list_filter(
            json_extract({{ array }}, '$[*]'),
            lambda item: coalesce({% for name in needed %}{{ json_text('item', '$.' ~ name) }}, {% endfor %}'') != ''
        ),
        lambda item: cast(to_json(struct_pack(
            {%- for name in names %}{{ name }} := {{ json_text('item', '$.' ~ name) }}{{ ', ' if not loop.last }}{% endfor -%}
        )) as varchar)
    ))), ',') || ']'
{%- endmacro %}
