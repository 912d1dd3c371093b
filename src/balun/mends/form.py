"""Units, signs and punctuation that some write beside numbers and codes, and most do not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from balun.mends.doubt import Doubt, by_value
from balun.mends.pattern import shape
from balun.mends.rule import Formula
from balun.mends.sheet import Column, Sheet
from balun.quoting import literal

_AFFIXED = re.compile(r"([^\d\s.,+-]{0,3}\s?)([+-]?\d[\d,]*\.?\d*)(\s?[^\d\s][^\d]{0,12})?")
_BARE = r"[+-]?\d+(\.\d*[1-9])?"
_MOST_KINDS = 12


def number_with_unit(sheet: Sheet) -> Iterator[Doubt]:
    """Numbers beside which some write their unit or a sign, or each writes it in another way."""
    for column in sheet.columns:
        if not column.is_text or column.distinct < 2 or column.numeric_share == 1:
            continue
        parts = [_AFFIXED.fullmatch(text.strip()) for text in column.texts]
        fits = np.array([part is not None for part in parts])
        if column.counts[fits].sum() < 0.85 * column.counts.sum():
            continue
        rows: Counter[tuple[str, str]] = Counter()
        codes: dict[tuple[str, str], list[int]] = defaultdict(list)
        for code, part in enumerate(parts):
            if part is not None:
                affix = (part[1] or "", part[3] or "")
                rows[affix] += int(column.counts[code])
                codes[affix].append(code)
        yield from _stripped(column, rows, codes)


def _stripped(
    column: Column, rows: Counter[tuple[str, str]], codes: dict[tuple[str, str], list[int]]
) -> Iterator[Doubt]:
    plain, total = rows[("", "")], sum(rows.values())
    common = [affix for affix, count in rows.items() if affix != ("", "") and count >= max(2, 0.003 * total)]
    if not common or len(common) > _MOST_KINDS:
        return
    top = max(rows[affix] for affix in common)
    several = len({_unit(affix) for affix in common}) <= 3 and len(common) > 1 and top < 0.9 * total
    if plain < 0.3 * total and not several:
        return
    chosen = [affix for affix in rows if affix in common or (affix != ("", "") and _like(affix, common))]
    rights = {code: _number(column.texts[code]) for affix in chosen for code in codes[affix]}
    if plain and _another_scale(column, rights, codes[("", "")]):
        return
    units = ", ".join(
        f"'{(before + after).strip()}'" for before, after in sorted(common, key=lambda one: -rows[one])[:4]
    )
    how = f"{plain / total:.0%} are plain numbers" if plain >= 0.3 * total else "all of them are numbers"
    told = f"a number with {units} beside it, where {how}"
    yield by_value("form", column, dict(rights), 0.95, told, _formula(column))


def _formula(column: Column) -> Formula:
    """Without nought after the point: `12.0` and `12` are one number."""
    form = literal(r"\s*[^\d\s.,+-]{0,3}\s?[+-]?\d[\d,]*\.?\d*(\s?[^\d\s][^\d]{0,12})?\s*")
    return Formula(
        f"try_cast({column.sql} AS DOUBLE) IS NULL AND regexp_full_match({column.sql}, {form})",
        f"regexp_extract(replace({column.sql}, ',', ''), {literal(_BARE)})",
    )


def _unit(affix: tuple[str, str]) -> str:
    """
    >>> _unit(("", " OZ.")), _unit(("", " ounce"))
    ('o', 'o')
    """
    word = "".join(affix).strip(" .").lower()
    return word[:1]


def _like(affix: tuple[str, str], common: list[tuple[str, str]]) -> bool:
    return any(_unit(affix) == _unit(other) for other in common)


def _number(text: str) -> str:
    """
    >>> _number("12.0 oz."), _number("$1,200"), _number("0.05%")
    ('12', '1200', '0.05')
    """
    found = re.search(_BARE, text.replace(",", ""))
    return found[0] if found else text


def _another_scale(column: Column, rights: dict[int, str], plain: list[int]) -> bool:
    """Whether the numbers with a unit are of another size: then it is another unit, and no mere form."""
    ours = np.median([abs(float(one)) for one in rights.values()])
    theirs = np.median(np.abs(column.numbers[plain]))
    return bool(ours and theirs and not 0.2 < ours / theirs < 5)


def punctuation(sheet: Sheet) -> Iterator[Doubt]:
    """Signs and blanks within a code, where nearly all are without."""
    for column in sheet.columns:
        if not column.is_text or column.distinct < 3:
            continue
        bare = np.array([text.isalnum() and text.isascii() for text in column.texts])
        share = column.counts[bare].sum() / column.counts.sum()
        lengths = [len(text) for text, plain in zip(column.texts, bare, strict=True) if plain]
        if not 0.7 <= share < 1 or max(lengths) > 20 or not _codes(column, bare):
            continue
        shapes = Counter[str]()
        for code in np.flatnonzero(bare):
            shapes[shape(column.texts[code])] += int(column.counts[code])
        rights: dict[int, str | None] = {}
        sure: dict[int, float] = {}
        for code in np.flatnonzero(~bare):
            right = re.sub(r"[^A-Za-z0-9]", "", column.texts[code])
            if column.numeric_share > 0.5 and not right.isdigit():
                continue  # a number with its unit
            there = right in column.code_of
            if right and column.texts[code].isascii() and (there or shapes[shape(right)] >= 0.05 * shapes.total()):
                rights[int(code)], sure[int(code)] = right, 0.95 if there else 0.85
        if rights:
            rule = Formula(
                f"regexp_matches({column.sql}, '[^A-Za-z0-9]')",
                f"regexp_replace({column.sql}, '[^A-Za-z0-9]', '', 'g')",
            )
            whole = len(rights) == (~bare).sum()
            told = f"signs that {share:.1%} of the rows are without"
            yield by_value("form", column, rights, sure, told, rule if whole else None)


def _codes(column: Column, bare: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bool:
    """Codes hold figures, or are short and in large letters: words are joined by blanks for a reason."""
    plain = [column.texts[code] for code in np.flatnonzero(bare)]
    return float(np.mean([any(map(str.isdigit, text)) or (text.isupper() and len(text) <= 4) for text in plain])) > 0.8
