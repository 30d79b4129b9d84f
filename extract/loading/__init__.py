"""dlt's pipeline, pending loads, recovery."""
