"""What a person should know of a draft, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from balun.draft.arrival import arrival_note
from balun.draft.detect import Found
from balun.draft.reference import Drawn, Reference
from balun.draft.words import counted
from balun.engine import Engine

_SHOWN = 3


def notes_of(drawn: Drawn, references: Sequence[Reference], engine: Engine) -> tuple[str, ...]:
    """references: of this event, whole or partial."""
    found = [*_about_rows(drawn), *_about_key(drawn), *_about_columns(drawn)]
    found += [_partial(drawn, one) for one in references if one.share < 1]
    arrival = arrival_note(drawn.rows, engine)
    found += [arrival] if arrival else []
    return tuple(found)


def _about_rows(drawn: Drawn) -> Iterator[str]:
    for broken in drawn.rows.broken:
        yield f"{broken}: `balun run` sets these rows aside"
    unusable = drawn.rows.unusable
    if unusable:
        names = ", ".join(repr(name) for name in unusable[:_SHOWN])
        yield f"left out, since no contract can carry them: {names}{_more(len(unusable))}"
    null = [text for text in drawn.rows.source.null if text]
    if null:
        yield f"{', '.join(map(repr, null))} {'is' if len(null) == 1 else 'are'} read as null, in every column"


def _about_key(drawn: Drawn) -> Iterator[str]:
    keys = drawn.keys
    if keys.others:
        yield f"as good a key: {' or '.join(_listed(drawn, one) for one in keys.others)}"
    if keys.key:
        return
    if keys.nearly and keys.nearly[1]:
        at, repeated = keys.nearly
        name = drawn.rows.columns[at].name
        yield f"{name} would be the key, but in {counted(repeated, 'row')} it repeats an earlier one's"
    elif keys.twins:
        yield f"no key: in {counted(keys.twins, 'row')} all columns that it could have repeat an earlier row's"
    elif keys.by_chance:
        yield f"{_listed(drawn, keys.by_chance)} would be a key, but that may be chance"


def _listed(drawn: Drawn, places: Sequence[int]) -> str:
    return f"({', '.join(drawn.rows.columns[at].name for at in places)})"


def _about_columns(drawn: Drawn) -> Iterator[str]:
    columns = drawn.rows.columns
    empty = [column.name for column, seen in zip(columns, drawn.seen, strict=True) if not seen.values]
    if empty:
        yield f"always null: {', '.join(empty[:_SHOWN])}{_more(len(empty))}"
    for at, found in drawn.rows.found.items():
        if found.nearly is not None:
            yield _odd(columns[at].name, found)


def _odd(name: str, found: Found) -> str:
    assert found.nearly is not None
    few = f"{found.odd:,} of {found.values:,} values"
    return f"{name} is text, since {few} can't be read as {found.nearly.logical}, such as {_cut(found.example or '')!r}"


def _cut(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"


def _partial(drawn: Drawn, one: Reference) -> str:
    name = drawn.rows.columns[one.at].name
    return f"{name} looks like {one.other}.{one.column}, which has {100 * one.share:.2f} % of its rows' values"


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""
