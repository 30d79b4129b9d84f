{#
  DuckDB keeps the least and the greatest value of each 122,880 rows: in this order a bound on the column leaves most of
  them unread, and a merge finds its rows side by side, as in BigQuery's partitions. A build from nothing leaves them
  mixed; what is merged later comes last, in the order of time anyhow. Sorted by itself, it keeps to the memory limit.
#}
{% macro put_in_order(column) -%}
    {%- if execute and target.type == 'duckdb' and not is_incremental() -%}
        create or replace temporary table {{ model.name }}_in_order as select * from {{ this }} order by {{ column }};
        delete from {{ this }};
        insert into {{ this }} select * from {{ model.name }}_in_order;
        drop table {{ model.name }}_in_order
    {%- endif -%}
{%- endmacro %}
