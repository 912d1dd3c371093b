"""Rows of a node beside those they were made from, a column of the node on each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from balun.map.fitted_text import cut, wrapped
from balun.near.lines import line_names, placed
from balun.near.near import Near
from balun.near.plain import short
from balun.near.sample import Before, Sample

_LONGEST_NAME, _LONGEST_VALUE, _GAP, _BAR = 30, 24, "  ", " │ "


@dataclass(frozen=True)
class Stand:
    """One row as it stands in the picture. title: whose it is. cells: its values by line. own: of the node itself.

    opens: a sample begins with it.
    """

    title: str
    cells: Mapping[str, str]
    own: bool
    opens: bool = False

    @property
    def width(self) -> int:
        return min(max([cell_len(self.title), *map(cell_len, self.cells.values())]), _LONGEST_VALUE)

    @property
    def gap(self) -> str:
        return _BAR if self.opens else _GAP


def matrix(found: Near, width: int) -> Iterator[Text]:
    if found.node.kind == "surface":
        return
    if found.samples.note:
        yield Text(f"  {found.samples.note}")
        return
    lines = line_names(found)
    names = min(max(map(cell_len, lines), default=0), _LONGEST_NAME)
    yield from _explained(found, width)
    first, *others = [_stands(found, sample) for sample in found.samples.rows] or [[]]
    groups = [first, *(_left_out(found, before) for before in found.samples.dropped), *others]
    shown, hidden = _fitting(groups, width - names - 2)
    yield from _picture(shown, lines, names)
    if hidden:
        yield Text(f"  {hidden} more beside these: --json has them", "dim")


def _explained(found: Near, width: int) -> Iterator[Text]:
    """How the rows of each parent were found."""
    every = [before for sample in found.samples.rows for before in sample.before]
    told = [f"{_name(found, before.node)}: {before.how}" for before in every]
    told += [f"{_name(found, before.node)}: {before.of:,} rows {before.how}" for before in found.samples.dropped]
    for text in dict.fromkeys(told):
        yield from (Text(f"  {part}", "dim") for part in wrapped(text, width - 2))


def _name(found: Near, node: str) -> str:
    names = {part.node.id: part.node.name for part in found.up}
    return names.get(node, "example" if node.startswith("examples:") else node)


def _stands(found: Near, sample: Sample) -> list[Stand]:
    stands = [stand for before in sample.before for stand in _of_parent(found, before)]
    stands.append(Stand(found.node.name, {name: short(value) for name, value in sample.row.items()}, own=True))
    return [replace(stands[0], opens=True), *stands[1:]]


def _left_out(found: Near, before: Before) -> list[Stand]:
    first, *others = _of_parent(found, replace(before, of=1))
    return [replace(first, opens=True), *others, Stand(f"{found.node.name}: none", {}, own=True)]


def _of_parent(found: Near, before: Before) -> Iterator[Stand]:
    """None where they couldn't be told; one without values where there are none."""
    name = _name(found, before.node)
    if before.of == 0:
        yield Stand(f"{name}: none", {}, own=False)
    for nth, row in enumerate(before.rows, 1):
        title = name if before.of == 1 else f"{name} {nth} of {before.of:,}"
        yield Stand(title, {line: short(value) for line, value in placed(found, before.node, row).items()}, own=False)


def _fitting(groups: Sequence[Sequence[Stand]], width: int) -> tuple[list[Stand], int]:
    """As many samples side by side as there is room for, of the first at least as many rows; and how many it lacks."""
    shown: list[Stand] = list(groups[0]) if groups else []
    lacks = 0
    while len(shown) > 1 and _wide(shown) > width:
        last = max(at for at, stand in enumerate(shown) if not stand.own)
        shown.pop(last)
        lacks += 1
    for group in groups[1:]:
        if lacks or _wide([*shown, *group]) > width:
            break
        shown.extend(group)
    return shown, lacks


def _wide(stands: Sequence[Stand]) -> int:
    return sum(stand.width + len(stand.gap) for stand in stands)


def _picture(stands: Sequence[Stand], lines: Sequence[str], names: int) -> Iterator[Text]:
    title = Text(" " * (names + 2))
    for stand in stands:
        title.append(stand.gap, "dim").append(cut(stand.title, stand.width), "bold" if stand.own else "dim")
    title.rstrip()
    yield title
    for name in lines:
        if any(stand.cells.get(name) for stand in stands):
            line = Text.assemble("  ", (cut(name, names), "dim"))
            for stand in stands:
                value = cut(stand.cells.get(name, ""), stand.width)
                line.append(stand.gap, "dim").append(value, "bold" if stand.own else "")
            line.rstrip()
            yield line
