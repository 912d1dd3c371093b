"""Which type each column of text has: the first kind that Balun's own reading takes all its values for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from balun.chain.contract import Column
from balun.draft import kind as kinds
from balun.draft.kind import Kind
from balun.draft.words import is_code, is_moment
from balun.engine import Engine
from balun.finding import Place
from balun.quoting import literal
from balun.scan.from_parquet import from_parquet
from balun.scan.from_text import from_csv, from_json
from balun.scan.reading import UNREADABLE, Reading
from balun.scan.rows import Part, part_sql

_SAMPLE_ROWS = 2_000
_AT_ONCE = 60
# Columns of which a few values can't be read as a kind are told of, and stay text.
_NEARLY = 0.05
_BOOLEAN_PAIRS = ({"t", "f"}, {"y", "n"}, {"yes", "no"}, {"true", "false"})
_MARKERS = r"(?i:n/?a|#n/a|<na>|nan|-nan|null|nil|none|missing|unknown|undefined|\\n|\?|-+|\.|\(null\)|\[null\])|[ \t]+"
# What takes nearly anything comes after all else.
_LOOSE = (kinds.TEXT, kinds.MIXED)
_TIME_LIKE = r'"?[A-Za-z]{0,9},? ?[0-9]{1,4}[-/. ][A-Za-z0-9][-A-Za-z0-9/.:,+ ]{3,33}"?|"?[0-9T]{14,15}[0-9+Z:-]*"?'
_SURE_MARKERS = r"(?i:#n/a|<na>|n/a|nan|null|\\n|\(null\)|\[null\])|[ \t]+"


@dataclass(frozen=True)
class Found:
    """What a column of text turned out to be.

    marks: texts in it that stand for null. values: how many it has; zoned: those of a time that name their zone.
    either: another kind that takes all its values too. nearly: a kind that takes all but `odd`, such as `example`.
    """

    kind: Kind
    values: int = 0
    marks: tuple[str, ...] = ()
    zoned: int = 0
    either: Kind | None = None
    nearly: Kind | None = None
    odd: int = 0
    example: str | None = None


@dataclass(frozen=True)
class Texts:
    """Rows as `scan.rows` gives them, and which of their columns are text, by place and name."""

    engine: Engine
    sql: str
    format: str
    zone: str
    columns: Mapping[int, str]


@dataclass(frozen=True)
class _Tried:
    """How a column fares as a kind. filled: values that aren't null; bad: those of them that it can't hold.

    zoned: those of a time that name their zone. pointed: those of a whole number that are written with a point.
    """

    at: int
    kind: Kind
    filled: int
    bad: int
    zoned: int
    pointed: int
    example: str | None = field(default=None, compare=False)


def detect(texts: Texts) -> dict[int, Found]:
    """The kind of each column of `texts`, by its place."""
    marks = _marks(texts)
    likely = _likely(texts, marks)
    # Nearly all columns are what their first rows say: the second choices are tried on the others only.
    first = dict(reversed(likely))
    tried = _try(texts, [(at, kind) for at, kind in likely if _is_early(kind, first[at])], marks, rows=None)
    found = {at: _chosen(tried, marks.get(at, ()), texts, at) for at in texts.columns}
    open_ = {at for at, one in found.items() if one.kind in _LOOSE}
    later = [(at, kind) for at, kind in likely if at in open_ and not _is_early(kind, first[at])]
    if later:
        tried += _try(texts, later, marks, rows=None)
        found |= {at: _chosen(tried, marks.get(at, ()), texts, at) for at in {at for at, _ in later}}
    return found


def _is_early(kind: Kind, first: Kind) -> bool:
    """Formats of times are tried together, since several may take all values."""
    return kind == first or (kind.time_format is not None and first.time_format is not None)


def null_texts(found: Mapping[int, Found]) -> tuple[str, ...]:
    """What stands for null in a CSV file: what kept typed columns from being read, and what nobody means as text."""
    marks: dict[str, None] = {"": None}
    for one in found.values():
        typed = one.kind != kinds.TEXT or not one.values
        marks |= dict.fromkeys(text for text in one.marks if typed or _is_sure(text))
    return tuple(marks)


def _is_sure(text: str) -> bool:
    return re.fullmatch(_SURE_MARKERS, text) is not None


def _marks(texts: Texts) -> dict[int, tuple[str, ...]]:
    """Texts of each column that may stand for null. JSON and Parquet have a null of their own."""
    if texts.format != "csv":
        return {}
    found: dict[int, tuple[str, ...]] = {}
    columns = list(texts.columns)
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        asked = ", ".join(
            f"list_sort(list(DISTINCT raw{at}) FILTER (regexp_full_match(raw{at}, {literal(_MARKERS)})))" for at in some
        )
        row = texts.engine.connection.execute(f"SELECT {asked} FROM ({texts.sql}) WHERE fault IS NULL").fetchall()[0]
        found |= {at: tuple(map(str, marks)) for at, marks in zip(some, row, strict=True) if marks}
    return found


def _likely(texts: Texts, marks: Mapping[int, tuple[str, ...]]) -> list[tuple[int, Kind]]:
    """The kinds that the first rows don't rule out."""
    usual = {"csv": kinds.OF_CSV, "json": kinds.OF_JSON, "parquet": kinds.OF_PARQUET}[texts.format]
    wanted = [(at, kind) for at, name in texts.columns.items() for kind in _usual(name, usual, texts.format)]
    tried = _try(texts, wanted, marks, rows=_SAMPLE_ROWS)
    settled = {one.at for one in tried if not one.bad and one.filled and one.kind not in _LOOSE}
    formats = (*kinds.OTHER_DATES, *kinds.OTHER_TIMES)
    other = [(at, kind) for at in texts.columns if at not in settled for kind in formats]
    tried += _try(texts, _time_like(texts, other), marks, rows=_SAMPLE_ROWS)
    return [(one.at, one.kind) for one in tried if one.bad <= 4 * _NEARLY * one.filled]


