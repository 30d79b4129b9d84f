"""A mock of NAV's Job Vacancy Feed: a deterministic world of ads, served over HTTP.

See `python -m demo --help`; tests use `demo.world.World` and `demo.server.serving`.
"""
