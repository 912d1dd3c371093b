"""The functions that nullable.py calls never null, called on values of all kinds for each signature that DuckDB has."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product

import duckdb
import pytest

from balun.facts.nullable import LENIENT, OF_ONE, STRICT
from balun.relational.expression import CHANGING
from values_of import PARTS, values_of

_SIGNS = frozenset({
    "+", "-", "*", "/", "//", "%", "||", "=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*", "&", "|",
    "<<", ">>", "**", "^",
})  # fmt: skip
_SHAPES = {
    "in": "{} IN ({}, {})", "not_in": "{} NOT IN ({}, {})", "not": "NOT {}", "and": "{} AND {}", "or": "{} OR {}",
    "between": "{} BETWEEN {} AND {}",
}  # fmt: skip
_ANY = ("INTEGER", "DOUBLE", "VARCHAR", "DATE", "STRUCT")
_TYPED = {
    **{name: [[dtype] * 3 for dtype in _ANY] for name in ("in", "not_in", "between")},
    **{name: [[dtype] * 2 for dtype in (*_ANY, "LIST", "INTERVAL")] for name in ("=", "<>", "<", ">", "<=", ">=")},
    "not": [["BOOLEAN"]], "and": [["BOOLEAN"] * 2], "or": [["BOOLEAN"] * 2],
}  # fmt: skip
_PART_FIRST = frozenset(
    {"date_trunc", "datetrunc", "date_part", "datepart", "date_diff", "datediff", "date_sub", "datesub"}
)
_SCALARS = sorted((STRICT | LENIENT) - {"mark"})


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(config={"threads": 1})
    made.execute("SET TimeZone = 'UTC'")
    return made


@pytest.mark.parametrize("name", _SCALARS)
def test_function_of_values_is_a_value(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    told = [_is_null(connection, name, args) for args in _calls(connection, name, most=24)]
    assert False in told, "no call worked"
    assert True not in told


@pytest.mark.long
@pytest.mark.parametrize("name", _SCALARS)
def test_function_of_all_values_is_a_value(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    assert not [args for args in _calls(connection, name, most=1500) if _is_null(connection, name, args)]


@pytest.mark.parametrize("name", sorted(STRICT))
def test_function_of_a_null_is_null(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """But `+`, which puts lists together."""
    for args in _calls(connection, name, most=4):
        for at in range(len(args)):
            with_null = [f"nullif({one}, {one})" if place == at else one for place, one in enumerate(args)]
            lists = name == "+" and any("[" in one for one in args)
            assert _is_null(connection, name, with_null) is not False or lists, with_null


@pytest.mark.parametrize("name", sorted(OF_ONE))
def test_aggregate_of_one_row_is_a_value(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    told = [_is_null(connection, name, args) for args in _calls(connection, name, most=24, kind="aggregate")]
    assert False in told, "no call worked"
    assert True not in told


def test_changing_functions_are_duckdbs(connection: duckdb.DuckDBPyConnection) -> None:
    asked = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE'"
    assert {name for (name,) in connection.execute(asked).fetchall()} <= CHANGING


def _calls(
    connection: duckdb.DuckDBPyConnection, name: str, most: int, kind: str = "scalar"
) -> Iterator[Sequence[str]]:
    """Arguments of each signature, `most` of them, drawn evenly."""
    for types in _TYPED.get(name) or _signatures(connection, name, kind):
        choices = [_choices(name, at, dtype) for at, dtype in enumerate(types)]
        found = (
            list(product(*choices))
            if len(types) < 4
            else [tuple(map(random.Random(0).choice, choices)) for _ in range(most)]
        )
        random.Random(name).shuffle(found)
        yield from found[:most]


def _signatures(connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> list[list[str]]:
    asked = (
        "SELECT DISTINCT parameter_types, varargs FROM duckdb_functions() WHERE function_name = ? AND function_type = ?"
    )
    told = connection.execute(asked, [name, kind]).fetchall()
    return [[*types, *([more] if more else [])] for types, more in told if not any("LAMBDA" in one for one in types)]


def _choices(name: str, at: int, dtype: str) -> Sequence[str]:
    if at == 0 and name in _PART_FIRST and dtype == "VARCHAR":
        return PARTS
    if name == "timezone" and at == 0 and dtype == "VARCHAR":
        return ("'UTC'", "'Europe/Berlin'")
    if name in {"repeat", "lpad", "rpad"} and at == 1:
        return ("0", "-1", "5")
    return values_of(dtype)


def _is_null(connection: duckdb.DuckDBPyConnection, name: str, args: Sequence[str]) -> bool | None:
    """Asked of columns, so that nothing is folded; of constants where only these will do. None: it fails."""
    columns = [f"a{at}" for at in range(len(args))]
    row = ", ".join(f"{one} AS {column}" for one, column in zip(args, columns, strict=True))
    for sql in (
        f"SELECT ({_written(name, columns)}) IS NULL FROM (SELECT {row})",
        f"SELECT ({_written(name, args)}) IS NULL",
    ):
        try:
            (found,) = connection.execute(sql).fetchall()[0]
        except (duckdb.Error, UnicodeDecodeError):
            continue
        return bool(found)
    return None


def _written(name: str, args: Sequence[str]) -> str:
    if name in _SHAPES:
        return _SHAPES[name].format(*args)
    if name in _SIGNS:
        return f" {name} ".join(args) if len(args) > 1 else f"{name} {args[0]}"
    return f'"{name}"({", ".join(args)})'
