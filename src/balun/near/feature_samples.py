"""A feature's values, beside the example they are for and the rows of its source that count for it."""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain.feature import Aggregate, Latest
from balun.chain.graph import Node
from balun.facts.supply import EXAMPLE
from balun.near.beside import ROW, beside
from balun.near.dtypes import dtypes_of
from balun.near.lineage import Lineages
from balun.near.rows import Rows, ask, columns_in, count_of, parquet, snapshot_of
from balun.near.sample import OLDER, Before, Sample, Samples, spread
from balun.near.window import counted_sql
from balun.quoting import quoted
from balun.snapshot import Snapshot


def feature_samples(lineages: Lineages, rows: Rows, node: Node, made: Snapshot) -> Samples:
    corpus = lineages.graph.children(node)[0]
    examples = rows.current(f"examples:{corpus.name}")
    if examples is None:
        return Samples(note=OLDER)
    outputs = list(dtypes_of(lineages.graph, lineages.supply, node))
    numbers = _telling(made, outputs)
    own = {row[EXAMPLE]: row for row in ask(_numbered(made, numbers), made)}
    asked = {row[EXAMPLE]: row for row in ask(_numbered(examples, numbers), examples)}
    counted = _counted(lineages, rows, node, corpus, _numbered(examples, numbers, f"{EXAMPLE} AS {ROW}, *"))
    none = Before(node.parents[0], _window_words(node), (), 0)
    return Samples(
        tuple(
            Sample(
                own[at],
                (Before(f"examples:{corpus.name}", f"one of {corpus.name}", (asked[at],), 1), counted.get(at, none)),
            )
            for at in numbers
        )
    )


def _telling(made: Snapshot, outputs: Sequence[str]) -> list[int]:
    """Examples spread over all, each the first from there on that has every output, where there is one."""
    whole = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in outputs)
    wanted = spread(count_of(made) or 0)
    firsts = ", ".join(f"min({EXAMPLE}) FILTER (WHERE {EXAMPLE} >= {at})" for at in wanted)
    if not wanted:
        return []
    found = ask(f"SELECT [{firsts}] AS firsts FROM {parquet(made)} WHERE {whole}", made)[0]["firsts"]
    assert isinstance(found, list)
    return sorted({first if first is not None else at for first, at in zip(found, wanted, strict=True)})


def _numbered(made: Snapshot, numbers: Sequence[int], columns: str = "*") -> str:
    return f"SELECT {columns} FROM {parquet(made)} WHERE {EXAMPLE} IN ({', '.join(map(str, numbers)) or '-1'})"


def _counted(lineages: Lineages, rows: Rows, node: Node, corpus: Node, picked: str) -> dict[object, Before]:
    """The source's rows that the feature may use, the latest first."""
    source = lineages.graph.nodes[node.parents[0]]
    made = snapshot_of(lineages.graph, rows, source)
    if made is None or not set(lineages.supply.columns[source.id]) <= set(columns_in(made)):
        return {}
    joined, order = counted_sql(lineages.supply, node, corpus, parquet(made))
    columns = ", ".join(f"upper.{quoted(name)}" for name in lineages.supply.columns[source.id])
    return beside(picked, joined, columns, order, made, source.id, _window_words(node))


def _window_words(node: Node) -> str:
    feature = node.declared
    assert isinstance(feature, Aggregate | Latest)
    windows = feature.over if isinstance(feature, Aggregate) else (feature.max_age,)
    told = ", ".join(str(window) for window in windows if window)
    within = f", within {'the longest of ' if len(windows) > 1 else ''}{told}" if told else ""
    return f"same {', '.join(feature.by)}, known before{within}, latest first"
