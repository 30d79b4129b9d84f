"""Where it is written: DuckDB or BigQuery."""
