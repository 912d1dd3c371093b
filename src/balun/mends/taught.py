"""What a person's word on a few rows teaches of all: a small classifier a column, and mends by example."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from balun.mends.doubt import Doubt, by_value
from balun.mends.features import Features, features
from balun.mends.labels import Labels
from balun.mends.rule import Formula, Given
from balun.mends.sheet import Codes, Column, Floats, Sheet
from balun.quoting import literal

_PRIOR_CELLS = 12.0
_LEAST = 0.5


def by_column(sheet: Sheet, found: Sequence[Doubt]) -> list[Features]:
    some: dict[str, list[Doubt]] = defaultdict(list)
    for one in found:
        if one.kind != "duplicate":
            some[one.column.name].append(one)
    return [features(column, some[column.name]) for column in sheet.columns]


def taught(
    sheet: Sheet, found: Sequence[Doubt], given: Sequence[Features], labels: Labels
) -> tuple[list[Doubt], dict[str, Floats]]:
    """The doubts with those that the labels add, and by column how sure it is that each cell is wrong."""
    sure: dict[str, Floats] = {}
    more: list[Doubt] = []
    for one in given:
        name = one.column.name
        wrong = np.array([(row, name) in labels.right for row in labels.rows])
        sure[name] = _learnt(one, np.array(labels.rows, dtype=np.int64), wrong) if len(wrong) else one.sure
        more += _by_example(sheet, one.column, sure[name], labels, found)
        more += _the_rest(one.column, sure[name])
    kept = [one for one in found if one.kind == "duplicate" or not _is_denied(one, labels)]
    return [*kept, *more], sure


def _learnt(one: Features, rows: Codes, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """By logistic regression on what was said of the labelled cells, and, for less, what the detectors think of all."""
    from sklearn.linear_model import LogisticRegression

    cells = np.bincount(one.alike, minlength=len(one.values)).astype(float)
    before = np.bincount(one.alike, weights=one.sure, minlength=len(one.values)) / np.maximum(cells, 1)
    if (before[one.alike[rows]] > 0.5).tolist() == wrong.tolist() and (before.max(initial=0) > 0.5) == wrong.any():
        return _kept(one, rows, wrong)  # nothing to correct
    weight = _PRIOR_CELLS * np.sqrt(cells) / np.sqrt(cells).sum()
    kinds = np.arange(len(one.values))
    table = np.concatenate([one.values[kinds], one.values[kinds], one.values[one.alike[rows]]])
    truth = np.concatenate([np.ones(len(kinds)), np.zeros(len(kinds)), wrong.astype(float)])
    weights = np.concatenate([weight * before, weight * (1 - before), np.full(len(rows), 2.0)])
    table = (table - table.mean(0)) / (table.std(0) + 1e-9)
    if len(np.unique(truth[weights > 0])) < 2:
        return _kept(one, rows, wrong)
    model = LogisticRegression(C=3.0, max_iter=400).fit(table, truth, sample_weight=weights + 1e-9)
    after = model.predict_proba(table[: len(kinds)])[:, list(model.classes_).index(1.0)]
    blended = np.asarray(after)[one.alike]
    # What the detectors are sure of stays, unless a label of its kind says otherwise.
    seen = np.isin(one.alike, one.alike[rows])
    blended = np.where(seen, blended, 0.5 * (blended + one.sure))
    blended[rows] = wrong
    return np.asarray(blended)


def _kept(one: Features, rows: Codes, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    sure = one.sure.copy()
    sure[rows] = wrong
    return np.asarray(sure)


def _is_denied(one: Doubt, labels: Labels) -> bool:
    """Whether it would spoil more labelled cells that are right than it makes right of those that are wrong."""
    good = spoilt = 0
    for at in np.flatnonzero(np.isin(one.rows, labels.rows)).tolist():
        cell = int(one.rows[at]), one.column.name
        good += cell in labels.right and is_same(labels.right[cell], one.rights[at])
        spoilt += cell not in labels.right
    return one.rule is not None and spoilt > good


def is_same(one: str | None, other: str | None) -> bool:
    """As text or as numbers; null and nothing are alike.

    >>> is_same("12.0", "12"), is_same("", None), is_same("a", "A")
    (True, True, False)
    """
    one, other = one or "", other or ""
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _by_example(sheet: Sheet, column: Column, sure: Floats, labels: Labels, found: Sequence[Doubt]) -> Iterator[Doubt]:
    """The labelled cells themselves, and a change of text that all examples of a kind share."""
    told = {row: right for (row, name), right in labels.right.items() if name == column.name}
    if not told:
        return
    beside = (
        tuple(one for name in sheet.key if (one := sheet.named(name)) is not None)
        or tuple(one for one in sheet.columns if one.distinct == sheet.count)[:1]
    )
    rows = np.array(sorted(told), dtype=np.int64)
    if beside:
        cases = tuple(
            (tuple(one.text_at(row) for one in beside), column.text_at(row), told[row]) for row in rows.tolist()
        )
        rights = np.array([told[row] for row in rows.tolist()], dtype=object)
        rule = Given(column, beside, cases)
        yield Doubt("labelled", column, rows, np.ones(len(rows)), rights, "a person said so", rule)
    known = [one for one in found if one.column is column and one.rule is not None and not _is_denied(one, labels)]
    covered = np.isin(rows, np.concatenate([one.rows for one in known])) if known else np.zeros(len(rows), dtype=bool)
    pairs = {(str(column.text_at(row)), told[row]) for row in rows[~covered].tolist() if column.codes[row] >= 0}
    clean = {str(column.text_at(row)) for row in labels.rows if row not in told and column.codes[row] >= 0}
    if column.is_text:
        yield from _generalised(column, pairs, clean, sure)


_CHANGES: tuple[tuple[str, Callable[[str], str | None], str], ...] = (
    ("the number in it", lambda text: m[0] if (m := re.search(r"[+-]?\d+\.?\d*", text)) else None,
     r"regexp_extract({0}, '[+-]?\d+\.?\d*')"),
    ("without blanks around", str.strip, "trim({0})"),
    ("in small letters", str.lower, "lower({0})"),
    ("in large letters", str.upper, "upper({0})"),
    ("what stands before the first bracket", lambda text: text.split("(")[0].strip() or None,
     r"trim(regexp_extract({0}, '^[^(]*'))"),
    ("letters and figures alone", lambda text: re.sub(r"[^A-Za-z0-9]", "", text),
     "regexp_replace({0}, '[^A-Za-z0-9]', '', 'g')"),
)  # fmt: skip


def _generalised(column: Column, pairs: set[tuple[str, str | None]], clean: set[str], sure: Floats) -> Iterator[Doubt]:
    """A change that makes all the examples right, and none of the right ones another."""
    if not pairs:
        return
    for words, change, sql in _CHANGES:
        fits = [pair for pair in pairs if is_same(change(pair[0]), pair[1])]
        if len(fits) < max(1, 0.6 * len(pairs)) or any(not is_same(change(text), text) for text in clean):
            continue
        rights = {
            code: change(text)
            for code, text in enumerate(column.texts)
            if change(text) is not None and not is_same(change(text), text)
        }
        wrong = np.unique(column.codes[(sure >= _LEAST) & (column.codes >= 0)]).tolist()
        rights = {code: right for code, right in rights.items() if code in set(wrong)}
        if rights:
            told = f"as in {len(fits)} rows that a person looked at: {words}"
            olds = ", ".join(literal(column.texts[code]) for code in rights)
            rule = Formula(f"{column.sql} IN ({olds})", sql.format(column.sql))
            yield by_value("labelled", column, rights, 0.7, told, rule)
            return
    nulls = {old for old, right in pairs if right is None}
    if nulls and not nulls & clean:
        codes = {column.code_of[old]: None for old in nulls}
        yield by_value("labelled", column, dict(codes), 0.8, "a person said it stands for nothing")
    again = {
        old: right
        for old, right in pairs
        if right is not None and old not in clean and column.counts[column.code_of[old]] > 1
    }
    if again:
        codes_of = {column.code_of[old]: right for old, right in again.items()}
        yield by_value("labelled", column, dict(codes_of), 0.6, "as a person said of another row")


def _the_rest(column: Column, sure: Floats) -> Iterator[Doubt]:
    rows = np.flatnonzero(sure >= _LEAST)
    if len(rows):
        none = np.full(len(rows), None, dtype=object)
        yield Doubt("labelled", column, rows, sure[rows], none, "like cells that a person found wrong")
