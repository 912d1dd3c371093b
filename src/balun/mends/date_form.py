"""Days that are written in another way than most of their column."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from balun.mends.doubt import Doubt, by_value
from balun.mends.rule import Formula
from balun.mends.sheet import Column, Sheet
from balun.quoting import literal

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
