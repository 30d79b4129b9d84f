"""The published page: charts of the marts, their data to take away, and the dbt docs, as static files."""
