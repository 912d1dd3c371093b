"""The same checks as peers' users write them: `validation_peer.py NAME FILE` prints seconds, peak and counts."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Counts = dict[str, int]

CARRIERS = ["UA", "AA", "B6", "DL", "EV", "MQ", "US", "WN", "VX", "FL", "AS", "9E", "F9", "HA", "YV", "OO"]
ORIGINS = ["EWR", "JFK", "LGA"]
KEY = ["year", "month", "day", "carrier", "flight", "origin", "sched_dep_time"]
FILLED = ["year", "month", "day", "sched_dep_time", "carrier", "flight", "origin", "dest"]
RANGES = {
    "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "distance": (1, 5000),
    "dep_delay": (-120, 1500),
}  # fmt: skip
TEXTS = ["carrier", "tailnum", "origin", "dest"]
COLUMNS = [
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay",
    "carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour", "minute", "time_hour",
]  # fmt: skip
TAIL = r"^N[0-9][0-9A-Z]{1,5}$"


def pandera(file: str) -> Iterator[Counts]:
    import pandera.polars as pa
    import polars as pl

    def checks(name: str) -> list[Any]:
        found = [pa.Check.in_range(*RANGES[name])] if name in RANGES else []
        found += (
            [pa.Check.isin(CARRIERS, name="enum"), pa.Check.isin(CARRIERS, name="reference")]
            if name == "carrier"
            else []
        )
        found += [pa.Check.isin(ORIGINS)] if name == "origin" else []
        return found + ([pa.Check.str_matches(TAIL)] if name == "tailnum" else [])

    types = {
        name: pl.String if name in TEXTS else pl.Datetime("us", "UTC") if name == "time_hour" else pl.Int64
        for name in COLUMNS
    }
    schema = pa.DataFrameSchema(
        {name: pa.Column(types[name], checks(name), nullable=name not in FILLED) for name in COLUMNS}, unique=KEY
    )
    yield {}
    frame = pl.read_parquet(file)
    counts = {}
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for column, check, rows in errors.failure_cases.group_by("column", "check").len().iter_rows():
            kind = next((name for word, name in KINDS if word in check), None)
            if check == "multiple_fields_uniqueness":
                counts["key"] = rows // 2  # both rows of a pair
            elif kind:
                counts[f"{column} {kind}"] = rows // (2 if column == "carrier" else 1)  # it is asked twice
    yield counts


KINDS = (("in_range", "range"), ("str_matches", "pattern"), ("isin", "enum"))


def dataframely(file: str) -> Iterator[Counts]:
    import dataframely as dy
    import polars as pl

    def column(name: str) -> Any:
        needed = (
            {"nullable": name not in FILLED, "primary_key": name in KEY}
            if name in KEY
            else {"nullable": name not in FILLED}
        )
        if name == "time_hour":
            return dy.Datetime(time_zone="UTC", nullable=True)
        if name == "carrier":
            return dy.String(
                check={"enum": lambda c: c.is_in(CARRIERS), "reference": lambda c: c.is_in(CARRIERS)}, **needed
            )
        if name == "origin":
            return dy.String(check={"enum": lambda c: c.is_in(ORIGINS)}, **needed)
        if name in TEXTS:
            return dy.String(regex=TAIL if name == "tailnum" else None, **needed)
        low, high = RANGES.get(name, (None, None))
        return dy.Int64(min=low, max=high, **needed)

    schema: Any = type("Flight", (dy.Schema,), {name: column(name) for name in COLUMNS})
    yield {}
    frame = pl.read_parquet(file)
    _, failure = schema.filter(frame)
    told = {}
    for name, count in failure.counts().items():
        column, _, rule = name.partition("|")
        if name == "primary_key":
            told["key"] = count // 2  # both rows of a pair
            continue
        kind = {"min": "range", "max": "range", "regex": "pattern"}.get(rule, rule.replace("check__", ""))
        told[f"{column} {kind}"] = told.get(f"{column} {kind}", 0) + count
    yield told


def pointblank(file: str) -> Iterator[Counts]:
    import pointblank as pb
    import polars as pl

    yield {}
    frame = pl.read_parquet(file)
    asked = pb.Validate(frame)
    steps = []
    for name, (low, high) in RANGES.items():
        asked = asked.col_vals_between(name, low, high, na_pass=True)
        steps.append(f"{name} range")
    for name, values, kind in (
        ("origin", ORIGINS, "enum"),
        ("carrier", CARRIERS, "enum"),
        ("carrier", CARRIERS, "reference"),
    ):
        asked = asked.col_vals_in_set(name, values)
        steps.append(f"{name} {kind}")
    asked = asked.col_vals_regex("tailnum", TAIL, na_pass=True)
    steps.append("tailnum pattern")
    for name in FILLED:
        asked = asked.col_vals_not_null(name)
        steps.append(f"{name} null")
    asked = asked.rows_distinct(KEY).row_count_match(frame.height)
    asked = asked.col_schema_match(pb.Schema(columns=[(name, str(kind)) for name, kind in frame.schema.items()]))
    steps += ["key", "rows", "types"]
    failed = asked.interrogate().n_failed()
    told = {name: failed[at] for at, name in enumerate(steps, 1)}
    told["key"] //= 2  # both rows of a pair
    yield {name: count for name, count in told.items() if name not in {"rows", "types"}}


def gx(file: str) -> Iterator[Counts]:
    import great_expectations as gx
    import great_expectations.expectations as e
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = context.suites.add(gx.ExpectationSuite("flights"))
    add = suite.add_expectation
    for name, (low, high) in RANGES.items():
        add(e.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high))
    add(e.ExpectColumnValuesToBeInSet(column="origin", value_set=ORIGINS))
    add(e.ExpectColumnValuesToBeInSet(column="carrier", value_set=CARRIERS))
    add(e.ExpectColumnValuesToMatchRegex(column="tailnum", regex=TAIL))
    for name in FILLED:
        add(e.ExpectColumnValuesToNotBeNull(column=name))
    add(e.ExpectCompoundColumnsToBeUnique(column_list=KEY))
    add(e.ExpectTableRowCountToBeBetween(min_value=1))
    add(e.ExpectTableColumnsToMatchSet(column_set=COLUMNS, exact_match=True))
    yield {}
    frame = pd.read_parquet(file)
    batch = (
        context.data_sources.add_pandas("pandas")
        .add_dataframe_asset("flights")
        .add_batch_definition_whole_dataframe("all")
    )
    found = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite, result_format="BASIC")
    by = {
        (r.expectation_config.type, r.expectation_config.kwargs.get("column")): r.result.get("unexpected_count")
        for r in found.results
    }
    counts = {f"{name} range": by["expect_column_values_to_be_between", name] for name in RANGES}
    counts |= {f"{name} enum": by["expect_column_values_to_be_in_set", name] for name in ("origin", "carrier")}
    counts |= {f"{name} null": by["expect_column_values_to_not_be_null", name] for name in FILLED}
    counts["tailnum pattern"] = by["expect_column_values_to_match_regex", "tailnum"]
    counts["key"] = by["expect_compound_columns_to_be_unique", None] // 2
    yield counts


def soda(file: str) -> Iterator[Counts]:
    import logging
    import tempfile

    import duckdb
    from soda_core.contracts import verify_contract_locally
    from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

    def checks(name: str) -> list[str]:
        found = ["      - missing:"] if name in FILLED else []
        if name in RANGES:
            low, high = RANGES[name]
            found.append(f"      - invalid: {{valid_min: {low}, valid_max: {high}}}")
        if name == "tailnum":
            found.append(f"      - invalid: {{valid_format: {{name: tail, regex: '{TAIL}'}}}}")
        if name == "origin":
            found.append(f"      - invalid: {{valid_values: {ORIGINS}}}")
        if name == "carrier":
            found += [
                f"      - invalid: {{valid_values: {CARRIERS}, qualifier: '{kind}'}}" for kind in ("enum", "reference")
            ]
        return ["    checks:", *found] if found else []

    lines = ["dataset: here/main/flights", "columns:"]
    for name in COLUMNS:
        kind = "varchar" if name in TEXTS else "timestamp with time zone" if name == "time_hour" else "bigint"
        lines += [f"  - name: {name}", f"    data_type: {kind}", *checks(name)]
    lines += ["checks:", "  - schema:", "  - row_count:", "  - duplicate:", f"      columns: {KEY}"]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False) as contract:
        contract.write("\n".join(lines))
    logging.disable(logging.CRITICAL)
    yield {}
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW flights AS FROM '{file}'")
    source = DuckDBDataSourceImpl.from_existing_cursor(connection, "here")
    found = verify_contract_locally(data_sources=[source], contract_file_path=contract.name)
    told = {}
    for one in found.contract_verification_results[0].check_results:
        values = one.diagnostic_metric_values or {}
        if one.check.type in {"invalid", "missing"}:
            kind = "null" if one.check.type == "missing" else "invalid"
            told[f"{one.check.column_name} {kind}", one.check.identity] = values.get(f"{one.check.type}_count")
        elif one.check.type == "duplicate":
            told["key", ""] = values["duplicate_count"]
    kinds = {"tailnum": "pattern", "origin": "enum", "carrier": "enum", **dict.fromkeys(RANGES, "range")}
    yield {
        name.replace("invalid", kinds.get(name.split()[0], "")): count
        for (name, _), count in told.items()
        if count is not None
    }


NAMES: dict[str, Callable[[str], Iterator[Counts]]] = {
    "soda": soda,
    "pandera": pandera,
    "dataframely": dataframely,
    "pointblank": pointblank,
    "gx": gx,
}


def main() -> None:
    warnings.simplefilter("ignore")
    asked = NAMES[sys.argv[1]](sys.argv[2])
    next(asked)  # imports, and what is said once
    started, spent = time.perf_counter(), time.process_time()
    counts = next(asked)
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu": cpu,
                "peak": peak,
                "counts": {name: int(count) for name, count in counts.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
