"""Google's own SQL analyzer (zetasql) with BigQuery's dialect and a catalog that grows.

Flow: tables and their columns -> catalog -> analyze one statement -> its output columns, or the
analyzer's message with line and column. Needs no network and no database; zetasql 0.1.5 is the
analyzer compiled to WebAssembly, about 150 MB of memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bigquery.zetasql_service import load_service

_PLACE = re.compile(r"\s*\[at (\d+):(\d+)\]")

CREATES = ("ResolvedCreateTable", "ResolvedCreateView", "ResolvedCreateMaterializedView")

TableName = tuple[str, str, str]
"""Project, dataset, table."""
Scan = tuple[str, tuple[str, ...]]
"""A table's own name and the columns that are read of it."""


@dataclass(frozen=True)
class Column:
    """A column; `type` is zetasql's TypeProto."""

    name: str
    type: Any


@dataclass(frozen=True)
class Resolved:
    """An analyzed statement: the table or view that it creates (or nothing), and its columns."""

    creates: tuple[str, ...]
    columns: list[Column]


class SqlError(Exception):
    """What the analyzer has against a statement, and where; lines count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class GoogleSql:
    """An analyzer and the tables it knows, reachable as BigQuery lets one write them.

    It speaks the package's protocol buffers directly: turning a resolved statement into the
    package's Python objects takes longer than the analysis.
    """

    def __init__(self, cache: Path) -> None:
        import zetasql.types as types  # type: ignore[import-untyped]
        from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2  # type: ignore[import-untyped]

        self._wire = local_service_pb2
        self._service = load_service(cache)
        self.language = types.LanguageOptions.maximum_features()
        # External: refuses what only Google's inner dialect has (int32, double). QUALIFY is a
        # reserved word in BigQuery; without that it is refused where no WHERE stands before it.
        self.language.product_mode = types.ProductMode.PRODUCT_EXTERNAL
        self.language.reserved_keywords = ["QUALIFY"]
        self._options = types.AnalyzerOptions(
            language_options=self.language,
            default_timezone="UTC",
            error_message_mode=types.ErrorMessageMode.ERROR_MESSAGE_ONE_LINE,
        ).to_proto()
        functions = types.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        self._functions = functions.to_proto()
        self._registered: int | None = None
        self.tables: dict[TableName, list[Column]] = {}
        self._types: dict[str, Any] = {}
        self.redefinitions = 0
        """How often a known table got other columns: what passed before may fail after."""
        self._scans: list[Scan] | None = None

    def record_scans(self) -> list[Scan]:
        """From now on each analysis appends its scans to this list, without columns that it needs not."""
        self._options.prune_unused_columns = True
        self._scans = []
        return self._scans

    def add_table(self, name: TableName, columns: Sequence[Column]) -> None:
        """Make the table known, or give a known one new columns."""
        known = self.tables.get(name)
        if known == list(columns):
            return
        if known is not None:
            self.redefinitions += 1
        self.tables[name] = list(columns)
        self._forget()

    def add_table_of(self, name: TableName, columns: Sequence[tuple[str, str]]) -> None:
        """As add_table, with types as BigQuery writes them, ARRAY<STRUCT<a INT64>> too."""
        self.add_table(name, [Column(column, self.type_named(text)) for column, text in columns])

    def type_named(self, text: str) -> Any:
        """The type that `text` names. Raises SqlError."""
        if text not in self._types:
            self._types[text] = self.type_of(f"cast(null as {text})")
        return self._types[text]

    def type_of(self, expression: str, variables: Sequence[Column] = ()) -> Any:
        """The type of an expression. Raises SqlError."""
        (column,) = self.analyze(f"select {expression}", variables).columns
        return column.type

    def analyze(self, sql: str, variables: Sequence[Column] = ()) -> Resolved:
        """What a statement is. Raises SqlError with the line inside `sql`."""
        request = self._wire.AnalyzeRequest(
            options=self._options,
            registered_catalog_id=self._catalog(variables),
            sql_statement=sql,
        )
        try:
            answer = self._call("Analyze", request, self._wire.AnalyzeResponse)
        finally:
            if variables:
                self._forget()
        if self._scans is not None:
            self._scans += _scans_in(answer.resolved_statement)
        return _resolved(answer.resolved_statement)

    def evaluate(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that Google's reference evaluator gives for a query without tables: no dates or times."""
        import zetasql.types as types
        from zetasql.api import CatalogBuilder, PreparedQuery

        functions = types.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        options = types.AnalyzerOptions(language_options=self.language, default_timezone="UTC")
        builder = PreparedQuery.builder().set_sql(query).set_analyzer_options(options)
        catalog = CatalogBuilder("none").with_builtin_functions(functions).build()
        answer = builder.set_catalog(catalog).prepare().execute().to_proto()
        return [
            tuple(next((value for _, value in cell.ListFields()), None) for cell in row.cell)
            for row in answer.content.table_data.row
        ]

    def statements(self, script: str) -> Any:
        """The parsed statements of a script, as zetasql's AST nodes. Raises SqlError."""
        from zetasql.api import Parser  # type: ignore[import-untyped]
        from zetasql.core.exceptions import ServerError  # type: ignore[import-untyped]

        try:
            return Parser.parse_script_static(script, self.language).statement_list_node
        except ServerError as error:
            raise sql_error(error) from None

    def _call(self, method: str, request: Any, answer: Any) -> Any:
        from zetasql.core.exceptions import ServerError

        name = f"ZetaSqlLocalService_{method}"
        try:
            return self._service.wasm_client.call_grpc_func(name, request, answer)
        except ServerError as error:
            raise sql_error(error) from None

    def _catalog(self, variables: Sequence[Column]) -> int:
        if self._registered is not None and not variables:
            return self._registered
        self._forget()
        request = self._wire.RegisterCatalogRequest()
        root = request.simple_catalog
        root.name = "bigquery"
        root.builtin_function_options.CopyFrom(self._functions)
        folders: dict[tuple[str, ...], Any] = {}
        for (project, dataset, table), columns in self.tables.items():
            # `p`.`d`.`t` walks project and dataset, `d`.`t` finds the dataset at the root, and
            # `p.d.t` in one pair of quotes is a name of its own.
            if (project,) not in folders:
                folders[project,] = root.catalog.add(name=project)
            if (project, dataset) not in folders:
                folders[project, dataset] = folders[project,].catalog.add(name=dataset)
                folders["", dataset] = root.catalog.add(name=dataset)
            _add_table(folders[project, dataset], table, columns)
            _add_table(folders["", dataset], table, columns)
            _add_table(root, f"{project}.{dataset}.{table}", columns)
        for variable in variables:
            # A script's variable is a constant while one statement is looked at.
            constant = root.constant.add(name_path=[variable.name], type=variable.type)
            constant.value.SetInParent()
        answer = self._call("RegisterCatalog", request, self._wire.RegisterResponse)
        registered: int = answer.registered_id
        self._registered = registered
        return registered

    def _forget(self) -> None:
        if self._registered is not None:
            self._service.unregister_catalog(registered_id=self._registered)
            self._registered = None


