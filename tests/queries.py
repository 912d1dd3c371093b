"""Random SELECTs over `worlds`: every step and many functions of DuckDB, small enough to read when one fails."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worlds import TABLES

_LITERALS = {
    "INTEGER": ("0", "1", "2", "NULL::INTEGER"), "VARCHAR": ("'p'", "''", "NULL::VARCHAR"),
    "DOUBLE": ("0.5", "'nan'::DOUBLE"), "BOOLEAN": ("true", "NULL::BOOLEAN"), "DATE": ("DATE '2020-02-29'",),
}  # fmt: skip
_SHORT = {"I": "INTEGER", "S": "VARCHAR", "D": "DOUBLE", "B": "BOOLEAN", "T": "DATE"}


def _shapes(kind: str) -> dict[str, list[str]]:
    """By type."""
    text = (Path(__file__).parent / "facts" / "shapes.txt").read_text(encoding="utf-8")
    blocks = re.findall(rf"^\[{kind} (.+)\]\n((?:.+\n?)*)", text, flags=re.MULTILINE)
    return {dtype: lines.splitlines() for dtype, lines in blocks}


_CALLS, _AGGREGATES, _WINDOWS = map(_shapes, ("call", "aggregate", "window"))
_UNNESTED, _NAMED = (_shapes("whole")[name] for name in ("unnested", "named"))
_LATERAL = "LATERAL"
_JOINS = (
    *["JOIN"] * 4, *["LEFT JOIN"] * 4, "RIGHT JOIN", "FULL JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN", "CROSS JOIN",
    "POSITIONAL JOIN", "ASOF JOIN", "ASOF LEFT JOIN", _LATERAL,
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """sql: as a query calls it."""

    sql: str
    dtype: str


@dataclass
class Writer:
    """Writes queries by chance. number: of names given."""

    chance: random.Random
    number: int = 0
    withs: list[str] = field(default_factory=list)

    def name(self) -> str:
        self.number += 1
        return f"x{self.number}"

    def pick(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    # -- expressions

    def value(self, dtype: str, scope: Sequence[Column], depth: int = 2) -> str:
        columns = [one.sql for one in scope if one.dtype == dtype]
        if columns and (depth == 0 or self.often(0.6)):
            return self.chance.choice(columns)
        if depth == 0 or self.often(0.15):
            return self.chance.choice(_LITERALS[dtype])
        if dtype == "BOOLEAN" and self.often(0.1):
            return self.asked(scope)
        if dtype == "INTEGER" and self.often(0.06):
            return self.scalar(scope)
        return "(" + self.filled(self.chance.choice(_CALLS[dtype]), scope, depth - 1) + ")"

    def filled(self, shape: str, scope: Sequence[Column], depth: int) -> str:
        out, rest = "", shape
        while "{" in rest.replace("{{", ""):
            at = next(i for i in range(len(rest)) if rest[i] == "{" and rest[i + 2 : i + 3] == "}")
            letter = rest[at + 1]
            out += rest[:at] + (
                self.over(letter, scope) if letter in "WO" else self.value(_SHORT[letter], scope, depth)
            )
            rest = rest[at + 3 :]
        return (out + rest).replace("{{", "{").replace("}}", "}")

    def over(self, letter: str, scope: Sequence[Column]) -> str:
        by = (
            f"PARTITION BY {self.any(scope)}{f', {self.any(scope)}' if self.often(0.3) else ''} "
            if self.often(0.7)
            else ""
        )
        ordered = letter == "O" or self.often(0.3)
        return by + (f"ORDER BY {self.any(scope)}{self.pick('', ' DESC', ' NULLS FIRST')}" if ordered else "")

    def any(self, scope: Sequence[Column]) -> str:
        return self.chance.choice(scope).sql

    def asked(self, scope: Sequence[Column]) -> str:
        table, inner = self.table()
        where = self.value("BOOLEAN", [*inner, *scope], 1)
        one = self.value("INTEGER", inner, 0)
        return self.pick(
            f"EXISTS (SELECT 1 FROM {table} WHERE {where})",
            f"NOT EXISTS (SELECT 1 FROM {table} WHERE {where})",
            f"{self.value('INTEGER', scope, 0)} IN (SELECT {one} FROM {table})",
            f"{self.value('INTEGER', scope, 0)} NOT IN (SELECT {one} FROM {table} WHERE {where})",
            f"{self.value('INTEGER', scope, 0)} > {self.pick('ANY', 'ALL')} (SELECT {one} FROM {table})",
        )

    def scalar(self, scope: Sequence[Column]) -> str:
        table, inner = self.table()
        where = self.value("BOOLEAN", [*inner, *scope], 1)
        if self.often(0.3):
            return f"(SELECT {self.value('INTEGER', inner, 0)} FROM {table} WHERE {where} LIMIT 1)"
        made = self.filled(self.chance.choice(_AGGREGATES["INTEGER"]), inner, 0)
        return f"(SELECT {made} FROM {table} WHERE {where})"

    # -- sources

    def table(self) -> tuple[str, list[Column]]:
        table, name = self.chance.choice(TABLES), self.name()
        return f"{table.name} AS {name}", [Column(f"{name}.{one}", dtype) for one, dtype in table.columns]

    def source(self, depth: int) -> tuple[str, list[Column]]:
        if depth == 0 or self.often(0.45):
            return self.table()
        if self.often(0.06):
            name = self.name()
            rows = self.pick("(1, 'p'), (2, 'q')", "(1, 'p'), (1, NULL), (2, 'p')", "(1, 'p')", "(NULL, 'q'), (3, 'q')")
            return f"(VALUES {rows}) AS {name}(y, z)", [Column(f"{name}.y", "INTEGER"), Column(f"{name}.z", "VARCHAR")]
        sql, columns = self.query(depth - 1)
        name = self.name()
        return f"({sql}) AS {name}", [Column(f"{name}.{one.sql}", one.dtype) for one in columns]

    def joined(self, left: str, scope: list[Column], depth: int) -> tuple[str, list[Column]]:
        right, inner = self.source(depth)
        kind = self.pick(*_JOINS)
        if kind in {"CROSS JOIN", "POSITIONAL JOIN"}:
            return f"{left} {kind} {right}", [*scope, *inner]
        if kind == _LATERAL:
            name = self.name()
            made = (
                f"SELECT {self.value('INTEGER', [*inner, *scope], 1)} AS y FROM {right} WHERE {self.met(scope, inner)}"
            )
            return f"{left}, LATERAL ({made}{self.pick('', ' LIMIT 1')}) AS {name}", [
                *scope,
                Column(f"{name}.y", "INTEGER"),
            ]
        on = self.met(scope, inner)
        if kind.startswith("ASOF"):
            on = self.met(scope, inner, plain=True)
            on += f" AND {self.value('INTEGER', scope, 0)} >= {self.value('INTEGER', inner, 0)}"
        return f"{left} {kind} {right} ON {on}", scope if kind in {"SEMI JOIN", "ANTI JOIN"} else [*scope, *inner]

    def met(self, scope: Sequence[Column], inner: Sequence[Column], *, plain: bool = False) -> str:
        pairs = [(one.sql, other.sql) for one in scope for other in inner if one.dtype == other.dtype]
        if not pairs:
            return "1 = 1"
        told = [
            f"{one} = {other}"
            for one, other in self.chance.sample(pairs, min(len(pairs), self.chance.choice((1, 1, 2))))
        ]
        if not plain and self.often(0.2):
            told.append(self.value("BOOLEAN", [*scope, *inner], 1))
        if not plain and self.often(0.1):
            told[0] = told[0].replace(" = ", " IS NOT DISTINCT FROM ")
        return " AND ".join(told)

    # -- queries

    def query(self, depth: int) -> tuple[str, list[Column]]:
        """SQL, and its columns by their names."""
        kinds: list[Callable[[int], tuple[str, list[Column]]]] = [*[self.select] * 5, *[self.grouped] * 3]
        if depth:
            kinds += [self.combined, self.combined, self.used_twice, self.merged, self.unnested]
        return self.chance.choice(kinds)(depth)

    def rows(self, depth: int) -> tuple[str, list[Column]]:
        sql, scope = self.source(depth)
        while self.often(0.4):
            sql, scope = self.joined(sql, scope, max(depth - 1, 0))
        scope = [one for one in scope if one.dtype in _CALLS] or [Column("1", "INTEGER")]
        if self.often(0.4):
            parts = [self.value("BOOLEAN", scope) for _ in range(self.chance.choice((1, 1, 2)))]
            sql += f" WHERE {self.pick(' AND ', ' OR ').join(parts)}"
        return sql, scope

    def select(self, depth: int) -> tuple[str, list[Column]]:
        sql, scope = self.rows(depth)
        share = self.chance.choice((0.2, 0.6))
        outputs = [(one.sql, one.dtype) for one in scope if self.often(share)]
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            dtype = self.chance.choice(list(_CALLS))
            outputs.append((self.value(dtype, scope), dtype))
        if self.often(0.35):
            dtype = self.chance.choice(("INTEGER", "INTEGER", *_WINDOWS))
            outputs.append((self.filled(self.chance.choice(_WINDOWS[dtype]), scope, 0), dtype))
        outputs = outputs or [("1", "INTEGER")]
        self.chance.shuffle(outputs)
        made = ", ".join(f"{one} AS y{at}" for at, (one, _) in enumerate(outputs))
        distinct = self.pick(*[""] * 6, "DISTINCT ", f"DISTINCT ON ({self.any(scope)}) ")
        tail = (
            f" QUALIFY row_number() OVER ({self.over('O', scope)}) {self.pick('= 1', '<= 1', '< 3')}"
            if self.often(0.12)
            else ""
        )
        tail += self.pick(*[""] * 8, " LIMIT 1", " LIMIT 3", " LIMIT 2 OFFSET 1", " ORDER BY 1 DESC LIMIT 2")
        return f"SELECT {distinct}{made} FROM {sql}{tail}", [
            Column(f"y{at}", dtype) for at, (_, dtype) in enumerate(outputs)
        ]

    def grouped(self, depth: int) -> tuple[str, list[Column]]:
        sql, scope = self.rows(depth)
        count = min(len(scope), self.chance.choice((0, 1, 1, 2, 2)))
        told = [(one.sql, one.dtype) for one in self.chance.sample(scope, count)]
        if self.often(0.2):
            told.append((self.value("INTEGER", scope, 1), "INTEGER"))
        made = [
            (self.filled(self.chance.choice(_AGGREGATES[dtype]), scope, 1), dtype)
            for dtype in self.chance.choices(list(_AGGREGATES), k=2)
        ]
        names = [f"({one})" for one, _ in told]
        by = f" GROUP BY {self.sets(names)}" if told else ""
        having = (
            f" HAVING {self.pick('count(*) > 1', 'max(' + self.any(scope) + ') IS NOT NULL')}"
            if self.often(0.15)
            else ""
        )
        shown = [one for one in told if self.often(0.85)] + made
        listed = ", ".join(f"{one} AS y{at}" for at, (one, _) in enumerate(shown))
        return f"SELECT {listed} FROM {sql}{by}{having}", [
            Column(f"y{at}", dtype) for at, (_, dtype) in enumerate(shown)
        ]

    def sets(self, names: list[str]) -> str:
        listed = ", ".join(names)
        twice = f"GROUPING SETS (({listed}), ({self.pick(listed, names[0])}))"
        return self.pick(*[listed] * 6, f"ROLLUP ({listed})", f"CUBE ({listed})", twice)

    def combined(self, depth: int) -> tuple[str, list[Column]]:
        one, columns = self.query(depth - 1)
        other, inner = self.query(depth - 1)
        kind = self.pick("UNION ALL", "UNION ALL", "UNION", "EXCEPT", "EXCEPT ALL", "INTERSECT", "INTERSECT ALL")
        tag = Column(self.name(), "INTEGER")
        tags = (f", {self.pick('1', '2', 'NULL')} AS {tag.sql}", ", 2") if self.often(0.5) else ("", "")
        fitted = ", ".join(self.value(each.dtype, inner, 0) for each in columns)
        sql = f"SELECT *{tags[0]} FROM ({one}) {kind} SELECT {fitted}{tags[1]} FROM ({other})"
        return f"SELECT * FROM ({sql})", [*columns, tag] if tags[0] else columns

    def used_twice(self, depth: int) -> tuple[str, list[Column]]:
        sql, columns = self.query(depth - 1)
        name, left, right = self.name(), self.name(), self.name()
        scope = [Column(f"{left}.{one.sql}", one.dtype) for one in columns]
        inner = [Column(f"{right}.{one.sql}", one.dtype) for one in columns]
        kind, shown = self.pick("JOIN", "LEFT JOIN"), [*scope, *inner]
        listed = ", ".join(f"{one.sql} AS z{at}" for at, one in enumerate(shown))
        both = f"{name} AS {left} {kind} {name} AS {right} ON {self.met(scope, inner)}"
        return f"WITH {name} AS ({sql}) SELECT {listed} FROM {both}", [
            Column(f"z{at}", one.dtype) for at, one in enumerate(shown)
        ]

    def merged(self, depth: int) -> tuple[str, list[Column]]:
        """USING, whose columns a full join takes from either side."""
        one, other = (f"(SELECT {made})" for made in self.chance.sample(_NAMED, 2))
        kind, left, right = (
            self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "FULL JOIN"),
            self.name(),
            self.name(),
        )
        names = self.pick("USING (i)", "USING (i, j)", "NATURAL")
        on = f"NATURAL {kind} {other} AS {right}" if names == "NATURAL" else f"{kind} {other} AS {right} {names}"
        shown = f"i, {left}.j AS j" if names == "USING (i)" else "i, j"
        return f"SELECT {shown} FROM {one} AS {left} {on}", [Column("i", "INTEGER"), Column("j", "VARCHAR")]

    def unnested(self, depth: int) -> tuple[str, list[Column]]:
        made = self.pick(*_UNNESTED)
        return made, [Column("y0", "INTEGER"), Column("y1", "VARCHAR"), Column("y2", "INTEGER")]


def random_query(seed: int) -> str:
    """Of every three, one is small, so that little hides a fault."""
    return Writer(random.Random(seed)).query(seed % 3)[0]
