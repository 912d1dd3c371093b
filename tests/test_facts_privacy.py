"""Privacy is tested by change: what is said to be free of a column stays as it is when the column's values change."""

from __future__ import annotations

import random
from collections import Counter
from functools import lru_cache

import pytest

from balun.chain.contract import Column
from balun.chain.table import Table
from balun.facts.privacy import Privacy, PrivacyFact, label_of
from fact_pairs import PLACE, Chain, Pair, event, pairs, walked

_CLASSES = {"town": "internal", "mail": "PII", "note": "Tier 2", "score": "confidential"}
_TYPES = {"id": "BIGINT", "score": "BIGINT"}
_COLUMNS = {"person": ("id", "town", "mail", "note", "score"), "visit": ("mail", "page", "spent")}
_EVENTS = [
    event(
        name, [Column(one, "string", _TYPES.get(one, "VARCHAR"), PLACE, classification=_CLASSES.get(one)) for one in of]
    )
    for name, of in _COLUMNS.items()
]


def _said(chain: Chain, sql: str) -> dict[str, Privacy]:
    relation = chain.relation(sql)
    values = walked(relation, PrivacyFact(), chain.events)[id(relation)].values["privacy"]
    return {column.name: value for column, value in zip(relation.columns, values, strict=True)}


@pytest.mark.parametrize("pair", pairs("privacy"), ids=lambda pair: pair.title)
def test_privacy_is_as_expected(pair: Pair) -> None:
    assert {name: str(value) for name, value in _said(Chain(_EVENTS), pair.sql).items()} == pair.said


@lru_cache(maxsize=256)
def _captured(changed: str, seed: int) -> Chain:
    """Rows that differ in one column's values alone."""
    chain = Chain(_EVENTS)
    for name, columns in _COLUMNS.items():
        for at in range(8):
            row = [_value(column, at, f"{seed}{column}{column == changed}{name}{at}") for column in columns]
            chain.connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
    return chain


def _value(column: str, at: int, seed: str) -> object:
    draw = random.Random(seed)
    if column == "id":
        return at
    return draw.choice([1, 2, 3, 5, None]) if column == "score" else draw.choice(["a", "b", "m", "mm", "z", None])


def _check(sql: str, changed: str, seed: int) -> int:
    """How many outputs were found untouched, as said. Each labelled column has a label of its own here."""
    one, other = _captured("", seed), _captured(changed, seed)
    free = [at for at, value in enumerate(_said(one, sql).values()) if not _tells(value, changed)]
    rows = [chain.connection.execute(sql).fetchall() for chain in (one, other)]
    was, now = (Counter(str([row[at] for at in free]) for row in found) for found in rows)
    assert was == now or not free, (sql, changed)
    return len(free)


def _tells(value: Privacy, changed: str) -> bool:
    return _above(label_of(_CLASSES[changed]), value.computed | value.selected)


def _above(label: str, labels: frozenset[str]) -> bool:
    levels = ["internal", "confidential", "restricted"]
    higher = levels[levels.index(label) :] if label in levels else [label]
    return bool(labels & {*higher, "unknown"})


@pytest.mark.parametrize("pair", pairs("privacy"), ids=lambda pair: pair.title)
def test_what_is_free_of_a_column_stays_when_it_changes(pair: Pair) -> None:
    for changed in _CLASSES:
        for seed in range(6):
            _check(pair.sql, changed, seed)


_VALUES = (
    "a.mail", "length(a.mail)", "a.score", "a.id", "a.town || a.note", "CASE WHEN a.score > 2 THEN a.id END",
    "a.mail = 'm'", "coalesce(a.town, 'x')", "a.score + a.id", "1", "a.mail IN (SELECT mail FROM visit)",
    "(SELECT max(score) FROM person)", "(SELECT count(*) FROM visit AS w WHERE w.mail = a.mail)",
)  # fmt: skip
_OF = (
    "count({0})", "max({0})", "count(*)", "count(DISTINCT {0})", "count(*) FILTER (WHERE a.score > 2)", "min({0})",
    "first({0} ORDER BY a.score, a.id)", "list({0} ORDER BY a.id)", "arg_max({0}, a.id)",
)  # fmt: skip
_OVER = (
    "sum(a.id) OVER (PARTITION BY a.town)", "row_number() OVER (ORDER BY a.score, a.id)", "max(a.note) OVER ()",
    "count(*) OVER (PARTITION BY a.mail)", "lag(a.id) OVER (ORDER BY a.id)",
)  # fmt: skip


def _query(draw: random.Random) -> str:
    one, other, third = (draw.choice(_VALUES) for _ in range(3))
    by = draw.choice(("mail", "note", "town"))
    of, over = draw.choice(_OF).format(one), draw.choice(_OVER)
    join = draw.choice(("JOIN", "LEFT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"))
    return draw.choice((
        f"SELECT {one} AS x, {other} AS y, {over} AS z FROM person AS a",
        f"SELECT a.id, {one} AS x FROM person AS a WHERE {other} IS NOT NULL AND a.{draw.choice(list(_CLASSES))} > '1'",
        f"SELECT {of} AS x FROM person AS a WHERE {other} IS NOT NULL",
        f"SELECT {other} AS y, {of} AS x FROM person AS a GROUP BY ALL",
        f"SELECT a.id, {one} AS x FROM person AS a {join} visit AS v ON a.{by} = v.page",
        f"SELECT y FROM (SELECT {one} AS x, a.id AS y, {over} AS z FROM person AS a) WHERE x IS NOT NULL",
        f"SELECT DISTINCT {one} AS x, {other} AS y FROM person AS a",
        f"SELECT {one} AS x, {third} AS w FROM person AS a ORDER BY {other}, a.id LIMIT 3",
        f"SELECT ({one})::VARCHAR AS x FROM person AS a UNION SELECT ({other})::VARCHAR FROM person AS a",
        f"SELECT x FROM (SELECT {of} AS x, {third} AS t FROM person AS a GROUP BY ALL HAVING count(*) > 1)",
    ))  # fmt: skip


def _prove(count: int, first: int) -> int:
    found = 0
    for seed in range(first, first + count):
        draw = random.Random(seed)
        found += _check(_query(draw), draw.choice(list(_CLASSES)), seed % 10)
    return found


def test_what_is_free_stays_in_generated_queries() -> None:
    assert _prove(300, 0) > 100


@pytest.mark.long
def test_what_is_free_stays_in_many_generated_queries() -> None:
    assert _prove(10_000, 1000) > 3000


def test_declared_class_replaces_what_it_is_computed_from() -> None:
    table = Table("t", None, PLACE, "", (), classification=(("Mail", "internal"), ("town", "public")))
    values = (Privacy(frozenset({"restricted"}), rows=frozenset({"tier 2"})),) * 3
    found = PrivacyFact().promised(table, ("mail", "town", "note"), values)
    assert [sorted(one.computed) for one in found] == [["internal"], [], ["restricted"]]
    assert {one.rows for one in found} == {frozenset({"tier 2"})}
