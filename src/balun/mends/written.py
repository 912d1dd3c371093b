"""Blanks, letters of another size, and UTF-8 that was read as something else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from balun.mends.doubt import Doubt, by_value
from balun.mends.rule import Formula
from balun.mends.sheet import Column, Sheet

_FEW = 3


def whitespace(sheet: Sheet) -> Iterator[Doubt]:
    """Blanks before and after; those inside where the column has the value without them, too."""
    for column in sheet.columns:
        if not column.is_text:
            continue
        edges, inside = {}, {}
        for code, text in enumerate(column.texts):
            bare = text.strip()
            plain = " ".join(bare.split())
            if bare != text and bare:
                edges[code] = bare if plain not in column.code_of else plain
            elif plain != text and plain in column.code_of and _outnumbers(column, plain, code):
                inside[code] = plain
        share = column.counts[list(edges)].sum() / column.counts.sum() if edges else 0.0
        if edges and share < 0.5:
            rule = None if any("  " in str(right) for right in edges.values()) else _trimmed(column, edges)
            told = "blanks around it"
            yield by_value("whitespace", column, dict(edges), 0.95, told, rule)
        if inside:
            yield by_value("whitespace", column, dict(inside), 0.9, "blanks doubled")


def _trimmed(column: Column, edges: dict[int, str]) -> Formula | None:
    if any(column.texts[code].strip() != right for code, right in edges.items()):
        return None
    blank = "'^\\s+|\\s+$'"
    return Formula(
        f"regexp_matches({column.sql}, {blank}) AND regexp_matches({column.sql}, '\\S')",
        f"regexp_replace({column.sql}, {blank}, '', 'g')",
    )


def _outnumbers(column: Column, plain: str, code: int) -> bool:
    return bool(column.counts[column.code_of[plain]] > column.counts[code])


def case(sheet: Sheet) -> Iterator[Doubt]:
    """Of values that differ in the size of letters alone the commonest is right."""
    for column in sheet.columns:
        if not column.is_text or column.distinct > 0.5 * column.counts.sum():
            continue
        alike: dict[str, list[int]] = defaultdict(list)
        for code, text in enumerate(column.texts):
            alike[" ".join(text.split()).casefold()].append(code)
        rights: dict[int, str | None] = {}
        sure: dict[int, float] = {}
        for codes in alike.values():
            best = max(codes, key=lambda code: (column.counts[code], column.texts[code] == column.texts[code].strip()))
            for code in codes:
                share = column.counts[best] / (column.counts[best] + column.counts[code])
                differs = column.texts[code].split() != column.texts[best].split()
                if differs and column.counts[best] >= _FEW and share >= 0.7:
                    rights[code], sure[code] = column.texts[best], float(0.5 + 0.48 * (share - 0.4) / 0.6)
        if rights and len(rights) <= 0.5 * column.distinct + 10:
            told = "differs in the size of letters alone"
            yield by_value("case", column, rights, sure, told)


def mojibake(sheet: Sheet) -> Iterator[Doubt]:
    """What becomes valid UTF-8 when the letters are turned into bytes again."""
    for column in sheet.columns:
        if column.kind != "text" or not column.distinct:
            continue
        codes = np.arange(column.distinct) if column.is_text else np.empty(0, dtype=np.int64)
        rights = {int(code): right for code in codes if (right := _again(column.texts[code])) is not None}
        if rights:
            yield by_value("mojibake", column, dict(rights), 0.97, "UTF-8 read as Latin")


_LATIN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0100-\uffff]")


def _again(text: str) -> str | None:
    """
    >>> _again("MÃ¡laga"), _again("Málaga"), _again("Ã…rhus")
    ('Málaga', None, 'Århus')
    """
    if text.isascii() or not _LATIN.search(text):
        return None
    try:
        found = b"".join(_byte(sign) for sign in text).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return None
    return found if found != text else None


def _byte(sign: str) -> bytes:
    """As Windows writes it, and the five that it has no sign for, as Latin does."""
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")
