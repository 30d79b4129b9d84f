"""The job as Prefect flows."""
