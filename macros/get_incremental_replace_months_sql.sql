{#
  The strategy of the monthly models on DuckDB, which has no partitions: the same months that BigQuery's
  insert_overwrite replaces are deleted and inserted. Deleting by the key of the new rows, as dbt's
  delete+insert does, would leave a day that has no rows any more. The months are in order: the first bounds the scan.
#}
{% macro get_incremental_replace_months_sql(arguments) -%}
    {%- set columns = get_quoted_csv(arguments.dest_columns | map(attribute='name')) -%}
    {%- set partitions = config.require('partitions') -%}
    delete from {{ arguments.target_relation }}
    where {{ arguments.unique_key }} >= {{ partitions[0] }}
        and date_trunc('month', {{ arguments.unique_key }}) in ({{ partitions | join(', ') }});

    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}
