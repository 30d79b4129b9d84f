"""JSON APIs that the configuration declares."""
