{#
  Which loads has a model still to read? Those that are complete and that it has not read: an anti-join
  on load ids. Never a maximum of a time: a load may complete after one that began later.

  What a model has read stands in the table processed_loads (model, load_id):
  - stg_loads fixes the completed loads once a run, so that all models of a run speak of the same ones;
  - a model reads a load only when all incremental models it reads from have read it, so building a
    part of the project leaves the rest for later and loses nothing;
  - forget_loads (before) empties the memory of a model that is built from nothing, for whatever reason:
    --full-refresh, a dropped table, the first run; remember_loads (after) writes down what was read.
    On DuckDB both share the model's transaction. On BigQuery a run may die between the model and its
    memory: the next run reads the same loads again, which changes nothing, because every model
    replaces what it wrote (merge on its key, or whole months).
#}
{% macro new_loads() -%}
    select load_id from {{ ref('stg_loads') }}
    where load_id not in (select load_id from {{ processed_loads() }} where model = '{{ model.name }}')
    {%- if execute %}
        {%- for unique_id in model.depends_on.nodes %}
            {%- set parent = graph.nodes.get(unique_id) %}
            {%- if parent and parent.resource_type == 'model' and parent.config.materialized == 'incremental' %}
        and load_id in (select load_id from {{ processed_loads() }} where model = '{{ parent.name }}')
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}
