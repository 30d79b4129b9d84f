{% macro drop_datasets(name) -%}
    {%- if not modules.re.match('^ci_[a-z0-9_]+$', name) or name != target.schema -%}
        {%- do exceptions.raise_compiler_error(
            "drop_datasets drops only the dataset in use, and only if it is named ci_...; not " ~ name) -%}
    {%- endif -%}
    {%- for suffix in ['', '_staging', '_intermediate', '_marts', '_seeds'] -%}
        {%- do adapter.drop_schema(api.Relation.create(database=target.database, schema=name ~ suffix)) -%}
    {%- endfor -%}
{%- endmacro %}
