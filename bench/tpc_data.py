"""The tables and queries of TPC-DS and TPC-H at scale 0.01, by an older DuckDB that has extensions for them on PyPI.

Run in an environment of its own: `bench/tpc.py` makes it and calls this.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb


def main(folder: Path) -> None:
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name, make in (("tpcds", "CALL dsdgen(sf = 0.01)"), ("tpch", "CALL dbgen(sf = 0.01)")):
        built = next(Path(sys.prefix).glob(f"lib/python3*/site-packages/duckdb_extension_{name}/**/*.duckdb_extension"))
        connection.execute(f"LOAD '{built}'; CREATE SCHEMA {name}; USE {name}; {make}")
        (folder / name).mkdir(parents=True, exist_ok=True)
        tables = [one for (one,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        for table in tables:
            connection.execute(f"COPY {table} TO '{folder / name / table}.parquet'")
        queries = dict(connection.execute(f"SELECT query_nr, query FROM {name}_queries()").fetchall())
        (folder / name / "queries.json").write_text(json.dumps(queries), encoding="utf-8")
        connection.execute(f"DROP SCHEMA {name} CASCADE")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
