"""All detectors, in order, over one sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from balun.mends.clock import zone
from balun.mends.date_form import date_form
from balun.mends.dependency import dependencies
from balun.mends.doubt import Doubt
from balun.mends.form import number_with_unit, punctuation
from balun.mends.judged import judged
from balun.mends.misspelt import learnt, misspelt, smudge
from balun.mends.outlier import outlier
from balun.mends.pattern import rare_pattern
from balun.mends.placeholder import placeholder
from balun.mends.repeated import duplicate
from balun.mends.sheet import Sheet
from balun.mends.together import run_together, swapped
from balun.mends.unit import unit
from balun.mends.written import case, mojibake, whitespace

ALONE: tuple[Callable[[Sheet], Iterator[Doubt]], ...] = (
    whitespace, case, mojibake, placeholder, number_with_unit, punctuation, date_form, run_together, swapped, unit,
    outlier, zone, rare_pattern, duplicate,
)  # fmt: skip


def doubts(sheet: Sheet, say: Callable[[str], None] | None = None) -> list[Doubt]:
    tell = say or (lambda _: None)
    found: list[Doubt] = []
    for detector in ALONE:
        tell(f"looks for {detector.__name__.replace('_', ' ')}")
        found += detector(sheet)
    tell("looks for columns that tell others")
    told = dependencies(sheet)
    slips = learnt(sheet, told)
    tell("weighs what they contradict")
    found += judged(sheet, told, slips)
    tell("looks for slips")
    found += smudge(sheet, slips)
    found += misspelt(sheet)
    return [one for one in found if len(one)]
