"""Benchmarks, run by hand: `python -m bench`, `python -m bench backfill --days 30`.

One module each, with a docstring that says what is measured, `add_options(parser)` and
`run(options) -> list[Figures]`. A new module needs no registration.
"""
