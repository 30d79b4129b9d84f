"""A setting that does not exist, or a file that cannot be read, is named before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract.config import PROJECT, SECTIONS
from extract.errors import ConfigurationError
from extract.setting_names import refuse_unknown_settings

NAMES = {name: set(spec.get_resolvable_fields()) for name, spec in SECTIONS.items()}


def refusal(folder: Path, text: str, file: str = "config.toml") -> str:
    """The message about a project with that file in .dlt/; empty if there is none."""
    (folder / ".dlt").mkdir(exist_ok=True)
    (folder / ".dlt" / file).write_text(text)
    try:
        refuse_unknown_settings(folder, NAMES)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[warehouse]\nkeep_text_day = 3650",
            ".dlt/config.toml: there is no setting warehouse.keep_text_day. "
            "Did you mean warehouse.keep_text_days? See docs/reference/settings.md.",
        ),
        ("[warehous]\ntarget = 'bigquery'", "Did you mean warehouse?"),
        ("[sources.nav_fed]\nsince_days = 3", "Did you mean sources.nav_feed?"),
        ("[sources.nav_feed]\nqwertz = 3", "there is no setting sources.nav_feed.qwertz. See docs"),
        ("[executor.coild]\nregion = 'x'", "Did you mean executor.coiled?"),
        ("[warehouse]\ntarget = \n", ".dlt/config.toml is not valid TOML: Invalid value (at line 2"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused_with_the_nearest_name(
    text: str, message: str, tmp_path: Path
) -> None:
    assert message in refusal(tmp_path, text)
    assert message.replace("config.toml", "secrets.toml") in refusal(tmp_path, text, "secrets.toml") or (
        "config.toml" in refusal(tmp_path, text, "secrets.toml")
    )


def test_the_settings_of_dlt_and_of_declared_apis_are_left_to_their_owners(tmp_path: Path) -> None:
    text = "[load]\nworkers = 3\n[sources.data_writer]\nbuffer_max_items = 3\n[sources.api.courses]\nx = 1"
    assert refusal(tmp_path, text) == ""


def test_the_committed_configuration_is_accepted() -> None:
    refuse_unknown_settings(PROJECT, NAMES)


def test_a_misspelt_variable_of_the_environment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOAD__WORKERS", "3")
    refuse_unknown_settings(tmp_path, NAMES)
    monkeypatch.setenv("WAREHOUSE__KEEP_TEXT_DAY", "3650")
    with pytest.raises(ConfigurationError, match=r"WAREHOUSE__KEEP_TEXT_DAY .* warehouse.keep_text_days"):
        refuse_unknown_settings(tmp_path, NAMES)
