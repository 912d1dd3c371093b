"""The mended table as a SELECT that a person reads: each mend with its evidence, each column with its mends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from balun.mends.doubt import Doubt
from balun.mends.rule import NUMBERS, Once
from balun.mends.sheet import Column, Sheet
from balun.quoting import quoted

_WIDTH = 116


@dataclass(frozen=True)
class Front:
    """What stands at the top of the table. names: the parent's columns in order."""

    owner: str | None
    description: str
    key: tuple[str, ...]
    at: str | None
    names: tuple[str, ...]


def select(sheet: Sheet, mends: Sequence[tuple[int, Doubt]], front: Front) -> str:
    """The file's text. mends: with their numbers, in the order in which they are tried."""
    by_column: dict[str, list[tuple[int, Doubt]]] = defaultdict(list)
    for number, one in mends:
        if not isinstance(one.rule, Once):
            by_column[one.column.name].append((number, one))
    told = [_output(sheet, name, by_column.get(name, [])) for name in front.names]
    changed = {name for name, some in by_column.items() if some}
    lines = [*_front(front, changed), *_notes(mends, sheet), "SELECT", ",\n".join(told), f"FROM {quoted(sheet.name)}"]
    once = [(number, one.rule) for number, one in mends if isinstance(one.rule, Once)]
    if once:
        number, rule = once[-1]  # rows that agree but for a number agree whole, too
        lines.append(f"QUALIFY {rule.qualify} -- mend {', '.join(str(one) for one, _ in once)}")
    return "\n".join(lines) + "\n"


def _front(front: Front, changed: set[str]) -> list[str]:
    """The key only where no mend touches it: else nobody knows whether it still is one."""
    told = [f"owner: {front.owner}"] if front.owner else []
    told.append(f"description: {_yaml(front.description)}")
    if front.key and not changed & set(front.key):
        told.append(f"key: [{', '.join(map(_yaml, front.key))}]")
    if front.at and front.at not in changed:
        told.append(f"at: {_yaml(front.at)}")
    return ["/* " + "\n   ".join(told) + " */"]


def _yaml(text: str) -> str:
    plain = all(sign.isalnum() or sign in "_ .,;-" for sign in text) and text[:1].isalpha()
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("*/", "* /") + '"'


def _notes(mends: Sequence[tuple[int, Doubt]], sheet: Sheet) -> list[str]:
    lines = []
    for number, one in mends:
        what = "rows" if isinstance(one.rule, Once) else "cells"
        where = "" if isinstance(one.rule, Once) else f" {one.column.name}:"
        count = round(len(one) * sheet.share)
        counted = f"{count:,} {what if count != 1 else what[:-1]}"
        told = f"mend {number}. {one.kind},{where} {counted}, {one.sure:.0%} sure; {_plain(one.evidence)}"
        lines += [f"-- {line}" for line in wrap(told, _WIDTH - 3, break_on_hyphens=False)]
    return lines


def _plain(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _output(sheet: Sheet, name: str, some: Sequence[tuple[int, Doubt]]) -> str:
    column = sheet.named(name)
    if column is None or not some:
        return f"  {quoted(name)}"
    lines = ["  CASE"]
    for number, one in some:
        assert one.rule is not None
        for condition, value in one.rule.branches():
            lines.append(f"    WHEN {condition} THEN {_typed(column, value)} -- mend {number}")
    lines += [f"    ELSE {column.sql}", f"  END AS {quoted(name)}"]
    return "\n".join(lines)


def _typed(column: Column, value: str) -> str:
    plain = value == "NULL" or column.kind not in NUMBERS or value.lstrip("-").replace(".", "", 1).isdigit()
    return value if plain else f"({value})::{column.dtype}"