def _usual(name: str, usual: Iterable[Kind], form: str) -> list[Kind]:
    if form == "csv" and is_code(name):
        return []
    return [*([kinds.DIGITS_DATE] if form == "csv" and is_moment(name) else []), *usual]


def _time_like(texts: Texts, wanted: Sequence[tuple[int, Kind]]) -> list[tuple[int, Kind]]:
    """Only of columns whose first rows hold digits with something between them: there are many formats of time."""
    columns = sorted({at for at, _ in wanted})
    if not columns:
        return []
    asked = ", ".join(f"count(*) FILTER (regexp_full_match(raw{at}, {literal(_TIME_LIKE)}))" for at in columns)
    sample = f"SELECT {asked} FROM (FROM ({texts.sql}) LIMIT {_SAMPLE_ROWS})"
    row = texts.engine.connection.execute(sample).fetchall()[0]
    digits = {at for at, count in zip(columns, row, strict=True) if count}
    return [(at, kind) for at, kind in wanted if at in digits]


def _try(
    texts: Texts, wanted: Sequence[tuple[int, Kind]], marks: Mapping[int, tuple[str, ...]], *, rows: int | None
) -> list[_Tried]:
    found: list[_Tried] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        asked = ", ".join(_asked(nth, kind, examples=rows is None) for nth, (_, kind) in enumerate(some))
        readings = tuple(read_as(texts, at, texts.columns[at], kind, marks.get(at, ())) for at, kind in some)
        limited = f"(FROM ({texts.sql}) {'' if rows is None else f'LIMIT {rows}'})"
        part = part_sql(Part(limited, ("f", "r", "fault", "NULL"), readings))
        row = texts.engine.connection.execute(f"SELECT {asked} FROM ({part}) WHERE fault IS NULL").fetchall()[0]
        found += [_Tried(at, kind, *row[5 * nth : 5 * nth + 5]) for nth, (at, kind) in enumerate(some)]
    return found


def _asked(nth: int, kind: Kind, *, examples: bool) -> str:
    """Its values; those it can't hold; of a time those with a zone; of an integer those with a point; an odd one."""
    odd = f"why{nth} = {UNREADABLE}"
    if kind.looks is not None:
        odd = f"({odd} OR (t{nth} IS NOT NULL AND NOT regexp_full_match(trim(raw{nth}, ' \t'), {literal(kind.looks)})))"
    zoned = f"count(*) FILTER (regexp_matches(raw{nth}, {literal(kinds.ZONED)}))" if kind == kinds.TIMESTAMP else "0"
    pointed = f"count(*) FILTER (contains(raw{nth}, '.'))" if kind.logical == "integer" else "0"
    filled = f"count(*) FILTER (t{nth} IS NOT NULL OR why{nth} <> 0)"
    example = f"min(raw{nth}) FILTER ({odd})" if examples else "NULL"
    return f"{filled}, count(*) FILTER ({odd}), {zoned}, {pointed}, {example}"


def read_as(texts: Texts, at: int, name: str, kind: Kind, null: tuple[str, ...]) -> Reading:
    """How the raw text of the column at `at` is read as a kind; null: besides the empty text of CSV."""
    column = Column(name, kind.logical, kind.dtype, Place(name), time_format=kind.time_format)
    return read_column(texts, at, column, null)


