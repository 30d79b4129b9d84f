"""Checks every statement that dbt sends to BigQuery with Google's own analyzer.

Flow: dbt run in this process (`recorded`) -> its statements, in the order they were sent ->
scripts cut into statements -> analyzed one after another, each created table known to the next ->
findings that name the model's file and line.

What dbt sends is more than target/run holds: temporary tables, MERGE, DELETE, the scripts of
insert_overwrite, snapshots, tests and unit tests. Run dbt once with --full-refresh and once
more, and the incremental branches are among it.
"""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.bigquery.googlesql import Column, GoogleSql, SqlError

_TEMPORARY = re.compile(r"__dbt_tmp\d+")


@dataclass(frozen=True)
class Statement:
    """What dbt sent: a statement or a script, and the node it was sent for ('' for none)."""

    node_id: str
    sql: str


@dataclass(frozen=True)
class Finding:
    """What the analyzer has against a statement; `line` is a line of the node's own file."""

    file: str
    line: int
    node_id: str
    message: str
    sql: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} [{self.node_id}, in: {self.sql.strip()}]"


@dataclass
class Recording:
    """The statements of one or more dbt runs."""

    statements: list[Statement] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, event: Any) -> None:
        """A callback for dbtRunner; dbt calls it from its worker threads."""
        if event.info.name != "SQLQuery":
            return
        # dbt numbers its temporary tables by the clock; one name lets repeats be seen as such.
        sql = _TEMPORARY.sub("__dbt_tmp", event.data.sql)
        statement = Statement(event.data.node_info.unique_id, sql)
        with self._lock:
            self.statements.append(statement)


@dataclass
class Node:
    """Where a node of dbt's manifest is written, and both forms of its SQL."""

    file: str
    raw: str
    compiled: str

    def line(self, sql: str, line: int) -> int:
        """The line of the node's file behind line `line` of `sql`, which dbt built around it.

        Lines that the template left alone are found again; one that a macro made counts as the
        nearest such line before it.
        """
        wanted = [text.strip() for text in sql.splitlines()]
        given = [text.strip() for text in self.raw.splitlines()]
        matched = difflib.SequenceMatcher(None, wanted, given, autojunk=False)
        best = 0
        for block in matched.get_matching_blocks():
            for step in range(block.size):
                if block.a + step < line and wanted[block.a + step]:
                    best = block.b + step + 1
            if block.a <= line - 1 < block.a + block.size:
                return block.b + (line - 1 - block.a) + 1
        # Inside a template: the line after the last one that was left alone.
        return min(best + 1, max(len(given), 1))


def nodes_of(manifest: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes and unit tests of a manifest (the dictionary of manifest.json)."""
    found = {
        node_id: Node(node["original_file_path"], node.get("raw_code") or "", node.get("compiled_code") or "")
        for node_id, node in manifest["nodes"].items()
    }
    for node_id, test in manifest.get("unit_tests", {}).items():
        found[node_id] = Node(test["original_file_path"], "", "")
    return found


def check(engine: GoogleSql, statements: Sequence[Statement], nodes: Mapping[str, Node]) -> list[Finding]:
    """Analyze the statements in order, tables that they create included; what was found.

    `engine` must know the tables that dbt reads and does not create: sources and seeds.
    """
    findings: dict[str, Finding] = {}
    done: set[tuple[str, int]] = set()
    for statement in statements:
        # dbt's tests come in every run; as long as no table changed, once is enough.
        if (statement.sql, engine.redefinitions) in done:
            continue
        for error in _check_script(engine, statement.sql):
            node = nodes.get(statement.node_id, Node("(dbt itself)", "", ""))
            lines = statement.sql.splitlines() or [""]
            finding = Finding(
                file=node.file,
                line=node.line(statement.sql, error.line),
                node_id=statement.node_id,
                message=error.message,
                sql=lines[min(error.line, len(lines)) - 1],
            )
            findings.setdefault(str(finding), finding)
        done.add((statement.sql, engine.redefinitions))
    return list(findings.values())


def _check_script(engine: GoogleSql, sql: str) -> Iterator[SqlError]:
    script = _Script(engine, sql.encode())
    try:
        # Most are one statement: the parser is asked only when that is not how it reads.
        script.analyze(sql)
        return
    except SqlError:
        pass
    try:
        statements = engine.statements(sql)
    except SqlError as error:
        yield error
        return
    yield from script.check(statements)


class _Script:
    """A script under examination. Its variables are known from their declaration on.

    The parser counts places in bytes. DECLARE, SET, IF and BEGIN only parse in zetasql 0.1.5:
    their expressions and inner statements are analyzed one by one.
    """

    def __init__(self, engine: GoogleSql, source: bytes) -> None:
        self.engine, self.source = engine, source
        self.variables: list[Column] = []

    def check(self, statements: Any) -> Iterator[SqlError]:
        """Errors of the statements in a list node, lines counted from the script's start."""
        import zetasql.types as types  # type: ignore[import-untyped]

        for node in statements.statement_list:
            inner: list[Any] = []
            try:
                if isinstance(node, types.ASTVariableDeclaration):
                    self._declare(node)
                elif isinstance(node, types.ASTSingleAssignment):
                    self._expression(node.expression)
                elif isinstance(node, types.ASTAssignmentFromStruct):
                    self._expression(node.struct_expression)
                elif isinstance(node, types.ASTIfStatement):
                    self._expression(node.condition)
                    inner = [node.then_list, node.else_list]
                elif isinstance(node, types.ASTBeginEndBlock):
                    inner = [node.statement_list_node]
                elif isinstance(node, types.ASTScriptStatement):
                    message = f"{type(node).__name__} is not known to this check"
                    raise SqlError(message, self._lines_before(node) + 1, 1)
                else:
                    self._statement(node)
            except SqlError as error:
                yield error
            for block in inner:
                if block is not None:
                    yield from self.check(block)

    def _text(self, node: Any) -> str:
        place = node.parse_location_range
        return self.source[place.start : place.end].decode()

    def _lines_before(self, node: Any) -> int:
        return self.source[: node.parse_location_range.start].count(b"\n")

    def _declare(self, node: Any) -> None:
        with self._placed(node.type or node.default_value):
            kind = (
                self.engine.type_named(self._text(node.type))
                if node.type
                else self.engine.type_of(self._text(node.default_value), self.variables)
            )
        names = node.variable_list.identifier_list
        self.variables += [Column(name.id_string, kind) for name in names]

    def _expression(self, node: Any) -> None:
        with self._placed(node):
            self.engine.analyze(f"select ({self._text(node)})", self.variables)

    def _statement(self, node: Any) -> None:
        with self._placed(node):
            self.analyze(self._text(node))

    def analyze(self, sql: str) -> None:
        """Analyze one statement; what it creates is known from then on. Raises SqlError."""
        resolved = self.engine.analyze(sql, self.variables)
        if resolved.creates:
            project, dataset, table = resolved.creates
            self.engine.add_table((project, dataset, table), resolved.columns)

    @contextmanager
    def _placed(self, node: Any) -> Iterator[None]:
        """An error's line, counted from the node's start, is counted from the script's."""
        try:
            yield
        except SqlError as error:
            line = error.line + self._lines_before(node)
            raise SqlError(error.message, line, error.column) from None
