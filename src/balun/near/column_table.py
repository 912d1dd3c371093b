"""The columns of a node in the terminal, with what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.text import Text

from balun.map.fitted_text import cut, wrapped
from balun.near.columns import Column
from balun.near.lineage import Source
from balun.near.near import Near

_WIDE, _LONGEST_NAME, _LONGEST_TYPE, _GAP = 110, 32, 14, 2
_SHORT_TYPES = (("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),)


def column_table(found: Near, width: int) -> Iterator[Text]:
    """Name and type; where it comes from, what is known of it, who uses it: side by side where that is readable."""
    if not found.columns:
        return
    names = min(max(len("name"), *(cell_len(column.name) for column in found.columns)), _LONGEST_NAME)
    types = min(max(len(_dtype(column)) for column in found.columns), _LONGEST_TYPE)
    left = width - 2 - names - types - 3 * _GAP
    titles = _titles(found)
    titles = titles if width >= _WIDE else ["; ".join(titles)]
    widths = _widths(left, len(titles))
    yield _row([("", 0), ("name", names), ("type", types), *zip(titles, widths, strict=True)], "dim")
    for column in sorted(found.columns, key=lambda column: -found.importances.get(column.name, float("-inf"))):
        told = _told(found, column)
        cells = told if width >= _WIDE else ["; ".join(part for part in _together(found, told) if part)]
        yield from _lines(column, names, types, cells, widths)
    yield from _decides(found, width)


def _titles(found: Near) -> list[str]:
    first = {"event": [], "model": ["worse if shuffled by"]}.get(found.node.kind, ["comes from"])
    return [*first, "what is known of it", *(["used by"] if found.down and found.node.kind != "model" else [])]


def _widths(left: int, number: int) -> list[int]:
    each = (left - _GAP * (number - 1)) // number
    return [each] * (number - 1) + [left - (each + _GAP) * (number - 1)]


def _told(found: Near, column: Column) -> list[str]:
    first = {"event": [], "model": [_importance(found, column)]}.get(found.node.kind, [_comes_from(found, column)])
    facts = "; ".join([*column.facts.words(), *_known(found, column)])
    used = [_used(found, column)] if found.down and found.node.kind != "model" else []
    return [*first, facts, *used]


def _together(found: Near, told: Sequence[str]) -> list[str]:
    """For one cell: a list of names alone would not say what they do."""
    used = told[-1] != "unused" and len(told) > 1 and found.down and found.node.kind != "model"
    return [*told[:-1], f"used by {told[-1]}"] if used else list(told)


def _importance(found: Near, column: Column) -> str:
    worse = found.importances.get(column.name)
    return "" if worse is None else f"{worse:.3g}"


def _comes_from(found: Near, column: Column) -> str:
    """`schedule.carrier` for a copy; `of schedule.time_hour, minute` for what is computed."""
    names = {part.node.id: part.node.name for part in found.up}
    if column.came.copy:
        copy = column.came.copy
        if copy.node.startswith("feature:"):
            return f"feature {names[copy.node]}"
        beside = "" if found.node.kind == "feature" or not column.came.or_null else ", or null"
        return f"{names[copy.node]}.{copy.column}{beside}"
    if column.came.sources is None:
        return "can't be followed"
    values = [source for source in column.came.sources if source.use == "value"]
    chosen = [] if found.node.kind == "feature" else [one for one in column.came.sources if one.use == "group"]
    used = values or chosen
    return f"of {_listed(used, names)}" if used else "counts rows" if found.node.kind == "feature" else "made here"


def _listed(sources: Sequence[Source], names: dict[str, str]) -> str:
    by_node = groupby(sorted(dict.fromkeys(sources), key=lambda one: one.node), key=lambda one: one.node)
    return ", ".join(f"{names[node]}.{', '.join(dict.fromkeys(one.column for one in some))}" for node, some in by_node)


def _known(found: Near, column: Column) -> Iterator[str]:
    if column.lost:
        yield "known late, and nothing says when"
    parts = [part for part in column.known_parts if part not in found.known]
    if parts:
        yield f"known at {parts[0]}" if len(parts) == 1 else f"known at the latest of {', '.join(parts)}"


def _used(found: Near, column: Column) -> str:
    """What for is said where it isn't the value itself that counts: `traffic (entity)`."""
    told = []
    for part in found.down:
        uses = column.used.get(part.node.id, ())
        plain = not uses or {"value", "input"} & set(uses)
        told += [part.node.name if plain else f"{part.node.name} ({', '.join(uses)})"] if uses else []
    return ", ".join(told) or "unused"


def _lines(column: Column, names: int, types: int, cells: Sequence[str], widths: Sequence[int]) -> Iterator[Text]:
    folded = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for at in range(max(map(len, folded))):
        head = (
            [("", 0), (column.name, names), (_dtype(column), types)] if at == 0 else [("", 0), ("", names), ("", types)]
        )
        rest = [(cell[at] if at < len(cell) else "", width) for cell, width in zip(folded, widths, strict=True)]
        yield _row([*head, *rest])


def _row(cells: Sequence[tuple[str, int]], style: str = "") -> Text:
    line = Text((" " * _GAP).join(cut(text, width) if width else "" for text, width in cells), style)
    line.rstrip()
    return line


def _dtype(column: Column) -> str:
    return dict(_SHORT_TYPES).get(column.dtype, column.dtype)


def _decides(found: Near, width: int) -> Iterator[Text]:
    names = {part.node.id: part.node.name for part in found.up}
    if found.unknown:
        text = f"not followed: {found.unknown}"
    elif found.decides:
        uses = groupby(sorted(found.decides, key=lambda one: one.use), key=lambda one: one.use)
        text = "which rows: " + "; ".join(f"{use} {_listed(list(some), names)}" for use, some in uses)
    else:
        return
    yield from (Text(f"  {part}", "dim") for part in wrapped(text, width - 2))
