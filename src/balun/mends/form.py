"""Values that are written in another form than most of their column."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from balun.mends.doubt import Doubt, by_value
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


def shape(text: str) -> str:
    """
    >>> shape("N-12345"), shape("N123ab")
    ('A-9', 'A9a')
    """
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", text))))


def rare_pattern(sheet: Sheet) -> Iterator[Doubt]:
    """A shape that hardly any other value has, where nearly all share one. Tells no mend."""
    for column in sheet.columns:
        if not column.is_text or column.distinct < 5:
            continue
        shapes = [shape(text) for text in column.texts]
        rows = Counter[str]()
        for code, one in enumerate(shapes):
            rows[one] += int(column.counts[code])
        total = rows.total()
        (usual, most), *_ = rows.most_common(1)
        rare = {code: None for code, one in enumerate(shapes) if rows[one] <= max(2, 0.002 * total)}
        if most >= 0.9 * total and rare and len(rare) < 0.1 * column.distinct + 3:
            told = f"{most / total:.1%} look like {usual}"
            yield by_value("rare pattern", column, dict(rare), 0.45, told, known=False)


_DATES: tuple[tuple[str, str], ...] = (
    (r"\d{4}-\d\d-\d\d", "%Y-%m-%d"), (r"\d{4}/\d\d?/\d\d?", "%Y/%m/%d"), (r"\d\d?\.\d\d?\.\d{4}", "%d.%m.%Y"),
    (r"\d\d?/\d\d?/\d{4}", "/"), (r"[A-Z][a-z]{2} \d\d?, \d{4}", "%b %d, %Y"),
    (r"\d\d? [A-Z][a-z]{2} \d{4}", "%d %b %Y"), (r"[A-Z][a-z]{3,} \d\d?, \d{4}", "%B %d, %Y"),
    (r"\d\d?-[A-Z][a-z]{2}-\d{4}", "%d-%b-%Y"), (r"(19|20)\d{6}", "%Y%m%d"), (r"\d\d?-\d\d?-\d{4}", "-"),
)  # fmt: skip


def date_form(sheet: Sheet) -> Iterator[Doubt]:
    """Days that are written in another form than most."""
    for column in sheet.columns:
        if not column.is_text or column.distinct < 3:
            continue
        codes: dict[str, list[int]] = defaultdict(list)
        for code, text in enumerate(column.texts):
            form = next((form for pattern, form in _DATES if re.fullmatch(pattern, text)), "")
            codes[form].append(code)
        rows = {form: int(column.counts[some_codes].sum()) for form, some_codes in codes.items()}
        known = {form: count for form, count in rows.items() if form}
        if len(known) < 2 or sum(known.values()) < 0.9 * column.counts.sum():
            continue
        usual = max(known, key=lambda form: known[form])
        if usual in "/-":
            yield from _day_or_month(column, codes[usual], usual)
            continue
        for form in sorted(set(known) - {usual}):
            yield from _otherwise(column, codes[form], form, usual, known[usual] / sum(known.values()))


def _otherwise(column: Column, codes: list[int], form: str, usual: str, share: float) -> Iterator[Doubt]:
    pattern = next(pattern for pattern, one in _DATES if one == form)
    told = f"{share:.0%} are written {usual}"
    if form in "/-":
        order = _order(column, codes, form) or _order_by_days(column, codes, form, usual)
        if order is None:
            rights: dict[int, str | None] = dict.fromkeys(codes)
            both = f"{told}, and whether day or month stands first in these can't be told"
            yield by_value("date form", column, rights, 0.9, both, known=False)
            return
        form = order
    rights = {}
    for code in codes:
        if (day := _day(column.texts[code], form)) is not None:
            rights[code] = day.strftime(usual)
    rule = Formula(
        f"regexp_full_match({column.sql}, {literal(pattern)})",
        f"strftime(try_strptime({column.sql}, {literal(form)}), {literal(usual)})",
    )
    yield by_value("date form", column, rights, 0.95, f"{told}, these {form}", rule)


def _order(column: Column, codes: list[int], sign: str) -> str | None:
    """Which of day and month stands first, where figures above 12 tell and none tells otherwise."""
    pairs = [tuple(map(int, column.texts[code].split(sign)[:2])) for code in codes]
    first, second = any(one > 12 for one, _ in pairs), any(two > 12 for _, two in pairs)
    if first == second:
        return None
    return sign.join(("%d", "%m", "%Y") if first else ("%m", "%d", "%Y"))


def _order_by_days(column: Column, codes: list[int], sign: str, usual: str) -> str | None:
    """The only one of the two in which all days lie among those that are written as usual."""
    known = [day for text in column.texts if (day := _day(text, usual)) is not None]
    orders = [sign.join(parts) for parts in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))]
    if not known:
        return None
    fits = [
        order
        for order in orders
        if all((day := _day(column.texts[code], order)) and min(known) <= day <= max(known) for code in codes)
    ]
    return fits[0] if len(fits) == 1 else None


def _day(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _day_or_month(column: Column, codes: list[int], sign: str) -> Iterator[Doubt]:
    """Where most are written `03/04/2024`, those whose figures only fit the other order."""
    rows: Counter[bool] = Counter()
    for code in codes:
        one, two = map(int, column.texts[code].split(sign)[:2])
        if (one > 12) != (two > 12):
            rows[one > 12] += int(column.counts[code])
    if len(rows) < 2 or min(rows.values()) > 0.3 * rows.total():
        return
    usual = max(rows, key=lambda first: rows[first])
    turned: dict[int, str | None] = {}
    for code in codes:
        first, second, year = column.texts[code].split(sign)
        if (int(first) > 12) != usual and (int(first) > 12) != (int(second) > 12):
            turned[code] = sign.join((second, first, year))
    told = f"day and month stand the other way round in {rows[usual] / rows.total():.0%} of the rows that tell"
    yield by_value("date form", column, turned, 0.9, told)
