"""A dbt project becomes a chain: sources and seeds are events, models are tables, exposures are surfaces.

What is captured is seldom declared with its columns and types, so both are told from what the models ask of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot.expressions as exp

from balun.chain.config import Config
from balun.chain.contract import Column, Contract, LogicalType
from balun.chain.graph import Declared, Graph
from balun.chain.load import graph_of
from balun.chain.surface import Surface
from balun.chain.table import OpaqueTable, Table
from balun.dbt.bench import Bench
from balun.dbt.cell import Cell
from balun.dbt.lines import raw_lines
from balun.dbt.manifest import Manifest, Resource, find_manifest, read_manifest
from balun.dbt.names import Relations, node_names
from balun.dbt.places import Places
from balun.dbt.promises import Promises, promises_of
from balun.dbt.refused import Refused
from balun.dbt.seed import seed_columns
from balun.dbt.shape import Event, Shape
from balun.dbt.snapshot import versions
from balun.dbt.sql import DIALECTS, UnreadableSql, in_chain, read_sql
from balun.dbt.types import dtype_of
from balun.dbt.uses import Uses
from balun.dbt.written import FAILS
from balun.errors import ProjectError
from balun.facts.dtype import Binder
from balun.finding import Place

if TYPE_CHECKING:
    from balun.dbt.jinja import Renderer

_LOGICAL: tuple[tuple[str, LogicalType], ...] = (
    ("TIMESTAMP", "timestamp"), ("DATE", "date"), ("TIME", "time"), ("BOOLEAN", "boolean"), ("DOUBLE", "number"),
    ("FLOAT", "number"), ("DECIMAL", "number"), ("STRUCT", "object"), ("MAP", "object"), ("JSON", "object"),
    ("VARCHAR", "string"), ("UUID", "string"), ("BLOB", "string"),
)  # fmt: skip


@dataclass
class Model:
    """A node whose SQL is read. tree: None where it can't be, for `reason`, at a line of its file."""

    resource: Resource
    name: str
    tree: exp.Query | None = None
    reason: str = ""
    line: int | None = None
    parents: list[str] = field(default_factory=list)
    lines: list[int | None] = field(default_factory=list)


def load_dbt(path: Path) -> Graph:
    """path: a manifest, or the folder of a project or its target. Raises ProjectError and UsageError."""
    return Loader(read_manifest(find_manifest(path))).graph()


