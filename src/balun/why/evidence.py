"""How each fact of a column is known: proved by a step of the SQL, tested on the rows of each run, or assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from balun.chain import contract
from balun.chain.contract import Contract
from balun.chain.feature import Aggregate, Latest
from balun.facts.known import Chain
from balun.facts.supply import EXAMPLE
from balun.facts.zone import INSTANTS
from balun.finding import Place
from balun.relational.relation import Scan
from balun.why.cited import Cited
from balun.why.feature import sources_of
from balun.why.on_rows import Count
from balun.why.spot import Spot, root
from balun.why.steps import dtype_of, made_words, opaque, part_of, pass_words, words_at
from balun.why.words import UNKNOWN, words_of

How = Literal["proved", "tested", "assumed", "unknown"]
# Of what a contract promises of values, a row that breaks it is set aside; the rest is taken at its word.
_TESTED = frozenset({"type", "nullable", "null where", "key", "domain"})
_PROMISES = {"nullable": "required", "key": "key", "unit": "units", "privacy": "classification"}
# Whether a contract says what a fact hangs on.
_SAID: Mapping[str, Callable[[contract.Column], object]] = {
    "type": lambda column: column.dtype,
    "nullable": lambda column: column.required or column.key,
    "null where": lambda column: column.name,
    "key": lambda column: column.key or column.unique,
    "unit": lambda column: column.unit,
    "domain": lambda column: column.allowed or column.minimum is not None or column.maximum is not None,
    "resolution": lambda column: column.resolution,
    "zone": lambda column: column.zone or column.dtype in INSTANTS,
    "privacy": lambda column: column.classification,
}
_UNSAID = {
    "nullable": "doesn't require it",
    "key": "has it in no key",
    "privacy": "doesn't classify it",
    "domain": "doesn't bound it",
}


@dataclass(frozen=True)
class Evidence:
    """by: in words, what says so. rows: what those of the last run say of it."""

    how: How
    by: str
    place: Place | None
    rows: Count | None = None

    def on(self, rows: Count | None) -> Evidence:
        """What isn't proved is tested where it holds on rows."""
        held = rows is not None and not rows.denying and self.how != "proved"
        return replace(self, how="tested" if held else self.how, rows=rows)


class Settled:
    """Where a fact became what it is: below that step it was another, or there is nothing below."""

    def __init__(self, chain: Chain, cited: Cited) -> None:
        self._chain = chain
        self._cited = cited

    def of(self, fact: str, id_: str, name: str) -> Evidence:
        found = self._at(fact, id_, name)
        value = words_at(self._chain, id_, name).get(fact)
        return Evidence("unknown", found.by, found.place) if value == UNKNOWN and found.how == "proved" else found

    def _at(self, fact: str, id_: str, name: str) -> Evidence:
        if id_.startswith("event:"):
            return self._captured(fact, id_, name)
        if id_.startswith("corpus:"):
            return self._at(fact, *part_of(self._chain, id_, name))
        if self._is_promised(fact, id_, name):
            return self._promise(fact, id_)
        declared = self._chain.node(id_).declared
        if isinstance(declared, Aggregate | Latest):
            return self._feature(fact, id_, name, declared)
        spot = root(self._chain, id_, name)
        if spot is not None:
            return self._below(fact, spot)
        if name == EXAMPLE:
            return Evidence("proved", "Balun counts the examples", declared.place)
        if fact == "type":
            return Evidence("tested", "declared, and tested by each run", declared.place)
        return Evidence("unknown", f"{opaque(declared)} isn't looked into", declared.place)

    def _captured(self, fact: str, id_: str, name: str) -> Evidence:
        event = self._chain.graph.nodes[id_].declared
        assert isinstance(event, Contract)
        column = event.column(name)
        if fact == "sampling":
            return Evidence("assumed", "the contract's word", event.place)
        if fact == "moment":
            return Evidence("proved", "it is itself", column.place)
        if not _SAID[fact](column):
            return Evidence("unknown", f"the contract {_UNSAID.get(fact, 'says nothing of it')}", column.place)
        if fact in _TESTED:
            return Evidence("tested", "the contract: a row that breaks it is set aside", column.place)
        return Evidence("assumed", "the contract's word", column.place)

    def _is_promised(self, fact: str, id_: str, name: str) -> bool:
        known = self._chain.nodes[id_]
        at, dtype = known.columns.index(name), dtype_of(self._chain, id_, name)
        both = [words_of(state, known.columns, at, dtype).get(fact) for state in (known.derived, known.out)]
        return both[0] != both[1] and fact != "null where"

    def _promise(self, fact: str, id_: str) -> Evidence:
        word = _PROMISES.get(fact, "key")
        place = self._cited.promise(id_, word) or self._cited.promise(id_, "key")
        if fact in {"unit", "privacy"}:
            return Evidence("assumed", "the table's word", place)
        return Evidence("tested", f"the table's `{word}`, which each run tests", place or self._cited.declared(id_))

    def _feature(self, fact: str, id_: str, name: str, feature: Aggregate | Latest) -> Evidence:
        below = sources_of(self._chain, id_, name)
        if isinstance(feature, Latest) and name != EXAMPLE and fact not in {"nullable", "key"}:
            source = below[0]
            if words_at(self._chain, *source).get(fact) == words_at(self._chain, id_, name).get(fact):
                return self._at(fact, *source)
        how = "the latest known row's, or none" if isinstance(feature, Latest) else "what the feature computes"
        return Evidence("proved", how, self._cited.output(id_, name))

    def _below(self, fact: str, spot: Spot) -> Evidence:
        value = spot.words().get(fact)
        while True:
            if isinstance(spot.relation, Scan):
                return self._read(fact, spot, spot.relation, value)
            below = spot.copied()
            if below is None or below.words().get(fact) != value:
                break
            spot = below
        one = spot.expression()
        if below is None:
            told, place = made_words(spot.relation, one), self._cited.made(spot.id, one, spot.name)
        else:
            told = pass_words(spot.relation) or "a step of its SQL"
            place = self._cited.passed(spot.id, spot.relation)
        text = self._cited.text(place)
        place = place or self._cited.output(spot.id, spot.output) or self._cited.declared(spot.id)
        return Evidence("proved", f"{told}: {text.rstrip(',')}" if text else told, place)

    def _read(self, fact: str, spot: Spot, scan: Scan, value: str | None) -> Evidence:
        id_, column = self._chain.read(scan.parent), scan.columns[spot.at].name
        if id_ is None or not column:
            return Evidence("proved", "the row's own number", self._cited.declared(spot.id))
        spelt = next(name for name in self._chain.nodes[id_].columns if name.lower() == column.lower())
        if words_at(self._chain, id_, spelt).get(fact) != value:
            return Evidence("proved", f"not all columns of {scan.parent} are read", self._cited.declared(spot.id))
        return self._at(fact, id_, spelt)
