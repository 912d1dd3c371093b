"""How a column is made, step by step, from what a node puts out down to what is captured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Latest
from balun.chain.link import LinkTable
from balun.chain.table import PythonTable
from balun.facts.known import Chain
from balun.facts.supply import EXAMPLE
from balun.finding import Place
from balun.relational.expression import Aggregate as Aggregated
from balun.relational.expression import Computed, Literal, Window
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Relation,
    Scan,
    SetOperation,
    Unknown,
    Unnest,
)
from balun.why.cited import Cited
from balun.why.feature import sources_of
from balun.why.spot import Spot, met, root
from balun.why.words import Words, differences, words_of


@dataclass(frozen=True)
class Step:
    """what: in words. column: `node.column` where it is one's; else None. place, text: the line that says it.

    changes: facts that aren't what they were below: which, from what, to what. again: it was told before.
    """

    what: str
    column: str | None = None
    place: Place | None = None
    text: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    below: tuple[Step, ...] = ()
    again: bool = False

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "column": self.column,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "text": self.text,
            "changes": [{"fact": fact, "from": old, "to": new} for fact, old, new in self.changes],
            "again": self.again,
            "below": [one.as_json() for one in self.below],
        }


def words_at(chain: Chain, id_: str, name: str) -> Words:
    """What is known of a node's column."""
    known = chain.nodes[id_]
    return words_of(known.out, known.columns, known.columns.index(name), dtype_of(chain, id_, name))


def dtype_of(chain: Chain, id_: str, name: str) -> str:
    known = chain.nodes[id_]
    if known.relation is not None:
        spot = root(chain, id_, name)
        return spot.dtype if spot else "BIGINT"
    if id_.startswith("corpus:"):
        return dtype_of(chain, *part_of(chain, id_, name))
    return chain.supply.columns[id_][name]


def part_of(chain: Chain, id_: str, name: str) -> tuple[str, str]:
    """Which of a corpus's parts, its examples or a feature, a column of it is of."""
    corpus = chain.nodes[id_]
    corpus_name = id_.split(":", 1)[1]
    parts = [f"examples:{corpus_name}"]
    declared = chain.graph.nodes[id_].declared
    assert isinstance(declared, Corpus)
    parts += [f"feature:{one}@{corpus_name}" for one in declared.features if isinstance(one, str)]
    assert name in corpus.columns
    return next((part, name) for part in parts if name in chain.nodes[part].columns)


