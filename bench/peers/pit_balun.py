"""Balun's own way: survey, compile, copy, as `balun run` does for each feature; Parquet in, one Parquet out.

It is told that the events' key is unique, as the SQL by hand takes it to be.
"""

from __future__ import annotations

import sys
from pathlib import Path

import balun as bl
from balun.chain.feature import Aggregate, Latest
from balun.chain.point_in_time import Examples, Source, compile_feature, survey
from balun.engine import Engine
from balun.quoting import literal

EVENTS = {
    "entity": "BIGINT", "ts": "TIMESTAMP WITH TIME ZONE", "seq": "BIGINT", "amount": "BIGINT", "status": "VARCHAR",
    "item": "BIGINT",
}  # fmt: skip
EXAMPLES = {"example": "BIGINT", "entity": "BIGINT", "at": "TIMESTAMP WITH TIME ZONE"}
WINDOWS = ["1h", "1d", "30d"]
FEATURES: dict[str, Aggregate | Latest] = {
    "latest": bl.latest("events", by="entity", at="ts", columns=["amount", "status", "item"]),
    "windows": bl.aggregate(
        "events", by="entity", at="ts", over=WINDOWS, n=bl.count(), total=bl.sum("amount"), mean=bl.mean("amount")
    ),
    "distinct": bl.aggregate("events", by="entity", at="ts", over="7d", items=bl.count_distinct("item")),
}


def main(job: str, data: Path, out: Path) -> None:
    events, examples = data / "events.parquet", data / "examples.parquet"
    source = Source(f"read_parquet({literal(str(events))})", EVENTS, ("seq",), unique=True)
    asked = Examples(f"read_parquet({literal(str(examples))})", EXAMPLES)
    parts = []
    for name in FEATURES if job == "all" else [job]:
        with Engine(spill=data / "spill") as engine:
            feature = FEATURES[name]
            seen = survey(engine.connection, feature, source, asked)
            sql = compile_feature(name, feature, source, asked, seen)
            part = out.with_name(f"{out.stem}-{name}.parquet")
            engine.connection.execute(f"COPY ({sql}) TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)")
            parts.append(part)
    if job == "all":
        with Engine(spill=data / "spill") as engine:
            joined = " POSITIONAL JOIN ".join(
                f"(SELECT * {'EXCLUDE (example)' if number else ''} FROM read_parquet({literal(str(part))}))"
                for number, part in enumerate(parts)
            )
            engine.connection.execute(
                f"COPY (SELECT * FROM {joined}) TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd)"
            )
    else:
        parts[0].replace(out)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
