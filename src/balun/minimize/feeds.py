"""Which inputs of a model go with which captured column, and which columns are captured all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.chain.point_in_time.expression import read_expression
from balun.facts.reach import Flows, Uses, captured_flows
from balun.worth.asked import Asked, Desk
from balun.worth.columns import Hangs, hanging
from balun.worth.history import History
from balun.worth.reply import Reply


@dataclass(frozen=True)
class Feed:
    """A captured column. inputs: of the model, that can't be had without it.

    stays: why it is captured whether or not an input is made of it; empty where nothing else asks for it.
    """

    hangs: Hangs
    inputs: frozenset[str]
    stays: str = ""

    @property
    def name(self) -> str:
        return self.hangs.name


def feeds(desk: Desk, node: Node) -> list[Feed]:
    """Every captured column that the model hangs on, in the order of the chain.

    An input goes with a column that its value is made of: that is told without a row. What decides on rows, as the key
    of a join does, may be of no account to some of them: it is blanked on history, and the inputs that differ go.
    """
    past = desk.answers.past
    found, parts = hanging(past, node), _Parts.of(past, past.chain.graph.nodes[node.parents[0]])
    unsure = [one for one in found if (one.event.name, one.column.name) in parts.deciding]
    asked = [Asked(node.id, (one.blank,), own_label=False, fits=0, on="validation") for one in unsure]
    replies = dict(zip((one.name for one in unsure), desk.ask(asked), strict=True))
    return [_feed(one, parts, replies.get(one.name)) for one in found]


def _feed(one: Hangs, parts: _Parts, reply: Reply | None) -> Feed:
    """reply: of the model where the column comes blank; None where it decides on no rows."""
    inputs, why = set(parts.made_of(one.event.name, one.column.name)), list(parts.anyway(one))
    if reply is not None:
        inputs |= set(reply.inputs)
        why += ["which examples there are"] if reply.lost else []
        why = why or ([reply.why_not[0]] if reply.on_day is None else [])
    return Feed(one, frozenset(inputs), ", ".join(why))


@dataclass(frozen=True)
class _Parts:
    """What of a corpus is made of which captured columns. columns: inputs. deciding: captured columns on rows."""

    columns: Mapping[str, Uses]
    others: Mapping[str, Uses]
    deciding: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, past: History, node: Node) -> _Parts:
        corpus, flows = node.declared, captured_flows(past.chain)
        assert isinstance(corpus, Corpus)
        own, rows = flows[f"examples:{corpus.name}"]
        columns = dict(own)
        for made, decided in _features(corpus, flows):
            columns |= made
            rows |= decided
        known = past.chain.supply.label_known[node.id]
        types = past.chain.supply.columns[f"examples:{corpus.name}"]
        waits = read_expression(known, types).columns if known else ()
        others = {
            "the label": own.get(corpus.label, frozenset()),
            "the examples' time": own.get(corpus.at, frozenset()),
            "whom an example is about": frozenset().union(*(own.get(name, frozenset()) for name in corpus.entity)),
            "when the label is known": frozenset().union(*(own.get(name, frozenset()) for name in waits)),
        }
        inputs = {name: columns.get(name, frozenset()) for name in past.chain.supply.inputs[node.id]}
        return cls(inputs, others, frozenset((one.parent, one.column) for one in rows))

    def made_of(self, event: str, column: str) -> list[str]:
        return [name for name, uses in self.columns.items() if _has(uses, event, column)]

    def anyway(self, one: Hangs) -> Iterator[str]:
        return (name for name, uses in self.others.items() if _has(uses, one.event.name, one.column.name))


def _features(corpus: Corpus, flows: Flows) -> Iterator[tuple[dict[str, Uses], Uses]]:
    for part in corpus.features:
        if isinstance(part, str):
            yield flows[f"feature:{part}@{corpus.name}"]


def _has(uses: Uses, event: str, column: str) -> bool:
    return any((one.parent, one.column) == (event, column) for one in uses)


def gone(found: Collection[Feed], without: Collection[str]) -> list[Feed]:
    """Columns that no input is made of where a model does without some."""
    return [one for one in found if one.inputs and one.inputs <= set(without)]


def kept(found: Collection[Feed], without: Collection[str]) -> list[Feed]:
    """Columns that some input is made of."""
    return [one for one in found if not one.inputs <= set(without)]
