"""Two results of one node compared on rows, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from balun.effect import Verdict
from balun.engine import types_of
from balun.quoting import in_parquet, quoted

# Sums of the same doubles in another order differ by less.
_NEAR = 1e-9
_FLOATS = frozenset({"DOUBLE", "FLOAT"})


def compared(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path, said: Mapping[str, Verdict]
) -> Iterator[tuple[str, Verdict]]:
    """For each column of `said` what became of it.

    Rows have no numbers: a column is the same where, beside all columns that are said to be the same, its values come
    as often as they did. So a column that is said to be the same and isn't is always found. Bags of rows are told apart
    by sums of 64-bit hashes.
    """
    reads = [in_parquet(path) for path in (before, after)]
    types = [types_of(connection, read) for read in reads]
    known = [name for name in said if name in types[0]]
    if same_rows(connection, before, after):
        yield from ((name, "same") for name in known)
        return
    kept = [name for name in known if said[name] == "same" and types[0][name] == types[1].get(name)]
    firm = [name for name in kept if types[0][name] not in _FLOATS]
    if not alike(connection, reads, [firm])[0]:
        firm = []  # one of these isn't what it was said to be: each is looked at alone
    there = [name for name in known if types[0][name] == types[1].get(name)]
    told = dict(zip(there, alike(connection, reads, [[*firm, name] for name in there]), strict=True))
    for name in known:
        if name not in types[1]:
            yield name, "breaks"
        elif told.get(name) or (name in told and _is_near(connection, reads, firm, name, types[0][name])):
            yield name, "same"
        else:
            yield name, "shifts"


def same_rows(connection: duckdb.DuckDBPyConnection, before: Path, after: Path) -> bool:
    """Whether two files hold the same columns, and the same rows as often."""
    reads = [in_parquet(path) for path in (before, after)]
    types = [types_of(connection, read) for read in reads]
    return types[0] == types[1] and alike(connection, reads, [[*types[0]]])[0]


def alike(connection: duckdb.DuckDBPyConnection, reads: Sequence[str], sets: Sequence[Sequence[str]]) -> list[bool]:
    """Of each set of columns, whether the same values come as often together."""
    sums = "".join(f", sum(hash({', '.join(map(quoted, names))})::HUGEINT)" if names else ", NULL" for names in sets)
    one, other = (connection.execute(f"SELECT count(*){sums} FROM {read}").fetchall()[0] for read in reads)
    return [one[0] == other[0] and first == second for first, second in zip(one[1:], other[1:], strict=True)]


def _is_near(
    connection: duckdb.DuckDBPyConnection, reads: Sequence[str], firm: Sequence[str], name: str, dtype: str
) -> bool:
    return dtype in _FLOATS and _near(connection, reads, firm, name)


def _near(connection: duckdb.DuckDBPyConnection, reads: Sequence[str], firm: Sequence[str], name: str) -> bool:
    """Whether numbers differ by no more than the order of summation makes them: in order, they meet one to one."""
    order = ", ".join([*map(quoted, firm), "it"])
    columns = "".join(f"{quoted(one)}, " for one in firm)
    ranked = [
        f"(SELECT row_number() OVER (ORDER BY {order}) AS n, {columns}it "
        f"FROM (SELECT {columns}{quoted(name)} AS it FROM {read}))"
        for read in reads
    ]
    met = " AND ".join(["a.n = b.n", *(f"a.{quoted(one)} IS NOT DISTINCT FROM b.{quoted(one)}" for one in firm)])
    near = f"a.it IS NOT DISTINCT FROM b.it OR abs(a.it - b.it) <= {_NEAR} * greatest(1, abs(a.it), abs(b.it))"
    asked = f"SELECT count(*) FROM {ranked[0]} AS a FULL JOIN {ranked[1]} AS b ON {met} WHERE ({near}) IS NOT TRUE"
    return bool(connection.execute(asked).fetchall()[0][0] == 0)
