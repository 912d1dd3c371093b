"""Where rules look: each SELECT of the chain with what is known at every step of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from balun.chain.graph import Node
from balun.chain.table import Table
from balun.facts.column_fact import Sight
from balun.facts.known import Chain, Known
from balun.facts.propagate import State
from balun.finding import Finding, Place
from balun.relational.expression import Call, Case, Computed, Expression, Literal, Ref, conjuncts, walk
from balun.relational.relation import Filter, Group, Join, Project, Relation, Windows, ordered


@dataclass(frozen=True)
class Site:
    """A SELECT of a node's. id: of what it makes, as `Chain.nodes` has it."""

    chain: Chain
    id: str
    node: Node
    known: Known
    relation: Relation
    _others: dict[tuple[int, ...], dict[str, tuple[object, ...]]] = field(default_factory=dict, repr=False)

    def relations(self) -> Iterator[Relation]:
        """Inputs before what is made of them."""
        return ordered(self.relation)

    def state(self, relation: Relation) -> State:
        return self.known.states[id(relation)]

    def sight(self, fact: str, *relations: Relation) -> Sight[object]:
        """What an expression over these relations' columns, one behind the other, sees."""
        places = tuple(map(id, relations))
        others = self._others.get(places)
        if others is None:
            states = [self.state(one).values for one in relations]
            others = {name: tuple(value for state in states for value in state[name]) for name in states[0]}
            self._others[places] = others
        return Sight(others[fact], others)

    def place(self, of: Computed | int | None) -> Place:
        """The line of an expression, where its SQL is a file's; else that of the declaration."""
        return place_in(self.node, of if of is None or isinstance(of, int) else _first_place(of))

    def join_place(self, names: set[str]) -> int | None:
        """Where a JOIN by these columns seems to stand, in bytes: DuckDB's plan doesn't tell. None: nor can we."""
        sql = self.known.sql or ""
        for found in re.finditer(r"\bJOIN\b", sql, flags=re.IGNORECASE):
            near = re.split(r"\b(?:JOIN|WHERE|GROUP|UNION)\b", sql[found.end() :], maxsplit=1, flags=re.IGNORECASE)[0]
            if all(re.search(rf"\b{re.escape(name)}\b", near, flags=re.IGNORECASE) for name in names):
                return len(sql[: found.start()].encode())
        return None

    def call_place(self, function: str, names: set[str]) -> int | None:
        """Where a function of these columns seems to stand, in bytes: of an aggregate DuckDB's plan doesn't tell."""
        sql = self.known.sql or ""
        for found in re.finditer(rf"\b{re.escape(function)}\s*\(", sql, flags=re.IGNORECASE):
            near = re.split(r"\bFROM\b|\n\s*\n", sql[found.end() :], maxsplit=1, flags=re.IGNORECASE)[0]
            inside = near[: _closing(near)]
            if all(re.search(rf"\b{re.escape(name)}\b", inside, flags=re.IGNORECASE) for name in names if name):
                return len(sql[: found.start()].encode())
        return None

    def output_place(self, name: str) -> int | None:
        """Where an output gets its name, in bytes."""
        sql = self.known.sql or ""
        found = re.search(rf'\bAS\s+"?{re.escape(name)}\b', sql, flags=re.IGNORECASE)
        return len(sql[: found.start()].encode()) if found else None

    def finding(self, rule: str, at: Computed | int | None, message: str, mend: str) -> Finding:
        return Finding(
            rule, self.place(at), message, breaks=breaks(self.chain, self.node), owner=self.node.owner, mend=mend
        )


def _closing(text: str) -> int:
    """Where the bracket closes that was opened before."""
    depth = 1
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return at
    return len(text)


def place_in(node: Node, at: int | None) -> Place:
    """The line of a place in a node's SQL, in bytes, where the SQL is a file's; else that of the declaration."""
    declared = node.declared
    if not isinstance(declared, Table) or at is None:
        return declared.place
    return Place(declared.place.file, declared.line(declared.sql.encode()[:at].count(b"\n") + 1))


