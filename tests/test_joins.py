"""Joins that are proposed: against pairs that were planted, and against counts by brute force."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import balun as bl
from balun.cli import balun
from balun.engine import Engine
from balun.errors import UsageError
from balun.joins.condition import Condition
from balun.joins.joins import Joins, search
from balun.joins.lost import lost_slice
from balun.joins.made import counts, joins_of
from balun.joins.proposal import Proposal
from balun.joins.search import Search
from balun.joins.side import Rows, sides
from balun.joins.sketch import complete, contained
from balun.relational.bound import relation_of
from balun.relational.relation import Column

Table = Mapping[str, Sequence[object]]
_CODES = [f"{a}{b}{c}" for a in "BCDFG" for b in "KLMNP" for c in "RSTVX"]
_START = datetime(2024, 3, 1, tzinfo=UTC)


class Bench:
    """Tables in an engine, by name."""

    def __init__(self, **tables: Table) -> None:
        self.engine = Engine(threads=1)
        for name, table in tables.items():
            self.engine.connection.register(f"given_{name}", pa.table({one: list(v) for one, v in table.items()}))
            self.engine.connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given_{name}')
        self.rows = [Rows(name, name, f'"{name}"') for name in tables]

    def joins(self, *zones: str) -> Joins:
        return search(self.rows, self.engine, zones=zones)

    def met(self, found: Proposal, key: str) -> float:
        """The share of left rows that the proposed SQL finds a partner for."""
        alias = found.join.split(" AS ")[1].split()[0]
        asked = f'SELECT count(*) FILTER ({alias}."{key}" IS NOT NULL) / count(*) {found.sql}'
        return float(self.engine.connection.execute(asked).fetchall()[0][0])


def _one(found: Joins) -> Proposal:
    (only,) = found.proposed
    return only


def _codes(form: str = "{}", rows: int = 600, seed: int = 1) -> list[object]:
    chance = random.Random(seed)
    return [form.format(chance.choice(_CODES)) for _ in range(rows)]


def test_a_foreign_key_is_found_with_its_sql() -> None:
    bench = Bench(flown={"tailnum": _codes(), "delay": range(600)}, plane={"tailnum": _CODES, "seats": range(125)})
    found = _one(bench.joins())
    assert found.join == "LEFT JOIN plane AS p USING (tailnum)"
    assert found.measured.cardinality == "n:1"
    assert bench.met(found, "tailnum") == found.measured.coverage == 1


@pytest.mark.parametrize(
    ("left", "right", "mend"),
    [
        ([code.lower() for code in _CODES], _CODES, "case"),
        ([f" {code} " for code in _CODES], _CODES, "whitespace"),
        ([f"00{code}" for code in _CODES], _CODES, "padding"),
        ([f"{n:06d}" for n in range(125)], [str(n) for n in range(125)], "padding"),
        ([str(n) for n in range(125)], list(range(125)), "type"),
        (list(range(125)), [str(n) for n in range(125)], "type"),
    ],
)
def test_a_mismatch_is_named_and_its_sql_joins_fully(left: list[object], right: list[object], mend: str) -> None:
    bench = Bench(ride={"zone_id": left * 3}, zone={"zone_id": right})
    found = _one(bench.joins())
    assert found.mends == (mend,)
    assert bench.met(found, "zone_id") == found.measured.coverage == 1


def test_several_mismatches_are_mended_at_once() -> None:
    bench = Bench(ride={"zone_id": [f" 00{n}" for n in range(125)] * 2}, zone={"zone_id": list(range(125))})
    found = _one(bench.joins())
    assert found.mends == ("type", "whitespace", "padding")
    assert bench.met(found, "zone_id") == 1


def _moments(seed: int, rows: int = 400) -> list[datetime]:
    chance = random.Random(seed)
    return [_START + timedelta(seconds=chance.randrange(40 * 86_400)) for _ in range(rows)]


def test_a_time_that_is_hours_off_is_put_right() -> None:
    times = sorted(set(_moments(2)))
    late = [one + timedelta(hours=5) for one in times]
    bench = Bench(seen={"sensor": ["a", "b"] * (len(late) // 2), "at": late[: len(late) // 2 * 2]}, read={
        "sensor": ["a", "b"] * (len(times) // 2), "at": times[: len(times) // 2 * 2]})  # fmt: skip
    found = _one(bench.joins())
    assert found.mends == ("zone",)
    assert "- INTERVAL 5 HOUR" in found.join or "+ INTERVAL 5 HOUR" in found.join
    assert bench.met(found, "at") == found.measured.coverage == 1


def test_a_clock_time_read_as_utc_is_read_in_its_zone() -> None:
    """Over a change of the clock, so that no number of hours does."""
    utc = sorted({_START + timedelta(seconds=random.Random(n).randrange(60 * 86_400)) for n in range(300)})
    with Engine(threads=1) as engine:
        engine.connection.register("times", pa.table({"t": utc}))
        asked = "SELECT timezone('UTC', timezone('Europe/Paris', t)) FROM times ORDER BY t"
        clock = [row[0] for row in engine.connection.execute(asked).fetchall()]
    shops = [f"shop {n % 2}" for n in range(len(utc))]
    bench = Bench(sale={"shop": shops, "at": clock}, till={"shop": shops, "at": utc})
    found = _one(bench.joins("Europe/Paris"))
    assert found.mends == ("zone",)
    assert "Europe/Paris" in found.join
    assert bench.met(found, "at") == 1


def test_a_finer_time_is_cut_to_the_step_of_the_other() -> None:
    hours = [_START + timedelta(hours=n) for n in range(960)]
    bench = Bench(
        flown={"origin": ["JFK", "LGA"] * 200, "left_gate": _moments(3)},
        weather={"origin": ["JFK"] * 960 + ["LGA"] * 960, "time_hour": hours * 2},
    )
    found = _one(bench.joins())
    assert found.mends == ("resolution",)
    assert "date_trunc('hour'" in found.join
    assert bench.met(found, "time_hour") == found.measured.coverage == 1


def test_a_composite_key_is_found() -> None:
    pairs = [(a, b) for a in range(100, 120) for b in range(30)]
    chance = random.Random(4)
    lines = [chance.choice(pairs) for _ in range(500)]
    bench = Bench(
        line={"partkey": [a for a, _ in lines], "suppkey": [b for _, b in lines]},
        partsupp={"ps_partkey": [a for a, _ in pairs], "ps_suppkey": [b for _, b in pairs]},
    )
    found = _one(bench.joins())
    assert found.columns == (("partkey", "ps_partkey"), ("suppkey", "ps_suppkey"))


def test_a_code_under_another_name_is_found_by_what_is_in_it() -> None:
    bench = Bench(flown={"dest": _codes()}, airport={"faa": _CODES + [f"ZZ{n}" for n in range(10)]})
    found = _one(bench.joins())
    assert found.columns == (("dest", "faa"),)
    assert not found.named


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"quarter": [1, 2, 3, 4] * 50}, {"id": range(1, 60)}),
        ({"id": range(1, 100)}, {"id": range(1, 200)}),
        ({"paid": [True, False] * 50}, {"flag": [True, False]}),
        ({"hour": list(range(24)) * 5}, {"hour": range(24)}),
        ({"line": [1, 2, 3] * 40}, {"key": [1, 2, 3, 4, 8, 64, 512, 4096, 32768]}),
        ({"answer": ["yes", "no"] * 40}, {"label": ["yes", "no", "never"]}),
        ({"rating": [1.0, 2.0, 5.0] * 30}, {"customer_id": range(1000)}),
        (
            {"bought": [date(2024, 1, 1 + n % 30) for n in range(90)]},
            {"due": [date(2024, 1, 1 + n) for n in range(30)]},
        ),
    ],
)
def test_an_accident_is_not_proposed(left: Table, right: Table) -> None:
    assert Bench(one=left, other=right).joins().proposed == ()


def test_a_key_that_others_have_too_is_its_owners() -> None:
    orders = list(range(1000, 1500))
    bench = Bench(
        orders={"order_id": orders},
        shipment={"order_id": orders[:450]},
        refund={"order_id": [*orders[:200], *orders[:99]]},
    )
    assert {(one.left.name, one.right.name) for one in bench.joins().proposed} == {
        ("shipment", "orders"),
        ("refund", "orders"),
    }


def test_the_slice_that_is_lost_is_named() -> None:
    chance = random.Random(5)
    carriers = [chance.choice(["MQ", "AA", "UA", "DL", "B6"]) for _ in range(3000)]
    known = [f"N{n}" for n in range(400)]
    tails = [f"F{chance.randrange(300)}" if one in {"MQ", "AA"} and chance.random() < 0.8 else chance.choice(known)
             for one in carriers]  # fmt: skip
    bench = Bench(
        flown={"tailnum": tails, "carrier": carriers, "gate": [n % 7 for n in range(3000)]}, plane={"tailnum": known}
    )
    lost = _one(bench.joins()).lost
    assert lost is not None
    assert (lost.column, set(lost.values), lost.of_lost) == ("carrier", {"MQ", "AA"}, 1)


def test_noise_is_not_named_as_a_slice() -> None:
    named = 0
    for seed in range(30):
        chance = random.Random(seed)
        tails = [f"N{chance.randrange(500)}" for _ in range(2000)]
        noise = {f"c{n}": [chance.choice("abcdefgh") for _ in tails] for n in range(5)}
        bench = Bench(flown={"tailnum": tails, **noise}, plane={"tailnum": [f"N{n}" for n in range(400)]})
        left, right = sides(bench.rows, bench.engine)
        (found,) = Search(bench.engine).between(left, right)
        named += lost_slice(left, right, found.links, bench.engine) is not None
    assert named <= 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.sampled_from(_CODES[:20])), min_size=1, max_size=60),
    st.lists(st.one_of(st.none(), st.sampled_from(_CODES[:24])), min_size=1, max_size=60),
)
def test_counts_are_those_of_brute_force(left: list[str | None], right: list[str | None]) -> None:
    bench = Bench(one={"code": pa.array(left, pa.string())}, other={"code": pa.array(right, pa.string())})
    a, b = sides(bench.rows, bench.engine)
    found = [one for link in Search(bench.engine).links(a, b) if (one := Search(bench.engine).tested(a, b, [link]))]
    there = Counter(value for value in right if value is not None)
    met = [there[value] for value in left if value is not None and value in there]
    assert bool(met) == bool(found)
    for one in found:
        counted = one.measured
        assert (counted.rows, counted.met, counted.pairs, counted.most) == (len(left), len(met), sum(met), max(met))
        assert counted.valued == sum(value is not None for value in left)
        assert counted.fan_out == pytest.approx(sum(met) / len(met))
        assert counted.other_met == sum(value in set(left) for value in right if value is not None)
        assert bench.met(one, "code") == pytest.approx(sum(met) / (sum(met) + len(left) - len(met)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_proposed_sql_runs_and_covers_what_was_said(seed: int) -> None:
    chance = random.Random(seed)
    keys = [str(n * 7) for n in range(chance.randint(1, 300))]
    put = chance.choice(["{}", "0{}", " {}", "{} "])
    left = [put.format(chance.choice([*keys, "nobody"])) if chance.random() < 0.9 else None for _ in range(200)]
    bench = Bench(order={"Shop id": pa.array(left, pa.string())}, shop={"Shop id": keys})
    for one in bench.joins().proposed:
        if one.left.name == "order":
            assert bench.met(one, "Shop id") == pytest.approx(one.measured.coverage)


@pytest.mark.parametrize(
    "table",
    [
        {"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())},
        {"id": pa.array([None, None], pa.int64()), "name": pa.array([None, None], pa.string())},
        {"id": pa.array([1], pa.int64()), "name": pa.array(["x"], pa.string())},
        {"id": pa.array([1, 2], pa.int64()), "name": pa.array(["x" * 2_000_000, ""], pa.string())},
        {"id": pa.array([1.5, float("nan")]), "name": pa.array([b"\x00", b"\xff"], pa.binary())},
        {"id": pa.array([[1], [2]]), "at": pa.array([None, _START])},
    ],
)
def test_odd_tables_give_no_fault(table: Table) -> None:
    other: Table = {"id": range(50), "name": [f"n{n}" for n in range(50)], "at": [_START] * 50}
    for one, two in ((table, other), (other, table), (table, table)):
        json.dumps(Bench(one=one, two=two).joins().as_json())


def test_the_nearest_row_before_is_offered_with_its_tolerances() -> None:
    hours = [_START + timedelta(hours=n) for n in range(960)]
    flown = [one + timedelta(minutes=1) for one in _moments(6) if one.minute < 58]
    bench = Bench(
        flown={"origin": ["JFK"] * len(flown), "left_gate": flown}, weather={"origin": ["JFK"] * 960, "seen": hours}
    )
    (near,) = bench.joins().proposed_in_time
    assert (near.left.name, near.step_s, near.regular) == ("flown", 3600, 1)
    assert near.best.tolerance == "1 hour"
    asked = f"SELECT count(*) FILTER (w.seen >= f.left_gate - INTERVAL 1 HOUR) / count(*) {near.sql}"
    assert bench.engine.connection.execute(asked).fetchall()[0][0] == near.best.before == 1


def test_a_period_is_asked_for_where_rows_have_an_end() -> None:
    starts = [_START + timedelta(days=10 * n) for n in range(4)]
    prices: Table = {"sku": ["a"] * 4 + ["b"] * 4, "valid_from": starts * 2, "valid_to": [*starts[1:], None] * 2}
    bench = Bench(line={"sku": ["a", "b"] * 200, "sold": _moments(7)}, price=prices)
    (near,) = bench.joins().proposed_in_time
    assert near.interval == "valid_to"
    found = bench.engine.connection.execute(f"SELECT count(p.sku), count(*) {near.sql}").fetchall()[0]
    assert found == (400, 400)
    assert near.in_interval == 1


def test_sketches_say_what_is_contained() -> None:
    chance = random.Random(8)
    hashes = [chance.getrandbits(64) for _ in range(30_000)]
    one, other = (complete(sorted(some)[:2048], len(some)) for some in (hashes[:20_000], hashes[10_000:]))
    share = contained(one, other)
    assert share is not None
    assert share == pytest.approx(0.5, abs=0.06)


def test_a_project_says_what_its_sql_has_already(ran: bl.Project) -> None:
    found = next(one for one in ran.joins().proposed if (one.left.name, one.right.name) == ("order", "customer"))
    assert found.join == "LEFT JOIN customer AS c USING (customer)"
    assert found.used[0].startswith("table:")
    assert found.measured.met < found.measured.rows


def test_before_the_first_run_it_says_so(shop: Path) -> None:
    with pytest.raises(UsageError, match="run the project first"):
        bl.load(shop).joins()


def test_a_node_that_has_no_rows_to_join_is_refused(ran: bl.Project) -> None:
    with pytest.raises(UsageError, match="name an event or a table"):
        ran.joins(next(node.id for node in ran.graph.of("corpus")))


def test_files_need_no_project(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tailnum": _codes(), "n": list(range(600))}), tmp_path / "flown.parquet")
    pq.write_table(pa.table({"tailnum": _CODES}), tmp_path / "plane.parquet")
    done = CliRunner().invoke(balun, ["-C", str(tmp_path), "joins", "*.parquet"])
    assert done.exit_code == 0
    assert "LEFT JOIN plane AS p USING (tailnum)" in done.output
    told = json.loads(CliRunner().invoke(balun, ["-C", str(tmp_path), "joins", "./", "--json"]).output)
    assert told["joins"][0]["coverage"] == 1


def test_a_documented_key_is_told_though_nothing_meets() -> None:
    bench = Bench(one={"a": ["x", "y"]}, other={"b": ["p", "q"]})
    given = [Rows("one", "one", "one", references=((("A",), "other", ("b",)),)), bench.rows[1]]
    found = _one(search(given, bench.engine))
    assert (found.documented, found.measured.met, found.measured.rows) == (True, 0, 2)


def test_the_greatest_numbers_give_no_fault() -> None:
    ends = pa.array([-(2**63), 2**63 - 1] * 10, pa.int64())
    other = pa.array([2**64 - 1 - n for n in range(20)], pa.uint64())
    assert Bench(one={"key": ends, "n": other}, two={"key": other, "n": ends}).joins().proposed == ()


_SIDES = """
CREATE TABLE a (k INT, v INT, w INT); CREATE TABLE b (k INT, v INT, w INT); CREATE TABLE c (k INT, v INT, w INT);
"""


def _joined(sql: str) -> list[tuple[str, str, str, str]]:
    with Engine(threads=1) as engine:
        engine.connection.execute(_SIDES)
        relation = relation_of(engine.connection, sql, [Column("k", "INTEGER")])
    found = map(Condition, joins_of(relation))
    return [(*one.names, one.of.kind, one.words()) for one in found]


@pytest.mark.parametrize(
    ("sql", "joins"),
    [
        (
            "SELECT a.k FROM a LEFT JOIN b USING (k) JOIN c ON c.v = a.v",
            [("a", "b", "left", "k"), ("a", "c", "inner", "v")],
        ),
        ("SELECT a.k FROM a JOIN b ON a.k = b.w AND a.v > b.v", [("a", "b", "inner", "(a.k = b.w) and (a.v > b.v)")]),
        ("SELECT a.k FROM a JOIN (SELECT k FROM b WHERE v > 1) AS b ON a.k = b.k", [("a", "b", "inner", "k")]),
        (
            "SELECT a.k FROM a ASOF JOIN b ON a.k = b.k AND a.v >= b.v",
            [("a", "b", "inner", "(a.k = b.k) and (a.v >= b.v), the nearest")],
        ),
        ("SELECT a.k FROM a, b", []),
    ],
)
def test_joins_are_told_with_their_conditions(sql: str, joins: list[tuple[str, str, str, str]]) -> None:
    assert _joined(sql) == joins


_ROWS = st.lists(st.tuples(*[st.none() | st.integers(0, 4)] * 3), max_size=12)
_ON: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("l.k = r.k AND l.v > r.v", lambda one, other: one[0] + 0 == other[0] + 0 and one[1] > other[1]),
    ("l.v BETWEEN r.v AND r.w", lambda one, other: other[1] <= one[1] <= other[2]),
    ("l.k + 1 = r.k", lambda one, other: one[0] + 1 == other[0]),
)


@pytest.mark.parametrize(("on", "meets"), _ON)
@given(left=_ROWS, right=_ROWS)
@settings(max_examples=25, deadline=None)
def test_counts_of_any_condition_are_those_of_brute_force(
    on: str, meets: Callable[[Any, Any], bool], left: list[Any], right: list[Any]
) -> None:
    def met(one: Any, other: Any) -> bool:
        try:
            return bool(meets(one, other))
        except TypeError:  # a null compares with nothing
            return False

    sql = f"SELECT l.k FROM (SELECT * FROM a WHERE w IS NOT NULL) AS l LEFT JOIN b AS r ON {on}"
    with Engine(threads=1) as engine:
        engine.connection.execute(_SIDES)
        for name, rows in (("a", left), ("b", right)):
            for row in rows:
                engine.connection.execute(f"INSERT INTO {name} VALUES (?, ?, ?)", row)
        (join,) = joins_of(relation_of(engine.connection, sql, [Column("k", "INTEGER")]))
        counted = counts(join, engine)
    some = [row for row in left if row[2] is not None]
    each = [sum(met(one, other) for other in right) for one in some]
    others = [sum(met(one, other) for one in some) for other in right]
    assert (counted.rows, counted.met, counted.pairs) == (len(some), sum(n > 0 for n in each), sum(each))
    assert (counted.most, counted.other_most) == (max(each, default=0), max(others, default=0))
    assert (counted.other_rows, counted.other_met) == (len(right), sum(n > 0 for n in others))


def test_of_the_nearest_row_before_one_is_met() -> None:
    with Engine(threads=1) as engine:
        engine.connection.execute(_SIDES)
        engine.connection.execute("INSERT INTO a VALUES (1, 5, 0), (1, 1, 0), (2, 5, 0), (NULL, 5, 0)")
        engine.connection.execute("INSERT INTO b VALUES (1, 2, 0), (1, 4, 0), (1, 9, 0)")
        sql = "SELECT a.k FROM a ASOF JOIN b ON a.k = b.k AND a.v >= b.v"
        (join,) = joins_of(relation_of(engine.connection, sql, [Column("k", "INTEGER")]))
        counted = counts(join, engine)
    assert (counted.rows, counted.valued, counted.met, counted.pairs, counted.most) == (4, 3, 1, 1, 1)
    assert (counted.other_rows, counted.other_met) == (3, 1)


def test_near_counts_the_joins_of_a_table(ran: bl.Project) -> None:
    (made,) = ran.near("purchase").joins
    customers = set(ran["customer"].rows().column("customer").to_pylist())
    orders = ran["order"].rows().column("customer").to_pylist()
    assert made.measured is not None
    assert (made.kind, made.pairs) == ("left", (("customer", "customer"),))
    assert made.measured.met == sum(one in customers for one in orders)
    assert made.measured.rows == len(orders)
    assert ran.near("event:order").joins == ()


@pytest.mark.parametrize("keys", [("item_id", "item_kind"), ("usr_id", "usr_name"), ("i_item_id", "i_kind")])
def test_letters_that_all_columns_begin_with_hide_no_name(keys: tuple[str, str]) -> None:
    item = {keys[0]: range(80), keys[1]: ["a", "b"] * 40}
    named = keys[0].removeprefix("i_")
    found = _one(Bench(shown={named: [n % 80 for n in range(400)], "at": [_START] * 400}, items_all=item).joins())
    assert found.columns == ((named, keys[0]),)


def test_values_of_any_type_give_no_fault() -> None:
    """What may stand beside what a contract says of two columns."""
    values = (
        "7", "'7'", "7.0", "'inf'::DOUBLE", "true", "DATE '2024-01-01'", "TIMESTAMP '2024-01-01'", "INTERVAL 1 HOUR",
        "now()", "TIME '10:00'", "{'a': 1}", "[1]", "''::BLOB", "uuid()", "1::UHUGEINT", "NULL",
    )  # fmt: skip
    columns = ", ".join(f"{value} AS c{at}" for at, value in enumerate(values))
    with Engine(threads=1) as engine:
        for name in ("one", "other"):
            engine.connection.execute(f"CREATE TABLE {name} AS SELECT {columns}")
        told = tuple(((f"c{a}",), "other", (f"c{b}",)) for a in range(len(values)) for b in range(len(values)))
        found = search([Rows("one", "one", "one", references=told), Rows("other", "other", "other")], engine)
        for one in found.found:
            engine.connection.execute(f"SELECT count(*) {one.sql}")
        assert len(found.found) > 20