def read_column(texts: Texts, at: int, column: Column, null: tuple[str, ...]) -> Reading:
    zone = column.zone or texts.zone
    if texts.format == "csv":
        given = f"CASE WHEN fault IS NULL THEN raw{at} END"
        return from_csv(column, f"raw{at}", given, zone, tuple(dict.fromkeys(("", *null))))
    if texts.format == "json":
        return from_json(column, f"raw{at}", zone)
    found = from_parquet(column, f"raw{at}", "VARCHAR", zone)
    assert found is not None  # text can be read as anything
    return found


def _chosen(tried: list[_Tried], marks: tuple[str, ...], texts: Texts, at: int) -> Found:
    tried = [one for one in tried if one.at == at]
    whole = [one for one in tried if not one.bad and one.filled and _is_fit(one, marks, texts, at)]
    whole.sort(key=lambda one: one.kind in _LOOSE and 1 + _LOOSE.index(one.kind))
    values = max((one.filled for one in tried), default=0) or _filled(texts, at, marks)
    if not whole:
        return replace(_nearly(tried), values=values, marks=marks)
    first = whole[0]
    if first.kind in _LOOSE:
        return replace(_nearly(tried), kind=first.kind, values=values, marks=marks)
    rivals = [one.kind for one in whole if one.kind == first.kind or _is_rival(first.kind, one.kind)]
    if len(rivals) > 1:
        rivals = _narrowest_first(texts, at, rivals, marks)
        return Found(rivals[0], values, marks, either=rivals[1])
    return Found(first.kind, values, marks, first.zoned)


def _nearly(tried: list[_Tried]) -> Found:
    near = [one for one in tried if one.kind not in _LOOSE and one.bad and one.bad <= _NEARLY * one.filled]
    if not near:
        return Found(kinds.TEXT)
    best = min(near, key=lambda one: one.bad)
    return Found(kinds.TEXT, nearly=best.kind, odd=best.bad, example=best.example)


def _is_fit(one: _Tried, marks: tuple[str, ...], texts: Texts, at: int) -> bool:
    """Whether what can be read as a kind is meant as one."""
    if one.kind.logical == "integer":
        # 12.0 may be followed by 12.5: whole numbers are written so where nulls made floats of them.
        return one.pointed < one.filled or (texts.format == "csv" and (bool(marks) or _has_blanks(texts, at)))
    if one.kind == kinds.BOOLEAN and texts.format == "csv":
        select = f"SELECT DISTINCT lower(trim(raw{at}, ' \t')) FROM ({texts.sql}) WHERE fault IS NULL AND raw{at} <> ''"
        words = {str(word) for (word,) in texts.engine.connection.execute(select).fetchall()}
        words -= {text.lower().strip(" \t") for text in marks}
        return words in _BOOLEAN_PAIRS or words in ({"true"}, {"false"})
    return True


def _is_rival(kind: Kind, other: Kind) -> bool:
    return kind.time_format is not None and other.time_format is not None and kind.dtype == other.dtype


def _narrowest_first(texts: Texts, at: int, rivals: list[Kind], marks: tuple[str, ...]) -> list[Kind]:
    """Days taken for months are scattered over the year: the true format gives the shortest span."""
    readings = tuple(read_as(texts, at, texts.columns[at], kind, marks) for kind in rivals)
    part = part_sql(Part(f"({texts.sql})", ("f", "r", "fault", "NULL"), readings))
    asked = ", ".join(f"epoch(max(t{nth})) - epoch(min(t{nth}))" for nth in range(len(rivals)))
    spans = texts.engine.connection.execute(f"SELECT {asked} FROM ({part})").fetchall()[0]
    order = sorted(range(len(rivals)), key=lambda nth: (spans[nth], nth))
    return [rivals[nth] for nth in order]


def _has_blanks(texts: Texts, at: int) -> bool:
    select = f"SELECT count(*) FROM ({texts.sql}) WHERE fault IS NULL AND raw{at} = ''"
    return bool(texts.engine.connection.execute(select).fetchall()[0][0])


def _filled(texts: Texts, at: int, marks: tuple[str, ...]) -> int:
    null = ", ".join(map(literal, ("", *marks)))
    aside = f"AND raw{at} NOT IN ({null})" if texts.format == "csv" else f"AND raw{at} <> 'null'"
    select = f"SELECT count(*) FROM ({texts.sql}) WHERE fault IS NULL AND raw{at} IS NOT NULL {aside}"
    return int(texts.engine.connection.execute(select).fetchall()[0][0])
