"""Many detectors, one word a cell: who speaks first mends it, and who agrees makes it surer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from balun.mends.doubt import Doubt
from balun.mends.rule import Given, Rule, Values
from balun.mends.sheet import Codes, Column, Floats

_SUREST, _WEIGHT = 0.99, 0.8


def combined(found: Sequence[Doubt], least: float, known: Mapping[str, Floats] | None = None) -> list[Doubt]:
    """Doubts in the order in which their rules are tried, each with the cells that no rule before it takes.

    Those that can't mend come last. A cell's confidence is a noisy or over all that doubt it.
    least: cells below are left out. known: by column how sure it is, where labels told.
    """
    settled: list[Doubt] = [one for one in found if one.kind == "duplicate" and one.sure >= least]
    by_column: dict[str, list[Doubt]] = defaultdict(list)
    for one in found:
        if one.kind != "duplicate":
            by_column[one.column.name].append(one)
    for name, some in by_column.items():
        settled += _of_column(some, least, known.get(name) if known else None)
    return settled


def _of_column(found: Sequence[Doubt], least: float, known: Floats | None) -> list[Doubt]:
    ordered = sorted(found, key=lambda one: (one.rule is None, -one.sure, -len(one)))
    rows = len(ordered[0].column.codes)
    sure = known if known is not None else agreed(ordered, rows)
    taken = np.zeros(rows, dtype=bool)
    settled = []
    for one in ordered:
        keep = ~taken[one.rows] & (sure[one.rows] >= least)
        taken[one.rows[keep]] = True
        if keep.any():
            kept = replace(one.at(keep), confidence=np.minimum(sure[one.rows[keep]], _SUREST))
            settled.append(replace(kept, rule=_only(kept)))
    return settled


def agreed(found: Sequence[Doubt], rows: int) -> Floats:
    """Nothing that is found twice by the same clue is twice as sure: each beyond the surest counts for less."""
    best = np.zeros(rows)
    rest = np.ones(rows)
    for one in found:
        before = best[one.rows]
        now = np.maximum(before, one.confidence)
        rest[one.rows] *= 1 - _WEIGHT * np.where(before > 0, np.minimum(before, one.confidence), 0.0)
        best[one.rows] = now
    return np.asarray(1 - (1 - best) * rest)


def _only(one: Doubt) -> Rule | None:
    """The rule for the cells that are left alone, where it goes case by case."""
    column = one.column
    match one.rule:
        case Values() as rule:
            there = set(column.codes[one.rows].tolist())
            olds = {column.texts[code] if code >= 0 else None for code in there}
            return Values(column, tuple(pair for pair in rule.pairs if pair[0] in olds))
        case Given() as rule:
            return Given(column, rule.beside, cases(column, rule.beside, one))
    return one.rule


def cases(
    column: Column, beside: tuple[Column, ...], one: Doubt
) -> tuple[tuple[tuple[str | None, ...], str | None, str | None], ...]:
    rows: Codes = one.rows
    return tuple(dict.fromkeys(
        (tuple(other.text_at(int(row)) for other in beside), column.text_at(int(row)), right)
        for row, right in zip(rows, one.rights, strict=True)
    ))  # fmt: skip