def _first_place(of: Computed) -> int | None:
    places = [one.place for one in walk(of) if one.place is not None]
    return of.place if of.place is not None else min(places, default=None)


def is_written(of: Expression) -> bool:
    """Whether somebody wrote it, and not DuckDB's planner."""
    return any(one.place is not None for one in walk(of))


def looked_at(chain: Chain) -> tuple[str, ...]:
    """Ids of tables, examples, and features; a feature that several corpora use is looked at once."""
    if chain.focus is not None:
        return chain.focus
    found: dict[str, str] = {}
    for id_, known in chain.nodes.items():
        if known.sql is not None:
            found.setdefault(id_ if id_.startswith("examples:") else id_.split("@", maxsplit=1)[0], id_)
    return tuple(found.values())


def sites(chain: Chain) -> Iterator[Site]:
    """The SELECTs that rules look at."""
    for id_ in looked_at(chain):
        known = chain.nodes[id_]
        if known.relation is not None:
            yield Site(chain, id_, chain.node(id_), known, known.relation)


def corpora(chain: Chain) -> Iterator[Node]:
    """The corpora whose examples rules look at."""
    return (chain.node(id_) for id_ in looked_at(chain) if id_.startswith("examples:"))


def conditions(relation: Relation) -> Iterator[tuple[Expression, tuple[Relation, ...]]]:
    """Each condition that must hold, with what it looks at."""
    if isinstance(relation, Filter):
        for condition in relation.conditions:
            yield from ((part, (relation.input,)) for part in conjuncts(condition))
    if isinstance(relation, Join):
        for condition in relation.conditions:
            yield from ((part, (relation.left, relation.right)) for part in conjuncts(condition))


def written(relation: Relation) -> Iterator[tuple[Computed, tuple[Relation, ...]]]:
    """Each expression of a relation, with what it looks at."""
    match relation:
        case Filter():
            yield from ((one, (relation.input,)) for one in relation.conditions)
        case Join():
            yield from ((one, (relation.left, relation.right)) for one in relation.conditions)
        case Project():
            yield from ((one, (relation.input,)) for one in relation.outputs)
        case Group():
            yield from ((one, (relation.input,)) for one in (*relation.keys, *relation.aggregates))
        case Windows():
            yield from ((one, (relation.input,)) for one in relation.windows)


def names_of(inputs: tuple[Relation, ...]) -> tuple[str, ...]:
    """What an expression over these relations calls its columns."""
    return tuple(column.name for one in inputs for column in one.columns)


def breaks(chain: Chain, node: Node) -> tuple[str, ...]:
    """Names of what hangs on a node, nearest first, to the first surface."""
    path = [node.name]
    while children := chain.graph.children(chain.graph.find(node.id)):
        node = children[0]
        path.append(node.name)
    return tuple(path)


def textual(of: Expression, names: tuple[str, ...]) -> str:
    """An expression in short words, for messages."""
    match of:
        case Ref():
            return names[of.at] if of.at < len(names) and names[of.at] else "a computed column"
        case Literal():
            return "NULL" if of.value is None else f"'{of.value}'" if isinstance(of.value, str) else str(of.value)
        case Call("cast", (arg,)):
            return textual(arg, names)
        case Call(name, (one, other)) if not name[0].isalpha() or name in {"and", "or"}:
            return f"{textual(one, names)} {name} {textual(other, names)}"
        case Call("is_null" | "is_not_null" as name, (arg,)):
            return f"{textual(arg, names)} {name.replace('_', ' ')}"
        case Call("in" | "not_in" as name, (first, *rest)):
            listed = ", ".join(textual(one, names) for one in rest)
            return f"{textual(first, names)} {name.replace('_', ' ')} ({listed})"
        case Call("not", (arg,)):
            return f"not ({textual(arg, names)})"
        case Call(name, args):
            return f"{name}({', '.join(textual(one, names) for one in args)})"
        case Case():
            return "CASE …"
    return "…"
