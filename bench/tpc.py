"""What is proved of TPC-DS' 99 queries and TPC-H's 22, from their declared keys alone, and whether it holds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import duckdb

from balun.facts.dependency import Dependencies
from balun.facts.propagate import FACTS, State, states_of
from balun.quoting import quoted
from balun.relational.bound import relation_of
from balun.relational.relation import Column, Scan, Unknown, ordered
from measure import BENCH, DATA, machine

_FOLDER = DATA / "tpc"
_VENV = BENCH / ".venv-tpc"
_PACKAGES = ("duckdb==1.5.5", "duckdb-extension-tpcds", "duckdb-extension-tpch")
# The specifications: primary keys, and what else is never null (TPC-DS 3.2 section 2, TPC-H 3.0 section 1.4).
_KEYS = {
    "tpcds": """call_center cc_call_center_sk, catalog_page cp_catalog_page_sk,
        catalog_returns cr_item_sk cr_order_number, catalog_sales cs_item_sk cs_order_number,
        customer c_customer_sk, customer_address ca_address_sk,
        customer_demographics cd_demo_sk, date_dim d_date_sk, household_demographics hd_demo_sk,
        income_band ib_income_band_sk, inventory inv_date_sk inv_item_sk inv_warehouse_sk, item i_item_sk,
        promotion p_promo_sk, reason r_reason_sk, ship_mode sm_ship_mode_sk, store s_store_sk,
        store_returns sr_item_sk sr_ticket_number, store_sales ss_item_sk ss_ticket_number, time_dim t_time_sk,
        warehouse w_warehouse_sk, web_page wp_web_page_sk, web_returns wr_item_sk wr_order_number,
        web_sales ws_item_sk ws_order_number, web_site web_site_sk""",
    "tpch": """customer c_custkey, lineitem l_orderkey l_linenumber, nation n_nationkey, orders o_orderkey,
        part p_partkey, partsupp ps_partkey ps_suppkey, region r_regionkey, supplier s_suppkey""",
}
_THERE = frozenset({
    "cc_call_center_id", "cp_catalog_page_id", "c_customer_id", "ca_address_id", "d_date_id", "d_date",
    "i_item_id", "p_promo_id", "r_reason_id", "sm_ship_mode_id", "s_store_id", "t_time_id", "t_time",
    "w_warehouse_id", "wp_web_page_id", "web_site_id",
})  # fmt: skip


_TITLES = (
    "queries",
    "relations",
    "unknown",
    "columns proved not null, of those that hold none",
    "queries with a proved key, of those whose rows differ",
    "contradictions",
    "ms a query: median, most",
)


@dataclass(frozen=True)
class Said:
    """Of one query. nulls: of each column, whether it may hold null. held: of each, whether it holds none."""

    relations: int
    unknowns: int
    nulls: Sequence[bool]
    held: Sequence[bool]
    keys: int
    unique: bool
    wrong: Sequence[str]
    ms: float


def main() -> None:
    make()
    found = {name: [*_suite(name)] for name in _KEYS}
    lines = [
        "# TPC",
        "",
        machine("duckdb"),
        "",
        "Keys and NOT NULL as the specifications declare them; rows at scale 0.01.",
        "",
    ]
    lines += ["| | " + " | ".join(found) + " |", "| --- |" + " ---: |" * len(found)]
    lines += ["| " + " | ".join(row) + " |" for row in zip(*map(_column, [None, *found.values()]), strict=True)]
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / "tpc.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))
    wrong = [fault for all_ in found.values() for one in all_ for fault in one.wrong]
    if wrong:
        raise SystemExit("\n".join(wrong))


def make() -> None:
    """The tables of both suites as Parquet files, once."""
    if (_FOLDER / "tpch" / "queries.json").exists():
        return
    if not _VENV.exists():
        subprocess.run([sys.executable, "-m", "venv", str(_VENV)], check=True)
        subprocess.run([str(_VENV / "bin" / "pip"), "install", "--quiet", *_PACKAGES], check=True)
    subprocess.run([str(_VENV / "bin" / "python"), str(BENCH / "tpc_data.py"), str(_FOLDER)], check=True)


def _column(said: Sequence[Said] | None) -> list[str]:
    if said is None:
        return list(_TITLES)
    held = [null for one in said for null, there in zip(one.nulls, one.held, strict=True) if there]
    unique = [one for one in said if one.unique]
    times = [one.ms for one in said]
    return [
        f"{len(said)}",
        f"{sum(one.relations for one in said):,}",
        f"{sum(one.unknowns for one in said)}",
        f"{held.count(False)} of {len(held)} ({held.count(False) / len(held):.0%})",
        f"{sum(one.keys > 0 for one in unique)} of {len(unique)}",
        f"{sum(len(one.wrong) for one in said)}",
        f"{median(times):.1f}, {max(times):.1f}",
    ]


def _suite(name: str) -> Iterable[Said]:
    rows = duckdb.connect(config={"threads": 1})
    empty = duckdb.connect(config={"threads": 1})
    for file in sorted((_FOLDER / name).glob("*.parquet")):
        rows.execute(f"CREATE TABLE {quoted(file.stem)} AS FROM '{file}'")
        empty.execute(f"CREATE TABLE {quoted(file.stem)} AS FROM '{file}' LIMIT 0")
    for number, sql in json.loads((_FOLDER / name / "queries.json").read_text(encoding="utf-8")).items():
        yield _said(f"{name} {number}", name, rows, empty, sql.strip().rstrip(";"))


def _said(title: str, suite: str, rows: duckdb.DuckDBPyConnection, empty: duckdb.DuckDBPyConnection, sql: str) -> Said:
    columns = [Column(one, dtype) for one, dtype, *_ in empty.execute(f"DESCRIBE {sql}").fetchall()]
    begun = time.perf_counter()
    relation = relation_of(empty, sql, columns)
    states = states_of(relation, lambda scan: _given(suite, scan))
    ms = (time.perf_counter() - begun) * 1000
    state, found = states[id(relation)], rows.execute(sql).fetchall()
    held = [all(row[at] is not None for row in found) for at in range(len(columns))]
    return Said(
        relations=len(states),
        unknowns=sum(isinstance(one, Unknown) for one in ordered(relation)),
        nulls=state.values["nullable"],
        held=held,
        keys=len(state.dependencies.keys),
        unique=_is_unique(range(len(columns)), found),
        wrong=[f"{title}: {fault}" for fault in _wrong(state, held, found)],
        ms=ms,
    )


def _given(suite: str, scan: Scan) -> State:
    keys = {table: key for table, *key in (one.split() for one in _KEYS[suite].split(","))}
    key, names = keys[scan.parent], [one.name for one in scan.columns]
    there = [suite == "tpch" or not name or name in key or name in _THERE for name in names]
    values: dict[str, tuple[Any, ...]] = {fact.name: tuple(fact.unknown for _ in names) for fact in FACTS}
    values |= {"nullable": tuple(not one for one in there), "finite": tuple(True for _ in names)}
    known = Dependencies().with_keys([frozenset(map(names.index, key))] if set(key) <= set(names) else [])
    return State(values, known)


def _wrong(state: State, held: Sequence[bool], rows: Sequence[tuple[object, ...]]) -> Iterable[str]:
    for at, (null, there) in enumerate(zip(state.values["nullable"], held, strict=True)):
        if not null and not there:
            yield f"column {at} holds a null"
    for key in state.dependencies.keys:
        if not _is_unique(sorted(key), rows):
            yield f"{sorted(key)} is no key"
    for of, one in state.dependencies.follows:
        pairs = {(*(row[at] for at in sorted(of)), row[one]) for row in rows}
        if not _is_unique(range(len(of)), pairs):
            yield f"column {one} doesn't follow from {sorted(of)}"


def _is_unique(places: Iterable[int], rows: Collection[tuple[object, ...]]) -> bool:
    wanted = list(places)
    return len({tuple(row[at] for at in wanted) for row in rows}) == len(rows)


if __name__ == "__main__":
    main()
