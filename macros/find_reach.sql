{#
  How far back do the ads reach that the new loads touch? Any of them may be years old, and to know it their ids are
  looked for among all ads. That is done here, once a build, for int_ads; note_reach keeps the answer for the models
  after it.

  - own_first_seen: the day before the first row of any ad of which there are new rows; int_ads and staging have nothing
    of these ads before it;
  - first_seen: the same with the ads of changed units;
  - earliest: the first day on which any of these ads, in whatever state it was or is now, can count.
#}
{% macro find_reach(since) -%}
    {%- set query -%}
        with touched as (
            select
                cast(min(first_extracted_at) as date) as own_first_seen_on,
                cast(min(first_extracted_at) as date) as first_seen_on,
                min(earliest_on) as earliest_on
            from {{ this }}
            where ad_id in ({{ touched_ads(['stg_ad_versions', 'stg_feed_events', 'stg_ad_features'], since) }})
            union all
            select cast(null as date), cast(min(first_extracted_at) as date), min(earliest_on)
            from {{ this }}
            where employer_number in ({{ touched_units(since) }})
            union all
            select cast(null as date), cast(null as date), min({{ earlier('published_on', 'expires_on') }})
            from {{ ref('stg_ad_versions') }}
            where {{ new_rows(since) }}
            union all
            select cast(null as date), cast(null as date), min(event_on)
            from {{ ref('stg_feed_events') }}
            where {{ new_rows(since) }}
        )

        select min(own_first_seen_on), min(first_seen_on), min(earliest_on) from touched
    {%- endset -%}
    {%- set own_first_seen, first_seen, earliest = run_query(query).rows[0] -%}
    {%- set day = modules.datetime.timedelta(days=1) -%}
    {{- return({
        'own_first_seen': [since, (own_first_seen - day).isoformat() if own_first_seen else since] | min,
        'first_seen': [since, (first_seen - day).isoformat() if first_seen else since] | min,
        'earliest': earliest.isoformat() if earliest else '9999-12-31',
    }) -}}
{%- endmacro %}
