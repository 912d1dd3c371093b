"""Which formulation computes which cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from balun.chain.point_in_time import clause, frames, islands, join, newest, stream
from balun.chain.point_in_time.clause import Cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Question


@dataclass(frozen=True)
class Formulation:
    """can: whether it computes a cell. compute: SELECT id and the cells, one row for each example."""

    name: str
    can: Callable[[Question, Cell], bool]
    compute: Callable[[Question, Sequence[Cell], Survey | None], str]


# The fastest first, on windows that hold many rows.
_ALL: tuple[Formulation, ...] = (
    Formulation("fetch", newest.can_fetch, newest.fetch),
    Formulation("carry", newest.can_carry, newest.carry),
    Formulation("ahead", newest.can_look_ahead, newest.ahead),
    Formulation("ranked", newest.can_rank, newest.ranked),
    Formulation("stream", stream.can_stream, stream.stream),
    Formulation("islands", islands.can_island, islands.islands),
    Formulation("frames", frames.can_frame, frames.frames),
    Formulation("buckets", join.can_bucket, join.buckets),
    Formulation("join", join.can_join, join.join),
)
_NAMED = {formulation.name: formulation for formulation in _ALL}
FORMULATIONS: tuple[str, ...] = tuple(_NAMED)
_PICKING = frozenset({"fetch", "carry", "ahead", "ranked"})


def steps(question: Question, cells: Sequence[Cell], survey: Survey | None, forced: str | None) -> list[str]:
    """SELECTs of id and cells, one row for each example; together all cells."""
    found: dict[tuple[str, int], list[Cell]] = {}
    for at in cells:
        if forced is None:
            formulation = _chosen(question, cells, at, survey)
        else:
            formulation = forced if _NAMED[forced].can(question, at) else "join"
        group = {"stream": question.parts[at[0]].known, "islands": at[0], "ahead": at[1]}.get(formulation, 0)
        found.setdefault((formulation, group), []).append(at)
    return [_NAMED[formulation].compute(question, some, survey) for (formulation, _), some in found.items()]


def _chosen(question: Question, cells: Sequence[Cell], at: Cell, survey: Survey | None) -> str:
    """The first that can, in the order of the table above; but short windows go by buckets, all of them or none.

    Windows are short where they hold fewer pairs of row and example than a stack of both would hold rows to sort.
    """
    if survey is None or not survey.ordered:
        return "join"
    first = next(formulation.name for formulation in _ALL if formulation.can(question, at))
    windows = [question.windows[window] for window in clause.windows_of(cells)]
    pairs = [survey.pairs.get(window, float("inf")) if window is not None else float("inf") for window in windows]
    each = 3 if clause.has_late(question, cells) else 1  # what a row that may be late costs in the stack, measured
    stacked = each * survey.events + (len(windows) + 1) * survey.examples
    return "buckets" if max(pairs) <= stacked and first not in _PICKING else first
