"""Extract and load: read a source, redact, describe, and load with dlt. Importing it changes nothing."""

__version__ = "1.0.0"
