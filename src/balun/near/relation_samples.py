"""Rows of an event, table or corpus, beside the rows of the events and tables above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.facts.supply import EXAMPLE
from balun.near.beside import ROW, beside
from balun.near.lineage import Lineages
from balun.near.link import link_of
from balun.near.rows import Rows, ask, columns_in, count_of, parquet, snapshot_of
from balun.near.sample import OLDER, Before, Sample, Samples, spread
from balun.quoting import quoted
from balun.snapshot import Snapshot


def relation_samples(lineages: Lineages, rows: Rows, node: Node, made: Snapshot) -> Samples:
    places = spread(count_of(made) or 0)
    picked = _at(parquet(made), places)
    own = {row.pop(ROW): row for row in ask(picked, made)}
    linked = picked
    if isinstance(node.declared, Corpus):
        examples = rows.current(f"examples:{node.name}")
        if examples is None or node.declared.label not in columns_in(examples):
            return Samples(note=OLDER)
        linked = _labelled(examples, node.declared, places)
    parents = [parent for parent in lineages.graph.parents(node) if parent.kind in {"event", "table"}]
    before = {parent.id: _linked(lineages, rows, node, parent, linked) for parent in parents}
    return Samples(
        tuple(
            Sample(own[at], tuple(before[parent.id].get(at, _none(lineages, node, parent)) for parent in parents))
            for at in places
        ),
        tuple(one for parent in parents for one in _dropped(lineages, rows, node, parent, made)),
    )


def _dropped(lineages: Lineages, rows: Rows, node: Node, parent: Node, made: Snapshot) -> Iterator[Before]:
    """The first row of a parent that the step left out, where rows can be told apart by the parent's key."""
    upper, link = snapshot_of(lineages.graph, rows, parent), link_of(lineages, node, parent)
    if node.kind != "table" or upper is None or link is None or not link.exact:
        return
    if not {theirs for _, theirs in link.pairs} <= set(columns_in(upper)):
        return
    same = f"FROM {parquet(made)} AS own WHERE {link.sql('own', 'upper')}"
    lost = f"FROM {parquet(upper)} AS upper WHERE NOT EXISTS ({same})"
    count = ask(f"SELECT count(*) AS lost {lost}", upper)[0]["lost"]
    if count:
        yield Before(parent.id, f"not in {node.name}", tuple(ask(f"SELECT * {lost} LIMIT 1", upper)), int(str(count)))


def _at(relation: str, places: Sequence[int]) -> str:
    listed = ", ".join(map(str, places)) or "-1"
    numbered = relation.removesuffix(")") + ", file_row_number = true)"
    return (
        f"SELECT file_row_number AS {ROW}, * EXCLUDE (file_row_number) FROM {numbered} "
        f"WHERE file_row_number IN ({listed}) ORDER BY file_row_number"
    )


def _labelled(examples: Snapshot, corpus: Corpus, places: Sequence[int]) -> str:
    """The examples of those rows of a corpus, which are the ones with a label, in their order."""
    listed = ", ".join(map(str, places)) or "-1"
    numbered = (
        f"SELECT row_number() OVER (ORDER BY {EXAMPLE}) - 1 AS {ROW}, * FROM {parquet(examples)} "
        f"WHERE {quoted(corpus.label)} IS NOT NULL"
    )
    return f"SELECT * FROM ({numbered}) WHERE {ROW} IN ({listed})"


def _linked(lineages: Lineages, rows: Rows, node: Node, parent: Node, picked: str) -> dict[object, Before]:
    made = snapshot_of(lineages.graph, rows, parent)
    link = link_of(lineages, node, parent)
    if made is None or link is None or not {theirs for _, theirs in link.pairs} <= set(columns_in(made)):
        return {}
    joined = f"FROM picked JOIN {parquet(made)} AS upper ON {link.sql('picked', 'upper')}"
    return beside(picked, joined, "upper.*", "1", made, parent.id, link.words())


def _none(lineages: Lineages, node: Node, parent: Node) -> Before:
    link = link_of(lineages, node, parent)
    return Before(parent.id, link.words(), (), 0) if link else Before(parent.id, "can't be told from the columns")