class Steps:
    """Of one question: what was told once isn't told again."""

    def __init__(self, chain: Chain, cited: Cited) -> None:
        self._chain = chain
        self._cited = cited
        self._told: set[tuple[str, str]] = set()

    def column(self, id_: str, name: str) -> Step:
        place = self._place(id_, name)
        what = f"{called(id_)}.{name}"
        step = Step(what, what, place, self._cited.text(place))
        if (id_, name) in self._told:
            return replace(step, again=True)
        self._told.add((id_, name))
        return replace(step, below=self._below(id_, name), changes=self._promises(id_, name))

    def _place(self, id_: str, name: str) -> Place | None:
        if id_.startswith("event:"):
            declared = self._chain.graph.nodes[id_].declared
            assert isinstance(declared, Contract)
            return declared.column(name).place
        if id_.startswith("corpus:"):
            return self._cited.declared(id_)
        return self._cited.output(id_, name) or self._cited.declared(id_)

    def _promises(self, id_: str, name: str) -> tuple[tuple[str, str, str], ...]:
        """What the node promises beyond what its SQL proves."""
        known = self._chain.nodes[id_]
        dtype = dtype_of(self._chain, id_, name)
        at = known.columns.index(name)
        derived = words_of(known.derived, known.columns, at, dtype)
        return tuple(differences(derived, words_of(known.out, known.columns, at, dtype)))

    def _below(self, id_: str, name: str) -> tuple[Step, ...]:
        if id_.startswith("event:"):
            return ()
        if id_.startswith("corpus:"):
            return (self.column(*part_of(self._chain, id_, name)),)
        declared = self._chain.node(id_).declared
        if isinstance(declared, Aggregate | Latest):
            return tuple(self.column(*one) for one in sources_of(self._chain, id_, name))
        spot = root(self._chain, id_, name)
        if spot is not None:
            return self._down(spot)
        if name == EXAMPLE:
            return (Step("the example's number, counted by Balun"),)
        read = ", ".join(called(parent) for parent in self._chain.node(id_).parents)
        return (
            Step(f"{opaque(declared)} makes it of {read}", place=declared.place, text=self._cited.text(declared.place)),
        )

    def _down(self, spot: Spot) -> tuple[Step, ...]:
        """From here to the columns of other nodes."""
        relation = spot.relation
        if isinstance(relation, Scan):
            return self._read(spot, relation)
        below = spot.copied()
        if below is None:
            return (self._made(spot),)
        step = self._passed(spot, below)
        found = self._down(below)
        return (replace(step, below=found),) if step else found

    def _read(self, spot: Spot, scan: Scan) -> tuple[Step, ...]:
        id_ = self._chain.read(scan.parent)
        column = scan.columns[spot.at].name
        if id_ is None or not column:
            return (Step("the row's own number"),)
        known = self._chain.nodes[id_]
        spelt = next(name for name in known.columns if name.lower() == column.lower())
        changes = tuple(differences(words_at(self._chain, id_, spelt), spot.words()))
        step = self.column(id_, spelt)
        return (Step(f"reads some columns of {called(id_)}", changes=changes, below=(step,)),) if changes else (step,)

    def _passed(self, spot: Spot, below: Spot) -> Step | None:
        """The step, where it does something to the column's rows that is written, or to what is known of it."""
        changes = tuple(differences(below.words(), spot.words()))
        told = pass_words(spot.relation)
        place = self._cited.passed(spot.id, spot.relation)
        if not changes and (place is None or not told):
            return None
        return Step(told or "passes on", place=place, text=self._cited.text(place), changes=changes)

    def _made(self, spot: Spot) -> Step:
        one = spot.expression()
        place = self._cited.made(spot.id, one, spot.name)
        below: dict[Step, None] = {}
        for source in spot.sources():
            below |= dict.fromkeys(self._down(source))
        return Step(made_words(spot.relation, one), place=place, text=self._cited.text(place), below=tuple(below))


def called(id_: str) -> str:
    """A node as a user names it: `feature:weather`; a corpus's examples as they are."""
    kind, name = id_.split("@", maxsplit=1)[0].split(":", 1)
    return name if kind in {"event", "table", "corpus"} else f"{kind}:{name}"


def opaque(declared: object) -> str:
    """What makes a column, where nobody looks into how."""
    if isinstance(declared, LinkTable):
        return "matching records without a key"
    return "a Python function" if isinstance(declared, PythonTable) else "what can't be read"


def pass_words(relation: Relation) -> str:
    """What a step does to the rows of a column that goes through it; nothing where that says nothing."""
    match relation:
        case Filter():
            return "only rows where"
        case Join(kind=kind, right=right, asof=asof):
            return f"{'asof ' if asof else ''}{kind} join of {', '.join(met(right)) or 'the rows about it'}"
        case Group():
            return "a group's key"
        case Distinct(on=on):
            return "distinct rows" if on is None else "the first row of each"
        case Limit():
            return "some of the rows"
        case SetOperation(kind=kind):
            return f"{kind} of rows"
        case Unnest():
            return "each row as often as a list is long"
    return ""


def made_words(relation: Relation, one: Computed | None) -> str:
    """What makes a column that isn't copied."""
    match relation:
        case SetOperation():
            return "rows of each branch"
        case Unnest():
            return "each value of a list"
        case Made(function=function):
            return f"rows that {function}() makes" if function else "rows written out"
        case Unknown(reason=reason):
            return f"not understood: {reason}"
        case Join():
            return "whether a row meets one"
    match one:
        case Literal(value=value):
            return "null" if value is None else f"the constant {value}"
        case Aggregated(name=name):
            return f"{name}() of a group's rows"
        case Window(name=name):
            return f"{name}() over rows about it"
        case None:
            return "which group it is"
    return f"computed by {_function(one)}"


def _function(one: Computed) -> str:
    name = getattr(one, "name", "CASE")
    return name if not name.isidentifier() or name == "CASE" else f"{name}()"
