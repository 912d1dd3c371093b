"""What a person said of a few rows: which cells are wrong, and what is right in them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from balun.errors import UsageError, nearest
from balun.mends.sheet import Sheet

HEAD = ("row", "column", "right value")
_ROW, _COLUMN, _RIGHT = HEAD


@dataclass(frozen=True)
class Labels:
    """rows: positions that were looked at whole. right: of cells that are wrong, by row and column, what is right."""

    rows: tuple[int, ...]
    right: dict[tuple[int, str], str | None]


def read_labels(file: Path, sheet: Sheet) -> Labels:
    """A CSV: `row` (counted from 1) or the key's columns, then `column` and `right value`; a null is empty.

    A row that is named was looked at whole: its cells without a line are right. One without a wrong cell has a line
    whose column is empty. Raises UsageError with the line where something doesn't fit.
    """
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            lines = list(csv.reader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(f"{file} can't be read as labels: {exc}") from exc
    if not lines or [one.strip() for one in lines[0][-2:]] != [_COLUMN, _RIGHT]:
        raise UsageError(f"{file}: the first line must be `row,{_COLUMN},{_RIGHT}`, or the key's columns for `row`")
    if sheet.total > sheet.count:
        raise UsageError(f"{sheet.name} has more than {sheet.count:,} rows, of which some are drawn: labels need all")
    place = _places(lines[0][:-2], sheet, file)
    rows: dict[int, None] = {}
    right: dict[tuple[int, str], str | None] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        if len(line) != len(lines[0]):
            raise UsageError(f"{file}:{number} has {len(line)} values, the first line {len(lines[0])}")
        row = place(tuple(line[:-2]), number)
        rows[row] = None
        if line[-2]:
            column = sheet.named(line[-2])
            if column is None:
                known = nearest(line[-2], [one.name for one in sheet.columns])
                raise UsageError(f"{file}:{number}: {sheet.name} has no column {line[-2]}{known}")
            right[row, column.name] = line[-1] or None
    return Labels(tuple(rows), right)


def _places(names: list[str], sheet: Sheet, file: Path) -> Callable[[tuple[str, ...], int], int]:
    """How a line names its row."""
    if names == [_ROW]:

        def by_number(key: tuple[str, ...], number: int) -> int:
            if not key[0].isdigit() or not 1 <= int(key[0]) <= sheet.count:
                raise UsageError(f"{file}:{number}: there is no row {key[0]}; there are {sheet.count:,}")
            return int(key[0]) - 1

        return by_number
    columns = [sheet.named(one) for one in names]
    if not names or None in columns:
        raise UsageError(f"{file}: its first columns must be `row` or columns of {sheet.name}")

    def by_key(key: tuple[str, ...], number: int) -> int:
        import numpy as np

        met = np.ones(sheet.count, dtype=bool)
        for column, value in zip(columns, key, strict=True):
            assert column is not None
            met &= column.codes == column.code_of.get(value, -2 if value else -1)
        found = np.flatnonzero(met)
        if len(found) != 1:
            raise UsageError(f"{file}:{number}: {len(found)} rows have {', '.join(names)} = {', '.join(key)}")
        return int(found[0])

    return by_key
