"""Write what the docs derive from the code: reference pages, the README's tables and output, the costs.

python -m bench.derived            all but the README's output
python -m bench.derived --output   the README's output of `make clean run`, which deletes the warehouse
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
import yaml

from bench import costs
from extract.cli import app

PROJECT = Path(__file__).resolve().parents[1]
README, COSTS = PROJECT / "README.md", PROJECT / "docs/explanation/costs.md"
TABLES, COMMANDS = PROJECT / "docs/reference/tables.md", PROJECT / "docs/reference/commands.md"
OUTPUT = re.compile(r"(?<=```\n)extract: events: .*?(?=```)", re.S)
"""The block of the README with what `make run` prints last."""
ROWS = re.compile(r"(?:^\| `\w+` \| .*\n)+", re.M)
"""The README's table of the marts, less its heading."""
FIGURES = re.compile(r"## Bytes read\n.*?(?=\n\n## What the figures say)", re.S)


def described(path: str) -> list[dict[str, Any]]:
    """The models or source tables that a .yml file of dbt describes."""
    content = yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = (
        content["models"] if "models" in content else content["sources"][0]["tables"]
    )
    return found


def grain(table: dict[str, Any]) -> str:
    """What one row is, from a description that begins "One row per"."""
    sentence = re.split(r"(?<=\w)[.:;](?=\s|$)", " ".join(table["description"].split()))[0]
    return sentence.removeprefix("One row per ")


def readme_rows(text: str) -> str:
    """The README with a row for each mart: those that it has stay as they are, a new one gets its grain."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)\n", ROWS.search(text)[0], re.M))  # type: ignore[index]
    marts = {mart["name"]: f"{grain(mart)} | |" for mart in described("models/marts/_marts.yml")}
    marts = {name: rows.get(name, row) for name, row in marts.items()}
    lines = [f"| `{name}` | {marts[name]}\n" for name in sorted(marts, key=[*rows, *marts].index)]
    return ROWS.sub(lambda _: "".join(lines), text, count=1)


def tables_page() -> str:
    """docs/reference/tables.md."""
    lines = [
        "# Tables",
        "",
        "What the loader writes (`nav_raw`) and what dbt makes of it for use (`nav_marts`). The dbt docs",
        "(`site/docs/index.html`) describe each column, with its type and the SQL behind it;",
        "`site/data/dictionary.csv` holds the same for the marts.",
        "An `_at` is a time in UTC, an `_on` a date in Oslo. This page is written by `make derived`.",
    ]
    for dataset, path in (
        ("nav_marts", "models/marts/_marts.yml"),
        ("nav_raw", "models/staging/_sources.yml"),
    ):
        lines += ["", f"## `{dataset}`", "", "| table | one row per | columns |", "|---|---|---|"]
        for table in described(path):
            columns = ", ".join(f"`{column['name']}`" for column in table["columns"])
            lines.append(f"| `{table['name']}` | {grain(table)} | {columns} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """docs/reference/commands.md."""
    group: Any = typer.main.get_command(app)
    lines = [
        "# Commands",
        "",
        "`.venv/bin/python run_pipeline.py COMMAND [OPTIONS]`; without a command it is `run`. `--version`",
        "prints the version, `--help` the commands or the options of one.",
        "This page is written by `make derived`.",
        "",
        "| command | does | takes |",
        "|---|---|---|",
    ]
    meanings: dict[str, str] = {}
    for name, command in group.commands.items():
        own = dict(options(command))
        meanings |= own
        takes = ", ".join(f"`{option}`" for option in own)
        lines.append(f"| `{name}` | {command.help} | {takes} |")
    lines += ["", "| option | meaning |", "|---|---|"]
    lines += [f"| `{option}` | {meaning} |" for option, meaning in sorted(meanings.items())]
    return "\n".join([*lines, "", "What a command ends with: [exit codes](exit-codes.md).", ""])


def options(command: Any) -> Iterator[tuple[str, str]]:
    """The arguments and options of a command with their meaning."""
    context = command.make_context(command.name, [], resilient_parsing=True)
    for parameter in command.params:
        if record := parameter.get_help_record(context):
            yield re.sub(r" <(?!path).*", "", record[0]), record[1].split("  [")[0]


def write_all() -> None:
    """Write the pages and tables that the code alone decides."""
    TABLES.write_text(tables_page(), encoding="utf-8")
    COMMANDS.write_text(commands_page(), encoding="utf-8")
    README.write_text(readme_rows(README.read_text(encoding="utf-8")), encoding="utf-8")
    COSTS.write_text(
        FIGURES.sub(lambda _: costs.report(), COSTS.read_text(encoding="utf-8")), encoding="utf-8"
    )


def write_output() -> None:
    """Run the README's command and put the end of what it prints into the README."""
    printed = subprocess.run(
        ["make", "clean", "run"], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True
    )
    end = printed.stdout[printed.stdout.index("extract: events: ") :]
    lines = "".join(line.rstrip() + "\n" for line in end.splitlines())
    README.write_text(OUTPUT.sub(lambda _: lines, README.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", action="store_true", help="the README's output; deletes the warehouse")
    (write_output if parser.parse_args().output else write_all)()


if __name__ == "__main__":
    main()
