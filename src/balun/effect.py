"""Verdicts: what a change does to each node and column of a chain, told from what two chains differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from balun.chain.corpus import Corpus
from balun.chain.feature import Columns
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable
from balun.chain.model import Model
from balun.chain.point_in_time.expression import read_expression
from balun.chain.table import OpaqueTable, PythonTable, Table
from balun.difference import Differences
from balun.difference.barren import barren
from balun.difference.delta import Retyped, Same, is_apart
from balun.difference.rows import Difference, Rows
from balun.facts.domain import Domain
from balun.facts.grid_text import written
from balun.facts.measure import PLAIN
from balun.facts.nullable import Nullable
from balun.facts.propagate import FACTS
from balun.facts.resolution import Resolution
from balun.facts.unit import Said, UnitFact
from balun.facts.zone import Zone
from balun.finding import Place
from balun.plan import described

Verdict = Literal["breaks", "shifts", "same"]
RANK: Mapping[Verdict, int] = {"breaks": 0, "shifts": 1, "same": 2}


@dataclass(frozen=True)
class Effect:
    """On one node. columns: the verdict on each that stood before. rows: they shift as a whole.

    facts: of columns, what was known before and is known after, where these differ: `dep_delay: unit minute > second`.
    why: what fails. path: places of what leads from the change to it.
    """

    node: Node
    verdict: Verdict
    columns: Mapping[str, Verdict] = field(default_factory=dict)
    rows: bool = False
    facts: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    path: tuple[tuple[str, Place], ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        return tuple(name for name, verdict in self.columns.items() if verdict != "same")

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id,
            "owner": self.node.owner,
            "verdict": self.verdict,
            "columns": {name: verdict for name, verdict in self.columns.items() if verdict != "same"},
            "rows": self.rows,
            "facts": list(self.facts),
            "why": list(self.why),
            "path": [{"node": id_, "file": place.file, "line": place.line} for id_, place in self.path],
        }


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    return min(verdicts, key=RANK.__getitem__, default="same")


@dataclass
class Judge:
    """found: of the nodes that can be built after. broken: nodes that can't, each with what stands against it.

    loose: tables of which a promise may be false after, so that nothing can be proved by it. fallen: nodes that can't
    be built after, or may end at some value.
    """

    graph: Graph
    found: Differences
    broken: Mapping[str, tuple[str, ...]]
    effects: dict[str, Effect] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    fallen: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def effect(self, node: Node) -> Effect:
        """Of nodes above it the effects are known already."""
        made = self._effect(node)
        self.effects[node.id] = made
        return made

    def _effect(self, node: Node) -> Effect:
        path = self._path(node)
        why = self._cannot_be(node)
        if why:
            self.fallen[node.id] = why
            columns: dict[str, Verdict] = dict.fromkeys(self._columns(node), "breaks")
            return Effect(node, "breaks", columns, why=why, path=path)
        match node.kind:
            case "event":
                return self._of(node, node.id, path, promises=False)
            case "table":
                return self._of(node, node.id, path, promises=True)
            case "feature":
                return self._feature(node, path)
            case "corpus":
                return self._corpus(node, path)
        return self._after(node, path)

    def _cannot_be(self, node: Node) -> tuple[str, ...]:
        """Why it can't be built: by itself, or as what it is made of can't."""
        above = next((parent for parent in node.parents if parent in self.fallen), None)
        if above is not None:
            return (f"{self.graph.nodes[above].name} can't be built",)
        if node.id in self.broken:
            return self.broken[node.id]
        if isinstance(node.declared, PythonTable | OpaqueTable):  # its code may not bear it
            gone = [f"it is given {name} no more" for name in self._asked(node, self._gone)]
            nulls = [f"it is given nulls in {name}" for name in self._asked(node, self._nulled)]
            if gone or nulls:
                return (*gone, *nulls)
        examples = node.id.replace("corpus:", "examples:")
        made = [id_ for id_ in self.found.failing if id_ in {node.id, examples} or id_.startswith(f"{node.id}@")]
        if made:
            return ("it casts text that it may meet only now",)
        if node.kind == "corpus" and examples in self._emptied:
            return ("no row can be an example any more",)
        return ()

    def _columns(self, node: Node) -> tuple[str, ...]:
        before = self.found.before
        if node.kind == "feature":
            uses = [known for id_, known in before.nodes.items() if id_.startswith(f"{node.id}@")]
            return uses[0].columns[1:] if uses else ()
        if node.kind == "corpus":
            return self._used(node)
        return before.nodes[node.id].columns if node.id in before.nodes else ()

    def _path(self, node: Node) -> tuple[tuple[str, Place], ...]:
        """From the nearest of its parents that isn't the same."""
        for parent in node.parents:
            above = self.effects.get(parent)
            if above is not None and above.verdict != "same":
                return (*above.path, (node.id, node.declared.place))
        return ((node.id, node.declared.place),)

    # -- rows and columns

    def _of(self, node: Node, id_: str, path: tuple[tuple[str, Place], ...], *, promises: bool) -> Effect:
        if id_ not in self.found.before.nodes:
            return Effect(node, "same", path=path)
        of = self.found.nodes[id_]
        columns = dict(self._verdicts(id_, self._columns(node), of))
        why = self._why(node, id_, of) if promises else ()
        verdict = "breaks" if why else worst(iter([*columns.values(), _by_rows(of)]))
        return Effect(node, verdict, columns, of.rows is not Rows.ALIKE, self._facts(id_), why, path)

    def _verdicts(self, id_: str, names: tuple[str, ...], of: Difference) -> Iterator[tuple[str, Verdict]]:
        for name in names:
            delta = self.found.column(id_, name)
            if delta is None:
                yield name, "breaks"
            else:
                yield name, "same" if isinstance(delta, Same) and of.rows is Rows.ALIKE else "shifts"

    def _why(self, node: Node, id_: str, of: Difference) -> tuple[str, ...]:
        """What of a table's promises may be false after."""
        found: list[str] = []
        if isinstance(node.declared, Table):
            unsure = bool(self.loose & set(node.parents))
            promises = [*self._nulls(node.declared, id_, of, unsure), *self._key(node.declared, id_, of, unsure)]
            self.loose |= {id_} if promises else set()
            found += promises
        return tuple(found)

    @cached_property
    def _emptied(self) -> frozenset[str]:
        """What can have no row after, and could before."""
        touched = {id_ for id_, of in self.found.nodes.items() if not of.is_same}
        return barren(self.found.after, touched) - barren(self.found.before, touched)

    def _asked(self, node: Node, of: Callable[[str], list[str]]) -> list[str]:
        """Of the columns of its parents; of a link those alone that it looks at."""
        table = node.declared
        return [
            name
            for side, parent in enumerate(node.parents)
            for name in of(parent)
            if not isinstance(table, LinkTable) or table.looks_at(side, name)
        ]

    def _gone(self, id_: str) -> list[str]:
        if id_ not in self.found.nodes:
            return []
        deltas = {name: self.found.column(id_, name) for name in self.found.before.nodes[id_].columns}
        return [name for name, delta in deltas.items() if delta is None or isinstance(delta, Retyped)]

    def _nulled(self, id_: str) -> list[str]:
        """Columns that were never null, and may be."""
        before, after = self.found.before.nodes.get(id_), self.found.after.nodes.get(id_)
        if before is None or after is None:
            return []
        nulls = {name.lower(): null for name, null in zip(after.columns, after.out.values[Nullable.name], strict=True)}
        told = zip(before.columns, before.out.values[Nullable.name], strict=True)
        return [name for name, null in told if not null and nulls.get(name.lower())]

    def _nulls(self, table: Table, id_: str, of: Difference, unsure: bool) -> Iterator[str]:
        """unsure: promises that its proofs rest on may be false."""
        before, after = self.found.before.nodes[id_], self.found.after.nodes[id_]
        for name in dict.fromkeys([*table.required, *table.key]):
            was = _known(before.columns, before.derived.values[Nullable.name], name)
            now = _known(after.columns, after.derived.values[Nullable.name], name)
            delta = self.found.column(id_, name)
            touched = delta is None or delta.nulls or of.rows is Rows.OTHER
            if (now and (touched or not was)) or (unsure and touched):
                yield f"{name} is promised not to be null, and may be"

    def _key(self, table: Table, id_: str, of: Difference, unsure: bool) -> Iterator[str]:
        if not table.key:
            return
        after = self.found.after.nodes[id_]
        lower = [name.lower() for name in after.columns]
        places = [lower.index(name.lower()) for name in table.key if name.lower() in lower]
        if after.derived.dependencies.is_key(places) and not unsure:
            return
        deltas = [self.found.column(id_, name) for name in table.key]
        if of.rows is Rows.OTHER or not all(one is not None and is_apart(one) for one in deltas):
            yield f"({', '.join(table.key)}) is promised to be unique, and may not be"

    def _facts(self, id_: str) -> tuple[str, ...]:
        """What is known of columns before and after, where that changed and can be said in a word."""
        before, after = self.found.before.nodes[id_], self.found.after.nodes[id_]
        names = {name.lower(): at for at, name in enumerate(before.columns)}
        types = self.found.after.supply.columns.get(id_, {})
        said = []
        for at, name in enumerate(after.columns):
            old = names.get(name.lower())
            if old is None:
                continue
            for fact in FACTS:
                if fact.name in _SAID:
                    was, now = before.out.values[fact.name][old], after.out.values[fact.name][at]
                    words = [_SAID[fact.name](value, types.get(name, "")) for value in (was, now)]
                    if words[0] != words[1] and all(words):
                        said.append(f"{name}: {words[0]} > {words[1]}")
        return tuple(said)

    # -- features, corpora, and what stands on them

    def _feature(self, node: Node, path: tuple[tuple[str, Place], ...]) -> Effect:
        """Of the examples that a corpus keeps: of others nobody asks for a value."""
        uses = [id_ for id_ in self.found.before.nodes if id_.startswith(f"{node.id}@") and id_ in self.found.nodes]
        columns: dict[str, Verdict] = {}
        rows = False
        for id_ in uses:
            corpus = self.found.nodes.get(f"corpus:{id_.split('@', 1)[1]}")
            of = replace(self.found.nodes[id_], rows=corpus.rows if corpus else Rows.OTHER)
            rows = rows or of.rows is not Rows.ALIKE
            for name, told in self._verdicts(id_, self._columns(node), of):
                columns[name] = min(told, columns.get(name, "same"), key=RANK.__getitem__)
        return Effect(node, worst(iter([*columns.values(), "shifts" if rows else "same"])), columns, rows, path=path)

    def _used(self, node: Node) -> tuple[str, ...]:
        """Columns of a corpus that its models are fed, judged and split by."""
        corpus = node.declared
        assert isinstance(corpus, Corpus)
        supply = self.found.before.supply
        named = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
        known = supply.label_known[node.id]
        waits = read_expression(known, supply.columns[f"examples:{corpus.name}"]).columns if known else ()
        models = [one.declared for one in self.graph.children(node) if isinstance(one.declared, Model)]
        slices = [name for model in models for name in model.slices]
        wanted = dict.fromkeys([*named, corpus.label, corpus.at, *corpus.entity, *waits, *slices])
        columns = self.found.before.nodes[node.id].columns
        width = len(self.found.before.nodes[f"examples:{corpus.name}"].columns)
        return tuple(name for at, name in enumerate(columns) if at >= width or name in wanted)

    def _corpus(self, node: Node, path: tuple[tuple[str, Place], ...]) -> Effect:
        of = self.found.nodes[node.id]
        columns = dict(self._verdicts(node.id, self._used(node), of))
        late = node.id in self.found.late
        shifts: Verdict = "shifts" if late else _by_rows(of)
        told = worst(iter([*columns.values(), shifts]))
        facts = ("labels are known at other times",) if late else ()
        return Effect(node, told, columns, of.rows is not Rows.ALIKE, facts, path=path)

    def _after(self, node: Node, path: tuple[tuple[str, Place], ...]) -> Effect:
        """A model, or a surface, is what it is made of; what breaks above it can't reach it as it should."""
        above = [self.effects[parent] for parent in node.parents if parent in self.effects]
        verdict = worst(one.verdict for one in above)
        was = self.found.before.graph.nodes.get(node.id)
        if verdict == "same" and was is not None and _said(was) != _said(node):
            verdict = "shifts"
        return Effect(node, verdict, path=path)


_SAID: Mapping[str, Callable[[Any, str], str]] = {
    Nullable.name: lambda value, _: "may be null" if value else "never null",
    UnitFact.name: lambda value, _: "" if isinstance(value, Said) or value == PLAIN else str(value),
    Resolution.name: lambda value, dtype: f"step {written(value, dtype)}",
    Zone.name: lambda value, _: f"zone {value}",
    Domain.name: lambda value, _: "any value" if value is None else str(value),
}


def _said(node: Node) -> object:
    """A declaration without where it stands and whose it is."""
    declared = node.declared
    told = {
        key: value for key, value in vars(declared).items() if key not in {"place", "owner", "description", "needs"}
    }
    return {**told, "estimator": described(declared.estimator)} if isinstance(declared, Model) else told


def _by_rows(of: Difference) -> Verdict:
    return "same" if of.rows is Rows.ALIKE else "shifts"


def _known(columns: tuple[str, ...], values: tuple[bool, ...], name: str) -> bool:
    lower = [one.lower() for one in columns]
    return name.lower() not in lower or values[lower.index(name.lower())]
