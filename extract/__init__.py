"""Extract and load: read a source, redact, describe, and load with dlt. Importing it changes nothing."""

__version__ = "0.1.0"
