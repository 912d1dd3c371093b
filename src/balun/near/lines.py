"""On which line of the picture each value stands: beside the column of the node that it became."""

from __future__ import annotations

from collections.abc import Iterable

from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Latest
from balun.facts.supply import EXAMPLE
from balun.near.link import main_read
from balun.near.near import Near
from balun.near.rows import Row

_MOST_LEFT = 14


def line_names(found: Near) -> list[str]:
    """The node's columns, then those of its parents that it doesn't keep; of a feature or model these come first."""
    shown = [name for sample in found.samples.rows for name in sample.row if name != EXAMPLE]
    own = dict.fromkeys(shown or [column.name for column in found.columns])
    befores = [before for sample in found.samples.rows for before in sample.before]
    left: dict[str, None] = {}
    for before in (*befores, *found.samples.dropped):
        for row in before.rows:
            left.update(dict.fromkeys(line for line in placed(found, before.node, row) if line not in own))
    if found.node.kind in {"feature", "model"}:
        return [*_telling(found, left), *own]
    return [*own, *list(left)[:_MOST_LEFT]]


def _telling(found: Near, left: Iterable[str]) -> list[str]:
    """Of a model's rows, what tells one from another, and the inputs that it leans on most."""
    if found.node.kind == "feature":
        return list(left)
    corpus = found.up[0].node.declared
    assert isinstance(corpus, Corpus)
    first = [corpus.at, *corpus.entity, corpus.label]
    worst = sorted(left, key=lambda name: -found.importances.get(name, float("-inf")))
    return list(dict.fromkeys([*(name for name in first if name in worst), *worst]))[:_MOST_LEFT]


def placed(found: Near, parent: str, row: Row) -> dict[str, object]:
    """The parent's values by line: a copied column stands with its copy, others with their own name.

    A column of that name that came from elsewhere keeps its line to itself.
    """
    if found.node.kind == "feature":
        return {
            line: row[name] for name in _looked_at(found, parent) if name in row for line in _lines(found, parent, name)
        }
    return {line: value for name, value in row.items() for line in _lines(found, parent, name)}


def _lines(found: Near, parent: str, name: str) -> list[str]:
    read = main_read({column.name: column.came for column in found.columns}, parent)
    copies = [
        column.name
        for column in found.columns
        if column.came.copy and (column.came.copy.node, column.came.copy.column) == (parent, name)
        if column.came.read == read
    ]
    if copies:
        return copies
    same = next((column for column in found.columns if column.name.lower() == name.lower()), None)
    if same is None:
        return [name]
    sources = same.came.sources
    joined = sources is not None and any(one.node == parent and one.column == name for one in sources)
    return (
        [same.name]
        if sources is None or joined or _keyed(found, parent, name)
        else [f"{parent.split(':', 1)[1]}.{name}"]
    )


def _keyed(found: Near, parent: str, name: str) -> bool:
    """Whether rows of the parent were found by it."""
    hows = [before.how for sample in found.samples.rows for before in sample.before if before.node == parent]
    return any(name in how.removeprefix("same ").split(", ") for how in hows)


def _looked_at(found: Near, parent: str) -> list[str]:
    """What a feature goes by, and what it reads."""
    feature = found.node.declared
    assert isinstance(feature, Aggregate | Latest)
    if parent.startswith("examples:"):
        corpus = next(part.node.declared for part in found.down if f"examples:{part.node.name}" == parent)
        assert isinstance(corpus, Corpus)
        return [*feature.by, corpus.at]
    told = [source for column in found.columns for source in column.came.sources or ()]
    uses = ("entity", "time", "value", "filter")
    return list(dict.fromkeys(source.column for use in uses for source in told if source.use == use))
