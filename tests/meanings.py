"""Columns that generated sources have, and SQL over them beside what it means in Python."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oracle import OneOf, Row, Whole, in_order, rank


@dataclass(frozen=True)
class Kind:
    """A column. values: what it may hold besides null; few, so that they repeat."""

    name: str
    type: str
    values: tuple[Any, ...]


_TENTH, _DAY = 0.10000000149011612, dt.date(2024, 3, 10)  # the FLOAT nearest to 0.1

KINDS: tuple[Kind, ...] = (
    Kind("whole", "INTEGER", (0, 1, 2, 3, 7, -7, 2**31 - 1, -(2**31))),
    Kind("tiny", "TINYINT", (0, 1, 2, -128, 127)),
    Kind("big", "BIGINT", (1, -3, 2**40, 2**61, -(2**62), 2**63 - 1)),
    Kind("huge", "HUGEINT", (0, 1, 2**100, -(2**100))),
    Kind("money", "DECIMAL(9,2)", tuple(map(Decimal, ("0.00", "0.10", "19.99", "-7.35", "9999999.99")))),
    Kind("wide", "DECIMAL(30,4)", tuple(map(Decimal, ("0.0000", "0.0001", f"{10**24}.5000", f"-{10**24}.0000")))),
    Kind("ratio", "DOUBLE", (0.0, -0.0, 0.1, 0.2, 0.3, -2.25, 1e17, 1e300, math.nan, math.inf, -math.inf)),
    Kind("price", "DOUBLE", (0.1, 0.2, 0.7, 19.99, 1250.5, -3.15)),
    Kind("mixed", "DOUBLE", (0.1, 0.2, 7.0, math.inf, -math.inf, math.nan)),
    Kind("minute", "DOUBLE", (5e-324, 1e-320, -1e-310)),
    Kind("vast", "DOUBLE", (1e308, 1.5e308, -1e308, 1.0)),
    Kind("points", "DOUBLE", (0.0, 1.0, 2.0, 1000.0, -3.0)),
    Kind("single", "FLOAT", (0.0, 0.5, _TENTH, -1.5, math.nan, math.inf)),
    Kind("flag", "BOOLEAN", (True, False)),
    Kind("word", "VARCHAR", ("a", "b", "", "B", "é", "it's", "{}")),
    Kind("day", "DATE", (_DAY, _DAY + dt.timedelta(1), dt.date(1960, 1, 1))),
)


@dataclass(frozen=True)
class Formula:
    """SQL that isn't one column. Null where `of` is given a null, unless `nulls`."""

    sql: str
    of: Callable[..., Any]
    reads: tuple[str, ...]
    type: str
    nulls: bool = False

    def value(self, row: Row) -> Any:
        given = [row[name] for name in self.reads]
        return None if not self.nulls and None in given else self.of(*given)


def _either(one: bool | None, other: bool | None) -> bool | None:
    return True if True in {one, other} else None if None in {one, other} else False


FORMULAS: tuple[Formula, ...] = (
    Formula("whole > 1", lambda whole: whole > 1, ("whole",), "BOOLEAN"),
    Formula("whole % 3 -- a comment", lambda whole: int(math.fmod(whole, 3)), ("whole",), "INTEGER"),
    Formula("tiny::BIGINT * tiny", lambda tiny: tiny * tiny, ("tiny",), "BIGINT"),
    Formula("big > 0", lambda big: big > 0, ("big",), "BOOLEAN"),
    Formula("ratio > 0.15", lambda ratio: rank(ratio) > rank(0.15), ("ratio",), "BOOLEAN"),
    Formula("price * 100", lambda price: price * 100, ("price",), "DOUBLE"),
    Formula("nullif(points, 2)", lambda points: None if points == 2 else points, ("points",), "DOUBLE"),
    Formula("money * 2", lambda money: money * 2, ("money",), "DECIMAL(18,2)"),
    Formula("NOT flag", lambda flag: not flag, ("flag",), "BOOLEAN"),
    Formula("flag OR \"number\" > 2", lambda flag, n: _either(flag, None if n is None else n > 2), ("flag", "number"),
            "BOOLEAN", nulls=True),
    Formula("CASE WHEN flag THEN word END", lambda flag, word: word if flag else None, ("flag", "word"), "VARCHAR",
            nulls=True),
    Formula("word || '.'", lambda word: word + ".", ("word",), "VARCHAR"),
    Formula("word IN ('a', 'B')", lambda word: word in {"a", "B"}, ("word",), "BOOLEAN"),
    Formula("day > DATE '2000-01-01'", lambda day: day > dt.date(2000, 1, 1), ("day",), "BOOLEAN"),
    Formula("coalesce(tiny, 0)::INTEGER + \"number\"", lambda tiny, n: None if n is None else (tiny or 0) + n,
            ("tiny", "number"), "INTEGER", nulls=True),
    Formula("money + price", lambda money, price: float(money) + price, ("money", "price"), "DOUBLE"),
)  # fmt: skip


def _sure(rows: Sequence[Row], name: str) -> list[Any]:
    return [row[name] for row in rows if row[name] is not None]


def _spread(rows: Sequence[Row]) -> Any:
    tiny = _sure(rows, "tiny")
    return max(tiny) - min(tiny) if tiny else None


def _words(rows: Sequence[Row]) -> Any:
    found = sorted(set(_sure(rows, "word")), key=rank)
    return ",".join(found) if found else None


def _word_of_most(rows: Sequence[Row]) -> Any:
    both = [row for row in rows if row["word"] is not None and row["whole"] is not None]
    return max(both, key=lambda row: int(row["whole"]))["word"] if both else None


def _last_by_tiny(rows: Sequence[Row]) -> Any:
    """In the order of tiny, nulls last, and of the rows within."""
    ordered = sorted(rows, key=lambda row: (row["tiny"] is None, row["tiny"] or 0))
    return ordered[-1]["word"] if ordered else None


def _summed(rows: Sequence[Row]) -> Any:
    found = _sure(rows, "price")
    return OneOf((in_order(found),)) if found else None


WHOLES: tuple[Whole, ...] = (
    Whole("count(*) * 10", lambda rows: len(rows) * 10, (), "BIGINT"),
    Whole("list(whole)", lambda rows: [row["whole"] for row in rows] or None, ("whole",), "INTEGER[]"),
    Whole("sum(whole)", lambda rows: sum(_sure(rows, "whole")) if _sure(rows, "whole") else None, ("whole",), "BIGINT"),
    Whole("max(tiny)::INTEGER - min(tiny)", _spread, ("tiny",), "INTEGER"),
    Whole("count(*) FILTER (flag) + 1", lambda rows: sum(row["flag"] is True for row in rows) + 1, ("flag",), "BIGINT"),
    Whole("string_agg(DISTINCT word, ',')", _words, ("word",), "VARCHAR"),
    Whole("first(word) -- a null too", lambda rows: rows[0]["word"] if rows else None, ("word",), "VARCHAR"),
    Whole("arg_max(word, whole)", _word_of_most, ("word", "whole"), "VARCHAR"),
    Whole("last(word ORDER BY tiny)", _last_by_tiny, ("word", "tiny"), "VARCHAR"),
    Whole("sum(price)", _summed, ("price",), "DOUBLE"),
)
