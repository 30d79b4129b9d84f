"""A copy of the project in which the commands of the docs run as a reader types them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "data", "site", "target", "logs", "artifacts"
)
STAMPS = (".uv", ".run", ".docs", ".dev")
BLOCK = re.compile(
    r"^(?:In |At the end of )?`(?P<file>[\w.-]+/[\w./-]+\.\w+)`|^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)


class Block(NamedTuple):
    """A block of a page: its language, its text, and the file that the page names before it."""

    kind: str
    text: str
    file: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    file = ""
    for found in BLOCK.finditer((PROJECT / page).read_text(encoding="utf-8")):
        file = found["file"] or file
        if found["text"] is not None:
            yield Block(found["kind"], found["text"], file)


class Checkout:
    """The project in a folder of its own, as after `make install`; `feed` is the address of a mock feed."""

    def __init__(self, folder: Path, feed: str) -> None:
        shutil.copytree(PROJECT, folder, ignore=NOT_COPIED, symlinks=True)
        self.folder = folder
        environment = folder / ".venv"
        environment.mkdir()
        for part in Path(sys.prefix).iterdir():
            if not part.name.startswith("."):
                (environment / part.name).symlink_to(part)
        for stamp in STAMPS:
            (environment / stamp).touch()
        if not (folder / "profiles.yml").exists():
            (folder / "profiles.yml").symlink_to("profiles.example.yml")
        (folder / "data").mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DEMO": "--days 3 --ads-a-day 1 --units 200",
            "SOURCES__NAV_FEED__BASE_URL": feed,
            "COLUMNS": "200",
        }

    def run(self, script: str) -> str:
        """What the commands print; fails with it if one of them fails."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout

    def follow(self, page: str, *, live: bool = False) -> str:
        """Run the shell blocks of the page and make its changes, in order; all that was printed.

        If `live`, only the blocks that begin with `make clean` and go on to the live feed; else all others.
        """
        printed = ""
        for block in blocks(page):
            if block.text.startswith("make clean") != live:
                continue
            if block.kind == "sh":
                printed += self.run(block.text)
            elif block.kind == "diff":
                self.change(block)
            elif block.kind in ("python", "sql", "yaml"):
                with (self.folder / block.file).open("a", encoding="utf-8") as file:
                    file.write(block.text)
        return printed

    def change(self, block: Block) -> None:
        """Make the change of a diff without line numbers; the old lines of a hunk stand in the file once."""
        file = self.folder / block.file
        for hunk in block.text.split("@@\n"):
            lines = [(line[:1], line[1:]) for line in hunk.splitlines(keepends=True)]
            old = "".join(text for sign, text in lines if sign != "+")
            new = "".join(text for sign, text in lines if sign != "-")
            text = file.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{block.file} holds {text.count(old)} times\n{old}"
            file.write_text(text.replace(old, new), encoding="utf-8")
