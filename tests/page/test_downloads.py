"""What a reader takes away as CSV."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboard.downloads import write_csv


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ('=HYPERLINK("http://elsewhere")', '\'=HYPERLINK("http://elsewhere")'),
        ("+4722334455", "'+4722334455"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1+1", "' =1+1"),
        ("\n=1+1", "'\n=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (-12, "-12"),
        (-0.5, "-0.5"),
        (Decimal("-7.25"), "-7.25"),
        (date(2026, 3, 1), "2026-03-01"),
        (None, ""),
        ("Helse og sosial", "Helse og sosial"),
        ("a=b", "a=b"),
    ],
)
def test_no_spreadsheet_runs_a_cell_and_numbers_stay_numbers(tmp_path: Path, cell: Any, written: str) -> None:
    write_csv(tmp_path / "figures.csv", ["first", "second"], [(1, cell)])
    with (tmp_path / "figures.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["first", "second"], ["1", written]]


def test_a_norwegian_excel_opens_the_norwegian_file_as_a_table(tmp_path: Path) -> None:
    rows = [(date(2026, 3, 1), "Helse og sosial; omsorg", 1234.5, Decimal("7.25"), -3, None)]
    columns = ["day", "value", "ads", "positions", "change", "share"]
    write_csv(tmp_path / "figures.csv", columns, rows, is_norwegian=True)
    assert (tmp_path / "figures.csv").read_bytes().decode("utf-8") == (
        '\ufeffday;value;ads;positions;change;share\n2026-03-01;"Helse og sosial; omsorg";1234,5;7,25;-3;\n'
    )
