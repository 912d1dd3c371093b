"""The chain in the terminal: a row for each node, lines for its edges, and the interfaces between owners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from balun.chain.graph import KINDS, Graph, Node
from balun.chain.needed import needed
from balun.map.fitted_text import cut, wrapped
from balun.map.lanes import Lane, columns_of, edges_of, lanes_of
from balun.map.names import shown_names
from balun.map.order import rows_of
from balun.map.strokes import Stroke, strokes

if TYPE_CHECKING:
    from rich.console import Console

OTHER_OWNER = "◆"
SAME_OWNER = "●"
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")
_LONGEST_NAME, _LONGEST_OWNER, _LONGEST_LANE = 40, 24, 25
_MOST_COLUMNS, _GAP = 16, 2


def draw(graph: Graph, console: Console) -> None:
    """Never wider than the console; edges for which there is no room are told by name, after `←`."""
    for line in _lines(graph, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(graph: Graph, width: int) -> Iterator[Text]:
    yield _title(graph)
    yield Text()
    yield from _picture(graph, width)
    yield Text()
    yield from _interfaces(graph, width)
    yield from _needs(graph, width)


def _title(graph: Graph) -> Text:
    owners = {node.owner for node in graph if node.owner}
    kinds = Counter(node.kind for node in graph)
    counted = ", ".join(_count(kinds[kind], "corpora" if kind == "corpus" else f"{kind}s", kind) for kind in KINDS)
    title = Text.assemble((graph.config.name, "bold"), f"  {counted}; {_count(len(owners), 'owners', 'owner')}")
    return title.append(f"\n{OTHER_OWNER} takes from another owner", "dim")


def _count(number: int, many: str, one: str) -> str:
    return f"{number} {one if number == 1 else many}"


# The picture


@dataclass(frozen=True)
class _Sheet:
    """What all rows share. left, right: lanes with their columns. named: by row, parents without a line."""

    rows: Sequence[Node]
    left: Mapping[Lane, int]
    right: Mapping[Lane, int]
    named: Mapping[int, list[str]]
    colours: Mapping[str | None, str]
    name_width: int
    owner_width: int
    width: int

    def colour(self, lane: Lane | None) -> str:
        return self.colours[self.rows[lane.node].owner] if lane else ""

    def strokes(self, row: int, *, right: bool) -> list[Stroke]:
        lanes = self.right if right else self.left
        return strokes(lanes, row, max(lanes.values(), default=-1) + 1, right=right)


def _picture(graph: Graph, width: int) -> Iterator[Text]:
    sheet = _sheet(graph, width)
    for row, node in enumerate(sheet.rows):
        graphic = _graphic(sheet, row, _mark(graph, node))
        yield from _labelled(sheet, row, node, graphic)


def _sheet(graph: Graph, width: int) -> _Sheet:
    rows = rows_of(graph)
    name_width = min(max((cell_len(node.name) for node in rows), default=0), _LONGEST_NAME, max(width // 3, 8))
    owner_width = min(max((cell_len(node.owner or "") for node in rows), default=0), _LONGEST_OWNER)
    label = max(map(len, KINDS)) + name_width + owner_width + 3 * _GAP
    room = min(max((width - label) // 2, 4), _MOST_COLUMNS)
    near = [lane.within(_LONGEST_LANE) for lane in lanes_of(rows)]
    lanes = [lane for lane in near if lane.edges]
    left = columns_of([lane for lane in lanes if lane.leaves], room // 2)
    right = columns_of([lane for lane in lanes if not lane.leaves], room - max(left.values(), default=0) - 1)
    owners = list(dict.fromkeys(node.owner for node in rows))
    colours = {owner: _COLOURS[at % len(_COLOURS)] for at, owner in enumerate(owners)}
    named = _named(graph, rows, [*left, *right])
    return _Sheet(rows, left, right, named, colours, name_width, owner_width, width)


def _named(graph: Graph, rows: Sequence[Node], drawn: Sequence[Lane]) -> dict[int, list[str]]:
    """By the row of the lower end, the upper ends of edges that no lane holds."""
    names = shown_names(graph)
    held = {edge for lane in drawn for edge in lane.edges}
    found: dict[int, list[str]] = {}
    for upper, lower in edges_of(rows):
        if (upper, lower) not in held:
            found.setdefault(lower, []).append(names[rows[upper].id])
    return found


def _mark(graph: Graph, node: Node) -> str:
    crossed = any(parent.owner and node.owner and parent.owner != node.owner for parent in graph.parents(node))
    return OTHER_OWNER if crossed else SAME_OWNER


def _graphic(sheet: _Sheet, row: int, mark: str) -> Text:
    text = Text()
    for stroke in reversed(sheet.strokes(row, right=False)):
        text.append(stroke.text, sheet.colour(stroke.lane))
    text.append(mark, f"bold {sheet.colours[sheet.rows[row].owner]}")
    for stroke in sheet.strokes(row, right=True):
        text.append(stroke.text, sheet.colour(stroke.lane))
    return text


def _labelled(sheet: _Sheet, row: int, node: Node, graphic: Text) -> Iterator[Text]:
    """The row, and where there is much to name, more rows on which its lanes go on."""
    colour = sheet.colours[node.owner]
    line = graphic.copy().append(" " * _GAP)
    line.append(f"{node.kind:<{max(map(len, KINDS))}} ", "dim")
    line.append(cut(node.name, sheet.name_width), "bold").append(" " * _GAP)
    start = line.cell_len + sheet.owner_width + _GAP
    line.append(cut(node.owner or "", sheet.owner_width), colour)
    first, *more = wrapped(", ".join(sheet.named.get(row, ())), max(sheet.width - start - 2, 12))
    line.append(f"{' ' * _GAP}← {first}" if first else "").rstrip()
    yield line
    for part in more:
        yield _between(sheet, row).append(" " * max(start + 2 - len(graphic), 0)).append(part)


def _between(sheet: _Sheet, row: int) -> Text:
    """The lanes below a row."""
    text = Text()
    left = max(sheet.left.values(), default=-1) + 1
    right = max(sheet.right.values(), default=-1) + 1
    for lanes, columns in ((sheet.left, range(left - 1, -1, -1)), (sheet.right, range(right))):
        below = {at: lane for lane, at in lanes.items() if lane.top <= row < lane.bottom}
        for at in columns:
            stroke = Text("│", sheet.colour(below[at])) if at in below else Text(" ")
            text.append_text(stroke + " " if lanes is sheet.left else Text(" ") + stroke)
        text.append(" " if lanes is sheet.left else "")
    return text


# The interfaces


def _interfaces(graph: Graph, width: int) -> Iterator[Text]:
    """`gate-app → data-platform: departure > schedule`, a line for each supplier and owner it supplies."""
    names = shown_names(graph)
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in graph.interfaces():
        between = (one.supplier.owner or "", one.consumer.owner or "", names[one.supplier.id])
        found.setdefault(between, []).append(names[one.consumer.id])
    pairs = list(dict.fromkeys(between[:2] for between in found))
    yield Text(_count(sum(map(len, found.values())), "interfaces", "interface"), "bold")
    for (supplier, consumer, name), consumers in sorted(found.items(), key=lambda item: pairs.index(item[0][:2])):
        first, *more = wrapped(f"{supplier} → {consumer}: {name} > {', '.join(consumers)}", max(width - 4, 20))
        yield Text(f"  {first}")
        yield from (Text(f"    {part}") for part in more)


def _needs(graph: Graph, width: int) -> Iterator[Text]:
    """`delay of ml-delays needs of met-desk: weather.humid 0.0123 roc_auc, …`, a line for each model and supplier."""
    found: dict[tuple[Node, str | None], list[str]] = {}
    events = {node.name.lower(): node.owner for node in graph.of("event")}
    for one in needed(graph):
        step = f" at {one.need.resolution}" if one.need.resolution else ""
        said = f"{one.need.name}{step} {one.need.worth:.3g}"
        found.setdefault((one.model, events.get(one.need.event.lower())), []).append(said)
    if not found:
        return
    yield Text()
    yield Text("needs, measured, with what each is worth", "bold")
    for (model, supplier), words in found.items():
        told = f"{model.name} of {model.owner or 'nobody'} needs of {supplier or 'nobody'}: {', '.join(words)}"
        first, *more = wrapped(told, max(width - 4, 20))
        yield Text(f"  {first}")
        yield from (Text(f"    {part}") for part in more)
