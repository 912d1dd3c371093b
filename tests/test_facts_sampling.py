"""Sampling is tested by halves: an event's rows are split in two, and each half is captured in place of the whole."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pytest

from balun.chain.contract import Column
from balun.facts.sampling import SamplingFact, Share
from balun.facts.sampling_fault import SamplingFault, faults
from fact_pairs import PLACE, Chain, Pair, event, pairs, walked

_COLUMNS = {"d": ("id", "k", "x"), "e": ("id", "k", "x"), "p": ("k", "z")}
_RATES = {"d": 0.5, "e": 0.1, "p": 1.0}
_EVENTS = [
    event(name, [Column(one, "integer", "INTEGER", PLACE) for one in columns], _RATES[name])
    for name, columns in _COLUMNS.items()
]
Row = tuple[object, ...]


def _said(chain: Chain, sql: str) -> tuple[tuple[Share, ...], list[SamplingFault]]:
    relation = chain.relation(sql)
    states = walked(relation, SamplingFact(), chain.events)
    return states[id(relation)].values["sampling"], faults(relation, states)


def _told(fault: SamplingFault) -> str:
    return " ".join(filter(None, (fault.kind, fault.what, fault.column)))


@pytest.mark.parametrize("pair", pairs("sampling"), ids=lambda pair: pair.title)
def test_sampling_is_as_expected(pair: Pair) -> None:
    chain = Chain(_EVENTS)
    values, found = _said(chain, pair.sql)
    names = [column.name for column in chain.relation(pair.sql).columns]
    assert {"rows": values[0].rows.how, **dict(zip(names, map(str, values), strict=True))} == pair.said
    assert tuple(map(_told, found)) == pair.faults


@dataclass
class _Halves:
    """The whole, and each half of the sampled event `d`; `p` is whole in all."""

    whole: Chain
    one: Chain
    other: Chain

    def rows(self, sql: str) -> tuple[list[Row], list[Row], list[Row]]:
        whole, one, other = (chain.connection.execute(sql).fetchall() for chain in (self.whole, self.one, self.other))
        return whole, one, other


@lru_cache(maxsize=32)
def _halves(seed: int) -> _Halves:
    draw = random.Random(seed)
    halves = _Halves(Chain(_EVENTS), Chain(_EVENTS), Chain(_EVENTS))
    for at in range(24):
        row = (at, draw.choice([1, 2, 3, 4, None]), draw.choice([1, 2, 3, 5, 8, None]))
        for chain in (halves.whole, draw.choice((halves.one, halves.other))):
            chain.connection.execute("INSERT INTO d VALUES (?, ?, ?)", row)
    for chain in (halves.whole, halves.one, halves.other):
        chain.connection.execute("INSERT INTO p VALUES (1, 10), (2, 20), (2, 21), (5, 50), (NULL, 7)")
    return halves


def _check(sql: str, seed: int) -> int:
    """How many claims were found to hold."""
    halves = _halves(seed)
    values, _ = _said(halves.whole, sql)
    whole, one, other = halves.rows(sql)
    same = [at for at, value in enumerate(values) if value.kind == "same"]
    how = values[0].rows.how
    kept, *parts = (Counter(tuple(row[at] for at in same) for row in rows) for rows in (whole, one, other))
    if how == "whole":
        assert all(part == kept for part in parts), sql
    if how == "thinned":
        assert parts[0] + parts[1] == kept, sql
    if how in {"padded", "merged"} and same:
        assert set(parts[0]) | set(parts[1]) == set(kept), sql
    if how == "padded" and same:
        assert set(parts[0]) == set(kept), sql
    return (how != "lost") + _check_scaled(sql, values, same, (whole, one, other))


def _check_scaled(sql: str, values: Sequence[Share], same: Sequence[int], rows: tuple[list[Row], ...]) -> int:
    """Scaled numbers of halves add up to those of the whole; what is missing comes in one of them."""
    if values[0].rows.how == "lost":
        return 0
    scaled = [at for at, value in enumerate(values) if value.kind == "scaled"]
    for at in scaled:
        sums = [_sums(part, same, at) for part in rows]
        for key, total in sums[0].items():
            assert sums[1].get(key, 0) + sums[2].get(key, 0) == pytest.approx(total), sql
    for at in (at for at, value in enumerate(values) if value.kind == "missing" and value.rate):
        seen = [Counter(row[at] for row in part if row[at] is not None) for part in rows]
        assert seen[1] + seen[2] == seen[0], sql
    return len(scaled)


def _sums(rows: list[Row], same: Sequence[int], at: int) -> dict[Row, float]:
    found: dict[Row, float] = {}
    for row in rows:
        key = tuple(row[each] for each in same)
        found[key] = found.get(key, 0) + float(str(row[at] or 0))
    return found


@pytest.mark.parametrize("pair", pairs("sampling"), ids=lambda pair: pair.title)
def test_halves_make_the_whole_as_said(pair: Pair) -> None:
    for seed in range(12):
        _check(pair.sql, seed)


@pytest.mark.parametrize(
    "pair", [one for one in pairs("sampling") if "lost" in one.said.values()], ids=lambda p: p.title
)
def test_what_is_lost_differs_in_some_half(pair: Pair) -> None:
    if " e " not in pair.sql:
        seen = [halves for seed in range(12) for halves in [_halves(seed).rows(pair.sql)]]
        assert any(sorted(map(str, whole)) != sorted(map(str, one)) for whole, one, _ in seen)


_TABLES = (
    "d", "p",
    "(SELECT d.k, d.x AS z FROM d JOIN p ON d.k = p.k)",
    "(SELECT p.k, d.x AS z FROM p LEFT JOIN d ON d.k = p.k)",
    "(SELECT p.k, d.x AS z FROM p FULL JOIN d ON d.k = p.k)",
    "(SELECT p.k, p.z FROM p RIGHT JOIN d ON d.k = p.k)",
    "(SELECT p.k, p.z FROM p SEMI JOIN d ON d.k = p.k)",
    "(SELECT k, count(*) AS z FROM d GROUP BY k)",
    "(SELECT k, sum(x) AS z FROM d GROUP BY k)",
    "(SELECT DISTINCT k, x AS z FROM d)",
    "(SELECT k, x AS z FROM d WHERE x > 2)",
    "(SELECT k, x AS z FROM d WHERE k IN (SELECT k FROM p))",
    "(SELECT k, x AS z FROM d WHERE x = (SELECT max(x) FROM d))",
    "(SELECT k, x AS z FROM d UNION ALL SELECT k, id FROM d)",
    "(SELECT k, z FROM p UNION ALL SELECT k, x FROM d)",
    "(SELECT k, (SELECT max(z) FROM p WHERE p.k = d.k) AS z FROM d)",
    "(SELECT k, (SELECT count(*) FROM d WHERE p.k = d.k) AS z FROM p)",
)  # fmt: skip
_ROW = (
    "{z} + 1", "{z}", "-{z}", "{z} * 2", "coalesce({z}, 0)", "{z} > 2", "{z} * a.k",
    "CASE WHEN {z} > 2 THEN 1 ELSE 0 END",
)  # fmt: skip
_OF = ("sum({0})", "count({0})", "count(*)", "max({0})", "avg({0})", "count(DISTINCT {0})", "min(a.k)", "sum(a.k)")


def _query(draw: random.Random) -> str:
    one, other = draw.choice(_TABLES), draw.choice(_TABLES)
    z = "a.x" if one == "d" else "a.z"
    value = draw.choice(_ROW).format(z=z)
    of = draw.choice(_OF).format(f"({value})::INTEGER")
    join = draw.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"))
    return draw.choice((
        f"SELECT a.k, {value} AS v FROM {one} AS a",
        f"SELECT a.k, {of} AS v FROM {one} AS a GROUP BY a.k",
        f"SELECT {of} AS v, {of} * 2 + {of} AS w FROM {one} AS a",
        f"SELECT a.k, {value} AS v FROM {one} AS a {join} {other} AS b ON a.k = b.k",
        f"SELECT a.k, {of} AS v FROM {one} AS a {join} {other} AS b ON a.k = b.k GROUP BY a.k",
        f"SELECT k, sum(v) AS w FROM (SELECT a.k, {z}, {of} AS v FROM {one} AS a GROUP BY ALL) GROUP BY k",
        f"SELECT DISTINCT a.k, {value} AS v FROM {one} AS a",
        f"SELECT a.k, {of} AS v FROM {one} AS a WHERE {z} > 2 GROUP BY a.k HAVING count(*) > 1",
        f"SELECT k FROM {one} UNION ALL SELECT k FROM {other}",
        f"SELECT k FROM {one} EXCEPT SELECT k FROM {other}",
    ))  # fmt: skip


def _prove(count: int, first: int) -> int:
    return sum(_check(_query(random.Random(seed)), seed % 20) for seed in range(first, first + count))


def test_halves_make_the_whole_of_generated_queries() -> None:
    assert _prove(300, 0) > 100


@pytest.mark.long
def test_halves_make_the_whole_of_many_generated_queries() -> None:
    assert _prove(12_000, 1000) > 4000
