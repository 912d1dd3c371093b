"""The best SQL written by hand for this job, in `bench/hand/`: Parquet in, one Parquet out."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

HAND = Path(__file__).parent.parent / "hand"


def main(job: str, data: Path, out: Path) -> None:
    connection = duckdb.connect(config={"temp_directory": str(data / "spill")})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{data}/events.parquet')")
    connection.execute(f"CREATE VIEW examples AS SELECT * FROM read_parquet('{data}/examples.parquet')")
    *before, last = [part for part in (HAND / f"{job}.sql").read_text(encoding="utf-8").split(";\n") if part.strip()]
    for statement in before:
        connection.execute(statement)
    connection.execute(f"COPY ({last.strip().rstrip(';')}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
