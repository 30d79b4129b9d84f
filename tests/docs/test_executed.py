"""The commands of the README, the tutorial, CONTRIBUTING and its recipes run, and print what the pages say.

The tests use one copy of the project, in the order of a reader: each goes on where the one before ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bench.derived import OUTPUT, README
from demo.server import serving
from demo.world import World
from tests.docs.checkout import Checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with serving(World(seed=3, days=3, ads_a_day=20, until=datetime.now(UTC))) as feed:
        yield Checkout(tmp_path_factory.mktemp("docs") / "job-market", feed.url)


def shape(output: str) -> list[str]:
    """The lines with a number sign for each number, less frames and the width of columns."""
    text = re.sub(r"[\d.,]*\d", "#", output)
    return [" ".join(re.sub(r"[━─┏┳┓┡╇╩┗┻┛└┴┘│┃]", " ", line).split()) for line in text.splitlines()]


def test_the_commands_of_the_readme_run_and_its_output_is_what_make_run_prints(checkout: Checkout) -> None:
    printed = checkout.follow("README.md")
    shown = OUTPUT.search(README.read_text(encoding="utf-8"))
    assert shown
    run = printed[printed.index("extract: events: ") :]
    assert shape(shown[0]) == shape(run)[: len(shape(shown[0]))]


def test_the_tutorial_runs_and_ends_with_a_chart(checkout: Checkout) -> None:
    checkout.follow("docs/tutorial.md")
    assert "<svg" in (checkout.folder / "my_chart.svg").read_text(encoding="utf-8")


NOTEBOOK = """
from notebook import app
outputs, defined = app.run()
answers = ("new_ads", "growth", "part_time", "remote_work", "days_open")
print("columns", [len(defined[name].column_names) for name in answers], "growth", defined["growth"].num_rows)
"""


def test_the_notebook_answers_five_questions(checkout: Checkout) -> None:
    printed = checkout.run(f"PYTHONPATH=docs .venv/bin/python - <<'END'{NOTEBOOK}END")
    assert re.search(r"columns \[3, 2, 3, 3, 5\] growth [1-9]", printed), printed


def test_a_text_feature_is_added_to_a_warehouse_that_exists(checkout: Checkout) -> None:
    printed = checkout.follow("docs/how-to/add-a-feature.md")
    assert re.search(r"\|\s+(True|False)\s+\|\s+\d+ \|", printed), printed


def test_a_column_of_the_ad_is_added_to_a_warehouse_that_exists(checkout: Checkout) -> None:
    assert re.search(r"\| \w.* \|\s+\d+ \|", checkout.follow("docs/how-to/add-a-column.md"))


def test_a_model_is_added(checkout: Checkout) -> None:
    assert re.search(r"\| nb\s+\|\s+\d+ \|", checkout.follow("docs/how-to/add-a-model.md"))


def test_a_source_is_added_and_loads_a_row_once(checkout: Checkout) -> None:
    printed = checkout.follow("docs/how-to/add-a-source.md")
    assert printed.count("| my-ad") == 1, printed


def test_contributing_shows_commands_that_run(checkout: Checkout) -> None:
    checkout.follow("CONTRIBUTING.md")


@pytest.mark.long
def test_the_commands_for_the_live_feed_run(checkout: Checkout) -> None:
    assert "events: " in checkout.follow("README.md", live=True)
