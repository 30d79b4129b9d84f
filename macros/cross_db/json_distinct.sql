{% macro json_distinct(array, names, needed) -%}
    {{ adapter.dispatch('json_distinct')(array, names, needed) }}
{%- endmacro %}

{% macro default__json_distinct(array, names, needed) -%}
    to_json_string(array(
        select distinct as struct
            {%- for name in names %} {{ json_text('item', '$.' ~ name) }} as {{ name }}{{ ',' if not loop.last }}{% endfor %}
        from unnest(json_query_array({{ array }})) as item
        where {% for name in needed %}{{ json_text('item', '$.' ~ name) }} is not null{{ ' or ' if not loop.last }}{% endfor %}
        order by {{ names | join(', ') }}
    ))
{%- endmacro %}

{% macro duckdb__json_distinct(array, names, needed) -%}
    cast(to_json(list_sort(list_distinct(list_transform(
        list_filter(
            json_extract({{ array }}, '$[*]'),
            lambda item: {% for name in needed %}{{ json_text('item', '$.' ~ name) }} is not null{{ ' or ' if not loop.last }}{% endfor %}
        ),
        lambda item: struct_pack(
            {%- for name in names %} {{ name }} := {{ json_text('item', '$.' ~ name) }}{{ ',' if not loop.last }}{% endfor %}
        )
    )))) as varchar)
{%- endmacro %}
