"""The same in Polars, as its users write it: join_asof, and rolling windows over events and examples stacked."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

WINDOWS = {"1h": "1h", "1d": "1d", "30d": "30d"}


def latest(events: pl.DataFrame, examples: pl.DataFrame) -> pl.DataFrame:
    """join_asof takes the last of equal times in the right frame's order, so that sorting by seq settles ties."""
    right = events.sort("ts", "seq").select(
        "entity", "ts", latest_amount="amount", latest_status="status", latest_item="item"
    )
    left = examples.sort("at")
    joined = left.join_asof(
        right, left_on="at", right_on="ts", by="entity", strategy="backward", allow_exact_matches=False
    )
    return joined.select("example", "latest_amount", "latest_status", "latest_item").sort("example")


def windows(events: pl.DataFrame, examples: pl.DataFrame) -> pl.DataFrame:
    """Stack events and examples, roll over the events, and keep the examples' rows."""
    stacked = pl.concat(
        [
            events.select("entity", ts="ts", amount="amount", one=pl.lit(1), example=pl.lit(None, pl.Int64)),
            examples.select(
                "entity", ts="at", amount=pl.lit(None, pl.Int64), one=pl.lit(None, pl.Int32), example="example"
            ),
        ]
    ).sort("entity", "ts")
    found = examples.select("example").sort("example")
    for name, window in WINDOWS.items():
        rolled = stacked.rolling("ts", period=window, closed="left", group_by="entity").agg(
            pl.col("one").sum().alias(f"windows_n_{name}"),
            pl.col("amount").sum().alias(f"windows_total_{name}"),
            pl.col("amount").mean().alias(f"windows_mean_{name}"),
        )
        rows = rolled.drop("entity", "ts").with_columns(stacked["example"]).filter(pl.col("example").is_not_null())
        found = found.join(rows, on="example")
    return found.sort("example")


def distinct(events: pl.DataFrame, examples: pl.DataFrame) -> pl.DataFrame:
    stacked = pl.concat(
        [
            events.select("entity", ts="ts", item="item", example=pl.lit(None, pl.Int64)),
            examples.select("entity", ts="at", item=pl.lit(None, pl.Int64), example="example"),
        ]
    ).sort("entity", "ts")
    rolled = stacked.rolling("ts", period="7d", closed="left", group_by="entity").agg(
        pl.col("item").drop_nulls().n_unique().alias("distinct_items_7d")
    )
    rows = rolled.drop("entity", "ts").with_columns(stacked["example"]).filter(pl.col("example").is_not_null())
    return rows.select("example", "distinct_items_7d").sort("example")


def main(job: str, data: Path, out: Path) -> None:
    events = pl.read_parquet(data / "events.parquet")
    examples = pl.read_parquet(data / "examples.parquet")
    jobs = {"latest": latest, "windows": windows, "distinct": distinct}
    parts = [jobs[name](events, examples) for name in (jobs if job == "all" else [job])]
    found = parts[0]
    for part in parts[1:]:
        found = found.join(part, on="example")
    found.sort("example").write_parquet(out)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
