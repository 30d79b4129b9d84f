"""Redaction of personal data: pure, before a batch leaves `extract/`."""