def _add_table(catalog: Any, name: str, columns: Sequence[Column]) -> None:
    table = catalog.table.add(name=name)
    for column in columns:
        table.column.add(name=column.name, type=column.type, is_writable_column=True)


def _resolved(statement: Any) -> Resolved:
    """Read a resolved statement: Any...Proto wraps the node, `parent` holds what it inherits."""
    node = statement
    while type(node).__name__.startswith("Any"):
        node = node.ListFields()[0][1]
    creates = type(node).__name__.startswith(CREATES)
    path = list(_field(node, "name_path") or ()) if creates else []
    columns = [
        Column(column.name, column.column.type) for column in _field(node, "output_column_list") or ()
    ] or [Column(column.name, column.type) for column in _field(node, "column_definition_list") or ()]
    return Resolved(tuple(path[0].split(".") if len(path) == 1 else path), columns)


def _scans_in(node: Any) -> Iterator[Scan]:
    """The table scans anywhere below a resolved node."""
    if node.DESCRIPTOR.name == "ResolvedTableScanProto":
        name = (node.table.full_name or node.table.name).split(".")[-1]
        yield name, tuple(column.name for column in node.parent.column_list)
    for field, value in node.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "DESCRIPTOR") else value:
                yield from _scans_in(inner)


def _field(node: Any, name: str) -> Any:
    while name not in node.DESCRIPTOR.fields_by_name:
        if "parent" not in node.DESCRIPTOR.fields_by_name:
            return None
        node = node.parent
        while type(node).__name__.startswith("Any"):
            node = node.ListFields()[0][1]
    return getattr(node, name)


def sql_error(error: Any) -> SqlError:
    """The analyzer's error with its place taken out of the message."""
    message = str(error.message)
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (1, 1)
    return SqlError(_PLACE.sub("", message), line, column)
