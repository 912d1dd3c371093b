"""A tree is written as DuckDB's SQL, and where each of its parts then stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot.expressions as exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.generators.duckdb import DuckDBGenerator

_OPEN, _NAMED, _CLOSE = "\x01", "\x02", "\x03"
_MARKS = re.compile("\x01(\\d+)\x02|\x03")


@dataclass(frozen=True)
class Span:
    """Characters of the text, from `start` to before `end`, that a part is written as."""

    start: int
    end: int
    part: exp.Expr


@dataclass(frozen=True)
class Written:
    tree: exp.Expr
    text: str
    spans: Sequence[Span]

    def at(self, start: int) -> list[exp.Expr]:
        """Parts of the tree that hold a character, the smallest first; some are only made to be written."""
        found = [span for span in self.spans if span.start <= start < span.end and span.part.root() is self.tree]
        return [span.part for span in sorted(found, key=lambda span: span.end - span.start)]

    def lines(self) -> list[int | None]:
        """For each line of the text, the line of what it was parsed from, by the first name that stands on it."""
        starts = [0] + [found.end() for found in re.finditer("\n", self.text)]
        lines: list[int | None] = [None] * len(starts)
        at = 0
        for span in sorted(self.spans, key=lambda span: span.start):
            line = span.part.meta.get("line")
            if line is None:
                continue
            while at + 1 < len(starts) and starts[at + 1] <= span.start:
                at += 1
            if lines[at] is None:
                lines[at] = line
        return lines


class _Marking(DuckDBGenerator):
    """Puts marks about what each part is written as."""

    parts: list[exp.Expr]

    def sql(self, expression: object, key: str | None = None, comment: bool = True) -> str:
        text: str = super().sql(expression, key, comment)  # type: ignore[arg-type]
        if key or not text or not isinstance(expression, exp.Expr):
            return text
        if isinstance(expression.parent, exp.WithinGroup) and expression.arg_key == "this":
            return text  # its last sign is taken off, to put the order before it
        self.parts.append(expression)
        return f"{_OPEN}{len(self.parts) - 1}{_NAMED}{text}{_CLOSE}"


class UnwritableError(Exception):
    """DuckDB has no words for it that sqlglot knows."""


# What sqlglot fails with on what it doesn't expect.
FAILS = (SqlglotError, ValueError, TypeError, AttributeError, LookupError)


def written(tree: exp.Expr) -> Written:
    """The tree isn't copied, so that spans name its own parts; what has no word in DuckDB is written as it is.

    Some generators parse what they wrote, and can't with marks in it; then nothing is told of places.
    Raises UnwritableError.
    """
    generator = _Marking(pretty=True, comments=False, unsupported_level=ErrorLevel.IGNORE)
    generator.parts = []
    try:
        marked = generator.generate(tree, copy=False)
    except FAILS:
        return Written(tree, _plain(tree), [])
    return _read(tree, marked, generator.parts)


def _plain(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect="duckdb", pretty=True, comments=False, unsupported_level=ErrorLevel.IGNORE)
    except FAILS as exc:
        raise UnwritableError(str(exc).splitlines()[0] if str(exc) else type(exc).__name__) from exc


def _read(tree: exp.Expr, marked: str, parts: Sequence[exp.Expr]) -> Written:
    """Where the marked parts stand once the marks are gone."""
    text: list[str] = []
    spans: list[Span] = []
    begun: list[tuple[int, int]] = []
    length = last = 0
    for mark in _MARKS.finditer(marked):
        piece = marked[last : mark.start()]
        text.append(piece)
        length += len(piece)
        last = mark.end()
        if mark[1]:
            begun.append((int(mark[1]), length))
        elif begun:
            part, start = begun.pop()
            spans.append(Span(start, length, parts[part]))
    text.append(marked[last:])
    return Written(tree, "".join(text), spans)
