"""Which rows of its source a feature may use for an example, as a join."""

from __future__ import annotations

from collections.abc import Iterable

from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Latest
from balun.chain.graph import Node
from balun.chain.point_in_time.entity import compared
from balun.chain.point_in_time.expression import read_expression
from balun.chain.point_in_time.instant import LOWEST, known_microseconds, microseconds, start
from balun.engine import Engine
from balun.facts.supply import Supply
from balun.quoting import quoted


def counted_sql(supply: Supply, node: Node, corpus: Node, relation: str) -> tuple[str, str]:
    """FROM that joins `picked` examples with the rows of `relation`, as `upper`; and the order of these, latest first.

    A row counts once everything that the feature looks at in it is known; of its windows, the longest.
    """
    feature, source = node.declared, supply.source(node, relation)
    assert isinstance(feature, Aggregate | Latest)
    assert isinstance(corpus.declared, Corpus)
    types = {name.lower(): dtype for name, dtype in source.columns.items()}
    examples = supply.columns[f"examples:{corpus.name}"]
    placed = microseconds(quoted(feature.at), types[feature.at.lower()], source.zone)
    at = corpus.declared.at
    t = microseconds(f"picked.{quoted(at)}", examples[at], source.zone) + (" + 1" if feature.inclusive else "")
    windows = feature.over if isinstance(feature, Aggregate) else (feature.max_age,)
    lows = [start(f"({t})", window, source.zone) if window else str(LOWEST) for window in windows]
    known = [placed, *_known(supply, node, feature)]
    rows = f"SELECT *, {placed} AS _balun_us, {_latest(known)} AS _balun_known FROM {relation}"
    rows += f" WHERE {read_expression(feature.where, source.columns).sql}" if feature.where else ""
    same = [_same(name, types, examples) for name in feature.by]
    inside = [f"upper._balun_us < {t}", f"upper._balun_us >= least({', '.join(lows)})", f"upper._balun_known < {t}"]
    return f"FROM picked JOIN ({rows}) AS upper ON {' AND '.join([*same, *inside])}", "upper._balun_us DESC"


def _same(name: str, types: dict[str, str], examples: object) -> str:
    assert isinstance(examples, dict)
    of_example = {known.lower(): dtype for known, dtype in examples.items()}
    both = types[name.lower()], of_example[name.lower()]
    upper, picked = f"upper.{quoted(name)}", f"picked.{quoted(name)}"
    return f"{compared(upper, *both)} = {compared(picked, *reversed(both))}"


def _latest(times: Iterable[str]) -> str:
    """Null where one is null: what is never known never counts."""
    listed = list(times)
    never = " OR ".join(f"({one}) IS NULL" for one in listed)
    return f"CASE WHEN NOT ({never}) THEN greatest({', '.join(listed)}) END"


def _known(supply: Supply, node: Node, feature: Aggregate | Latest) -> list[str]:
    known = supply.available[node.parents[0]]
    told = [known.of(name) for name in sorted(_looked_at(supply, node, feature))] + [known.row]
    times = list(dict.fromkeys(one for one in told if one))
    return [
        known_microseconds(f"({one})", dtype, supply.graph.config.zone) for one, dtype in _typed(supply, node, times)
    ]


def _looked_at(supply: Supply, node: Node, feature: Aggregate | Latest) -> set[str]:
    columns = supply.columns[node.parents[0]]
    if isinstance(feature, Latest):
        lower = {name.lower() for name in feature.names}
        used = {name for name in columns if name.lower() in lower}
    else:
        written = [value.expression for value in feature.values if value.expression]
        used = {name for sql in written for name in read_expression(sql, columns, aggregate=True).columns}
    return used | (set(read_expression(feature.where, columns).columns) if feature.where else set())


def _typed(supply: Supply, node: Node, times: list[str]) -> list[tuple[str, str]]:
    declared = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in supply.columns[node.parents[0]].items())
    with Engine(threads=1) as engine:
        engine.connection.execute(f"CREATE TABLE source ({declared})")
        found = [engine.connection.execute(f"DESCRIBE SELECT ({one}) AS it FROM source").fetchall() for one in times]
    return [(one, str(rows[0][1])) for one, rows in zip(times, found, strict=True)]
