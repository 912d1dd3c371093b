"""Mends as SQL and as plain Python, side by side, and what they make of rows at fault: what a scan must agree with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from balun.chain.contract import Contract
from balun.chain.mend import Mend
from balun.finding import Place
from balun.quoting import literal, quoted
from plain_validator import Faults, Raw, Rows, judged_cell, without_duplicates, without_repeats

PLACE = Place("contracts/thing.mends.yaml", 3)
Texts = list[str | None]


class Fails(Exception):
    """The expression can't be worked out for this row."""


@dataclass(frozen=True)
class Told:
    """An expression: `sql`, and the same in Python over the texts of a row."""

    sql: str
    python: Callable[[Texts], str | None]


def copied(at: int, names: Sequence[str]) -> Told:
    return Told(quoted(names[at]), lambda row: row[at])


def set_to(value: str | None) -> Told:
    return Told(literal(value), lambda _: value)


def replaced(at: int, names: Sequence[str], old: str, new: str) -> Told:
    sql = f"replace({quoted(names[at])}, {literal(old)}, {literal(new)})"
    return Told(sql, lambda row: None if (text := row[at]) is None else text.replace(old, new))


def trimmed(at: int, names: Sequence[str]) -> Told:
    return Told(f"trim({quoted(names[at])})", lambda row: None if (text := row[at]) is None else text.strip(" "))


def nulled(at: int, names: Sequence[str], value: str) -> Told:
    sql = f"nullif({quoted(names[at])}, {literal(value)})"
    return Told(sql, lambda row: None if row[at] == value else row[at])


def cast(at: int, names: Sequence[str]) -> Told:
    """It fails for each text, and leaves null null."""

    def python(row: Texts) -> None:
        if row[at] is not None:
            raise Fails

    return Told(f"({quoted(names[at])} || 'q')::INTEGER", python)


@dataclass(frozen=True)
class Both:
    """A mend, and what it does. sets: by the column's number."""

    mend: Mend
    sets: tuple[tuple[int, Told], ...]
    where: Told | None


@st.composite
def mends(draw: st.DrawFn, contract: Contract, texts: Sequence[Sequence[str]], good: Sequence[Sequence[str]]) -> Both:
    """texts: of each column, what may stand there. good: what keeps its promises."""
    names = [column.name for column in contract.columns]
    numbers = range(len(names))
    chosen = (
        draw(st.sets(st.sampled_from(numbers), min_size=1, max_size=2)) if draw(st.integers(0, 4)) else set(numbers)
    )
    sets = tuple((at, draw(_expressions(at, names, texts[at], good[at]))) for at in sorted(chosen))
    kind, where, told = (
        draw(st.sampled_from(["all", "all", "all", "all", "rule", "rule of a column", "sql"])),
        None,
        None,
    )
    rules = ["value-unreadable", "value-null", "value-low", "value-unknown", "text-long", "fields-missing"]
    if kind == "rule":
        where = draw(st.sampled_from(rules))
    elif kind == "rule of a column":
        where = f"{draw(st.sampled_from(rules))} {names[draw(st.sampled_from(numbers))]}"
    elif kind == "sql":
        at = draw(st.sampled_from(numbers))
        word = draw(st.sampled_from(texts[at]))
        told = Told(
            f"{quoted(names[at])} <> {literal(word)}", lambda row: "yes" if row[at] not in {None, word} else None
        )
        where = told.sql
    return Both(Mend(tuple((names[at], one.sql) for at, one in sets), PLACE, where), sets, told)


def _expressions(at: int, names: Sequence[str], texts: Sequence[str], good: Sequence[str]) -> st.SearchStrategy[Told]:
    """Two in three cure a value."""
    cures = st.sampled_from(good).map(set_to) if good else st.just(set_to(None))
    others = st.one_of(
        st.just(replaced(at, names, ",", ".")),
        st.just(replaced(at, names, " ", "")),
        st.just(trimmed(at, names)),
        st.just(cast(at, names)),
        st.sampled_from([*texts, None]).map(set_to),
        st.sampled_from(texts).map(lambda text: nulled(at, names, text)),
        st.sampled_from(range(len(names))).map(lambda one: copied(one, names)),
    )
    return st.integers(0, 2).flatmap(lambda die: cures if die else others)


@dataclass
class Judged:
    """kept: in order. faults: of those set aside, by number. mended: the faults that kept rows had, by number."""

    kept: Rows
    faults: Faults
    mended: Faults


@dataclass
class _Row:
    """seen: texts as mends see them. cells: a value and the rules it breaks, by column. broken: the line's fault."""

    seen: Texts
    cells: list[tuple[object, set[str]]]
    broken: str | None = None
    was: set[tuple[str, str | None]] = field(default_factory=set)
    touched: bool = False


@dataclass(frozen=True)
class Line:
    """A line that can't be split, or one that is: its fault, the cells to judge, and their texts."""

    cells: Sequence[object]
    seen: Texts
    broken: str | None = None


def judged_with(
    contract: Contract, lines: Sequence[Line], zone: str, mended_by: Sequence[Both], null: set[str]
) -> Judged:
    """null: texts that stand for null where a mend sets them."""
    names = [column.name for column in contract.columns]
    rows = {number: _row(contract, line, zone) for number, line in enumerate(lines, 1)}
    for row in rows.values():
        row.was = _faults(row, names)
    for both in mended_by:
        for row in rows.values():
            if _is_for(both, row, names):
                _mend(both, row, contract, zone, null)
    values = {number: [value for value, _ in row.cells] for number, row in rows.items() if not _faults(row, names)}
    faults: Faults = {number: row.was | _faults(row, names) for number, row in rows.items() if number not in values}
    repeats: Faults = {}
    without_duplicates(contract, values, repeats)
    without_repeats(contract, values, repeats)
    for number, found in repeats.items():
        faults[number] = found | rows[number].was
    return Judged(
        list(values.values()), faults, {number: rows[number].was for number in values if rows[number].touched}
    )


def _row(contract: Contract, line: Line, zone: str) -> _Row:
    if line.broken:
        return _Row(list(line.seen), [(None, set()) for _ in contract.columns], line.broken)
    pairs = zip(contract.columns, line.cells, strict=True)
    return _Row(list(line.seen), [judged_cell(column, cell, zone) for column, cell in pairs])


def _faults(row: _Row, names: Sequence[str]) -> set[tuple[str, str | None]]:
    if row.broken:
        return {(row.broken, None)}
    return {(rule, name) for name, (_, rules) in zip(names, row.cells, strict=True) for rule in rules}


def _is_for(both: Both, row: _Row, names: Sequence[str]) -> bool:
    own = {names[at] for at, _ in both.sets}
    now = _faults(row, names)
    whole = len(own) == len(names)
    if not any((name is None and whole) or name in own for _, name in now):
        return False
    if both.where is not None:
        return both.where.python(row.seen) is not None
    if both.mend.where is None:
        return True
    rule, _, column = both.mend.where.partition(" ")
    return any(rule == one and (not column or name == column) for one, name in now)


def _mend(both: Both, row: _Row, contract: Contract, zone: str, null: set[str]) -> None:
    try:
        new = [(at, told.python(row.seen)) for at, told in both.sets]
    except Fails:
        return
    row.touched = True
    if len(new) == len(contract.columns):
        row.broken = None
    for at, text in new:
        row.seen[at] = text
        cell = None if text is None or text in null else Raw(text)
        row.cells[at] = judged_cell(contract.columns[at], cell, zone)
