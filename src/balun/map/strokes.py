"""A row's strokes: the lanes left and right of a node, as box-drawing characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from balun.map.lanes import Lane

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_BOX = {
    _DOWN | _RIGHT: "╭", _DOWN | _LEFT: "╮", _UP | _RIGHT: "╰", _UP | _LEFT: "╯",
    _UP | _DOWN | _RIGHT: "├", _UP | _DOWN | _LEFT: "┤", _DOWN | _LEFT | _RIGHT: "┬", _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _LEFT | _RIGHT: "┼", _UP | _DOWN: "│", _LEFT | _RIGHT: "─",
}  # fmt: skip


@dataclass(frozen=True)
class Stroke:
    """One character, and the lane it is of; None for a bare or horizontal one."""

    text: str
    lane: Lane | None = None


def strokes(lanes: Mapping[Lane, int], row: int, width: int, *, right: bool) -> list[Stroke]:
    """Two characters a column, from the node outwards; a line that only crosses a lane passes behind it.

    lanes: of one side, with their columns. touching: `┤` joins, `│` doesn't.
    """
    here = {column: lane for lane, column in lanes.items() if lane.top <= row <= lane.bottom}
    farthest = max((column for column, lane in here.items() if row in lane.rows), default=-1)
    found = []
    for column in range(width):
        found.append(Stroke("─" if column <= farthest else " "))
        found.append(_crossing(here.get(column), row, passed=column < farthest, right=right))
    return found


def _crossing(lane: Lane | None, row: int, *, passed: bool, right: bool) -> Stroke:
    if lane is None:
        return Stroke("─" if passed else " ")
    if row not in lane.rows:
        return Stroke("│", lane)
    inner, outer = (_LEFT, _RIGHT) if right else (_RIGHT, _LEFT)
    ways = inner | (outer if passed else 0)
    ways |= (_UP if lane.top < row else 0) | (_DOWN if row < lane.bottom else 0)
    return Stroke(_BOX[ways], lane)