class Loader:
    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.dialect = DIALECTS.get(manifest.adapter, "postgres")
        self.names = node_names(manifest.resources.values())
        self.relations = Relations(manifest.resources, self.names)
        self.places = Places(manifest)
        self.promises = promises_of(manifest, self.names)
        self.events: dict[str, Event] = {}
        self.outside: dict[str, Place] = {}
        self.shapes: dict[str, Shape] = {}
        self._renderer: Renderer | None = None

    def graph(self) -> Graph:
        models = [self._read(one) for one in self.manifest.resources.values() if one.kind in {"model", "snapshot"}]
        for one in self.manifest.resources.values():
            if one.kind in {"source", "seed"}:
                self.events[self.names[one.id]] = self._event(one)
        in_order = _in_order(models)
        for model in in_order:
            self.shapes[model.name] = self._shape(model)
        with Bench() as bench, Binder() as binder:
            declared = [(name, self._contract(name, event, bench, binder)) for name, event in self.events.items()]
            tables = [self._table(model, bench, binder) for model in in_order]
        root = self.manifest.root.resolve()
        config = Config(self.manifest.project, root, root / ".balun", tool="dbt")
        named: list[tuple[str, Declared]] = [*declared, *((one.name, one) for one in tables)]
        return graph_of(config, [*named, *((one.name, one) for one in self._surfaces())])

    # -- reading

    def _read(self, resource: Resource) -> Model:
        model = Model(resource, self.names[resource.id])
        try:
            compiled = self._compiled(resource)
            model.lines = raw_lines(compiled, resource.raw) if resource.raw else []
            tree = read_sql(compiled, self.dialect)
            if resource.kind == "snapshot":
                tree = versions(tree, resource.config)
            model.tree = in_chain(tree, lambda parts: self._named(model, parts))
        except UnreadableSql as exc:
            model.tree, model.reason = None, str(exc)
            model.line = _line(model.lines, exc.line)
            told = [self.names[one] for one in resource.parents if one in self.names]
            model.parents = [name for name in dict.fromkeys(told) if name != model.name]
        return model

    def _compiled(self, resource: Resource) -> str:
        """Raises UnreadableSql where there is none, and none can be made."""
        if resource.language != "sql":
            raise UnreadableSql(f"it is written in {resource.language}")
        if resource.code:
            return resource.code
        if not resource.raw:
            raise UnreadableSql("the manifest holds no SQL of it")
        if self._renderer is None:
            from balun.dbt.jinja import Renderer

            self._renderer = Renderer(self.manifest)
        return self._renderer.rendered(resource)

    def _named(self, model: Model, parts: tuple[str, ...]) -> str | None:
        """What a table's name stands for; what no resource is called is an event that the project doesn't declare."""
        name = self.relations.find(parts)
        if parts[0].startswith("__dbt__cte__") and (name is None or not self._is_read(name)):
            return None
        if name is None or name == model.name:
            name = f"{model.name}__before" if name else self._outside(parts)
            self.events.setdefault(name, Event())
            self.outside.setdefault(name, self.places.of(model.resource))
        if name not in model.parents:
            model.parents.append(name)
        return name

    def _outside(self, parts: tuple[str, ...]) -> str:
        taken = {name.lower() for name in self.names.values()}
        name = parts[-1] if parts[-1].lower() not in taken else "__".join(parts)
        return next((known for known in self.outside if known.lower() == name.lower()), name)

    def _is_read(self, name: str) -> bool:
        """Whether an ephemeral model stands as a node of its own."""
        return any(self.names[id_] == name and one.code for id_, one in self.manifest.resources.items())

    # -- shapes

    def _event(self, resource: Resource) -> Event:
        event = Event()
        if resource.kind == "seed":
            for name, dtype in seed_columns(resource, self.manifest.root, self.dialect):
                event.declare(name, dtype)
                event.whole = True
        for name, written in self.manifest.catalog.get(resource.id, ()):
            event.declare(name, dtype_of(written, self.dialect))
            event.whole = True
        for column in resource.columns:
            event.declare(column.name, dtype_of(column.dtype, self.dialect) if column.dtype else None)
        return event

    def _shape(self, model: Model) -> Shape:
        if model.tree is not None:
            try:
                return Uses(self._read_shape, self.dialect).query(model.tree, {})
            except RecursionError:
                model.tree, model.reason = None, "its SQL is nested too deep"
        return self._event(model.resource)

    def _read_shape(self, table: exp.Table) -> Shape:
        name = table.name
        return self.shapes.get(name) or self.events.setdefault(name, Event())

    # -- declarations

    def _contract(self, name: str, event: Event, bench: Bench, binder: Binder) -> Contract:
        resource = next((one for id_, one in self.manifest.resources.items() if self.names[id_] == name), None)
        place = self.places.of(resource) if resource else self.outside.get(name, Place(self.manifest.file.name))
        promised = self.promises[resource.id] if resource else Promises()
        if not event.columns:
            event.grow("nothing_is_known_of_its_columns")
        columns = tuple(self._column(cell, place, promised, bench) for cell in event.columns.values())
        key = promised.key if all(name in event.columns for name in promised.key) else ()
        columns = tuple(
            replace(one, key=key.index(one.name.lower()) + 1) if one.name.lower() in key and len(key) > 1 else one
            for one in columns
        )
        about = resource.description if resource else None
        found = Contract(name, resource.owner if resource else None, "0.0.0", place, columns, None, description=about)
        bench.create(name, ((one.name, one.dtype) for one in columns))
        binder.bind_event(found)
        return found

    def _column(self, cell: Cell, place: Place, promised: Promises, bench: Bench) -> Column:
        dtype, lower = bench.spelt(cell.captured()), cell.name.lower()
        textual = dtype == "VARCHAR"
        allowed = promised.allowed.get(lower, ())
        return Column(
            cell.name,
            next((logical for start, logical in _LOGICAL if dtype.startswith(start)), "integer"),
            dtype,
            self.places.column(place, cell.name),
            required=lower in promised.required,
            unique=(lower,) in promised.unique,
            allowed=allowed if textual == all(isinstance(one, str) for one in allowed) else (),
            references=(promised.references[lower],) if lower in promised.references else (),
        )

    def _table(self, model: Model, bench: Bench, binder: Binder) -> Table | OpaqueTable:
        found = self._bound(model, bench, binder) if model.tree is not None else None
        return found or self._opaque(model, bench, binder)

    def _bound(self, model: Model, bench: Bench, binder: Binder) -> Table | None:
        assert model.tree is not None
        try:
            made = bench.bound(model.tree)
        except RecursionError:
            made = Refused("", "it is nested too deep", None)
        if isinstance(made, Refused):
            model.reason = (
                f"DuckDB refuses it: {made.message.splitlines()[0].rstrip('.!') if made.message else 'no reason given'}"
            )
            model.line = _line(model.lines, made.line)
            return None
        columns = made.columns
        resource, promised = model.resource, self.promises[model.resource.id]
        has = {name.lower(): name for name, _ in columns}
        table = Table(
            name=model.name,
            owner=resource.owner,
            place=self.places.of(resource),
            sql=made.sql,
            parents=tuple(model.parents),
            key=tuple(has[name] for name in promised.key) if set(promised.key) <= set(has) else (),
            required=tuple(has[name] for name in sorted(promised.required) if name in has),
            description=resource.description,
            lines=tuple(_line(model.lines, line) for line in made.lines),
            functions=made.functions,
        )
        try:
            binder.bind_table(table)
        except ProjectError as exc:
            model.reason = exc.findings[0].message
            model.line = exc.findings[0].place.line
            return None
        except FAILS:
            model.reason = "what it becomes in DuckDB's words can't be read"
            return None
        bench.create(model.name, columns)
        return table

    def _opaque(self, model: Model, bench: Bench, binder: Binder) -> OpaqueTable:
        shape, resource = self.shapes[model.name], model.resource
        cells = {name.lower(): shape.find(name) or Cell(name) for name in shape.names() if name}
        columns = [
            (name, dtype_of(written, self.dialect)) for name, written in self.manifest.catalog.get(resource.id, ())
        ]
        columns += [(one.name, dtype_of(one.dtype, self.dialect) if one.dtype else None) for one in resource.columns]
        columns += [(cell.name or name, cell.settled()) for name, cell in cells.items()]
        typed: dict[str, tuple[str, str]] = {}
        for name, dtype in columns or [("nothing_is_known_of_its_columns", "VARCHAR")]:
            told = dtype or (cells[name.lower()].settled() if name.lower() in cells else "VARCHAR")
            typed.setdefault(name.lower(), (name, bench.spelt(told)))
        promised = self.promises[resource.id]
        found = OpaqueTable(
            name=model.name,
            owner=resource.owner,
            place=Place(self.places.of(resource).file, model.line),
            reason=model.reason,
            parents=tuple(model.parents),
            columns=tuple(typed.values()),
            key=tuple(typed[name][0] for name in promised.key) if set(promised.key) <= set(typed) else (),
            required=tuple(typed[name][0] for name in sorted(promised.required) if name in typed),
            description=resource.description,
        )
        bench.create(model.name, typed.values())
        binder.bind_declared(model.name, found.columns, found.place)
        return found

    def _surfaces(self) -> Iterator[Surface]:
        for one in self.manifest.exposures:
            tables = tuple(self.names[id_] for id_ in one.parents if id_ in self.names)
            place = Place(self.places.file(one.file))
            yield Surface(one.name, (), one.owner, place, description=one.description, tables=tables)


def _line(lines: list[int | None], of: int | None) -> int | None:
    return lines[of - 1] if of is not None and 0 < of <= len(lines) else None


def _in_order(models: Iterable[Model]) -> list[Model]:
    """Parents first. Raises ProjectError where they read each other in a circle."""
    by_name = {model.name: model for model in models}
    edges = {name: [one for one in model.parents if one in by_name] for name, model in by_name.items()}
    try:
        return [by_name[name] for name in TopologicalSorter(edges).static_order()]
    except CycleError as exc:
        path = list(reversed(exc.args[1]))
        raise ProjectError.at(
            "cycle",
            Place(by_name[path[0]].resource.file),
            f"the models read each other in a circle: {' > '.join(path)}",
            mend="take one of these reads out, and let dbt write its manifest anew",
        ) from exc
