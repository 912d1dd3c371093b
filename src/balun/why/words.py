"""What is known of a column, in words."""

from __future__ import annotations

from collections.abc import Sequence

from balun.facts.grid import Steps
from balun.facts.grid_text import written
from balun.facts.measure import Measure
from balun.facts.moment import Moment, When
from balun.facts.number_step import is_number
from balun.facts.presence import Needs
from balun.facts.privacy import Privacy
from balun.facts.propagate import State
from balun.facts.sampling import Share
from balun.facts.unit import Said

Words = dict[str, str]
UNKNOWN = "unknown"
_US = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "us"))
_TIMES = ("TIMESTAMP", "DATE", "TIME")


def words_of(state: State, names: Sequence[str], at: int, dtype: str) -> Words:
    """Of one column, by fact. A fact that says nothing of its type is left out. names: of all the columns."""
    value = {name: values[at] for name, values in state.values.items()}
    found = {
        "type": dtype,
        "nullable": "may be null" if value["nullable"] else "never null",
        "null where": null_where(value["presence"]) if value["nullable"] else "",
        "key": key(state, names, at),
        "unit": unit(value["unit"], dtype),
        "domain": UNKNOWN if value["domain"] is None else str(value["domain"]),
        "resolution": resolution(value["resolution"], dtype),
        "zone": zone(value["zone"], dtype),
        "moment": moment(value["moment"]),
        "sampling": sampling(value["sampling"]),
        "privacy": privacy(value["privacy"]),
    }
    return {fact: words for fact, words in found.items() if words}


def key(state: State, names: Sequence[str], at: int) -> str:
    """Whether it makes a row unique, alone or with others."""
    found = key_of(state, at)
    if found is None:
        return "in no key"
    others = [names[other] for other in sorted(found) if other != at]
    if others:
        return f"unique with {', '.join(others)}"
    return "unique by itself" if found else "there is one row"


def key_of(state: State, at: int) -> frozenset[int] | None:
    """The least key that a column is in; the empty one where there is one row; None where it is in none."""
    dependencies = state.dependencies
    if dependencies.is_key([at]):
        return frozenset({at} if frozenset() not in dependencies.keys else ())
    found = [one for one in dependencies.keys if at in one]
    return min(found, key=lambda one: (len(one), sorted(one)), default=None)


def keys(state: State, names: Sequence[str]) -> list[list[str]]:
    """Each set of columns that makes a row unique."""
    found = sorted(state.dependencies.keys, key=lambda one: (len(one), sorted(one)))
    return [[names[at] for at in sorted(one)] for one in found]


def unit(value: Measure | Said, dtype: str) -> str:
    if not is_number(dtype):
        return str(value) if isinstance(value, Measure) and value.unit.powers else ""
    match value:
        case Measure():
            return str(value)
        case Said.BARE:
            return "a plain number"
        case Said.MIXED:
            return "several, mixed"
        case Said.ANY:
            return "any: a constant"
    return UNKNOWN


def resolution(value: Steps, dtype: str) -> str:
    if value == UNKNOWN and not (is_number(dtype) or dtype.startswith(_TIMES)):
        return ""
    return written(value, dtype)


def zone(value: str, dtype: str) -> str:
    if value in {UNKNOWN, "none"} and not dtype.startswith(_TIMES):
        return ""
    return {"none": "an instant: none"}.get(value, value)


def moment(value: When) -> str:
    """
    >>> moment(Moment(("ride", "started"), 0, 3_600_000_000)), moment(Moment((7, "ride", "started"), -60_000_000, 0))
    ('ride.started, to 1 h after it', 'ride.started, from 1 min before it')
    """
    if not isinstance(value, Moment):
        return ""
    base = _captured(value.base)
    parts = [f"{word} {side}" for word, side in (("from", _after(value.low)), ("to", _after(value.high))) if side]
    if value.low == value.high:
        return f"{base}, {_after(value.low)}" if value.low else base
    return f"{base}, {' '.join(parts)}"


def _after(us: int) -> str:
    if not us:
        return ""
    length, word = next((length, word) for length, word in _US if us % length == 0)
    return f"{abs(us) // length} {word} {'after' if us > 0 else 'before'} it"


def sampling(value: Share) -> str:
    if value.kind == "lost" or value.rows.how == "lost":
        return UNKNOWN
    rows = {
        "whole": "",
        "thinned": f"{value.rows.rate:.3g} of the rows are there",
        "padded": "some rows find fewer than they would",
        "merged": "groups of which a part is there",
    }[value.rows.how]
    told = "" if value.kind == "same" else str(value)
    return "; ".join(part for part in (told, rows) if part) or "none: each row is there"


def privacy(value: Privacy) -> str:
    """
    >>> privacy(Privacy()), privacy(Privacy(rows=frozenset({"restricted"})))
    ('not classified', 'not classified; rows are chosen by what is restricted')
    """
    told = ", ".join(sorted(value.computed)) or "not classified"
    chosen = ", ".join(sorted(value.selected - value.computed))
    return f"{told}; rows are chosen by what is {chosen}" if chosen else told


def null_where(value: Needs) -> str:
    """
    >>> null_where(frozenset({(7, "ride", "tip")}))
    'ride.tip is null'
    """
    if not value:
        return ""
    return f"{' or '.join(sorted(set(map(_captured, value))))} is null"


def _captured(token: tuple[object, ...]) -> str:
    """`event.column`, without the reads that led to it."""
    return ".".join(map(str, token[-2:]))


def differences(before: Words, after: Words) -> list[tuple[str, str, str]]:
    """Facts that aren't what they were: which, from what, to what."""
    facts = [fact for fact in dict.fromkeys([*before, *after]) if before.get(fact) != after.get(fact)]
    if "nullable" in facts and "null where" in facts:
        facts.remove("null where")  # it says no more
    if _wide(before["key"]) == _wide(after["key"]) and "key" in facts:
        facts.remove("key")  # other names for the same
    return [(fact, before.get(fact, ""), after.get(fact, "")) for fact in facts]


def _wide(key: str) -> str | int:
    return key.count(",") if key.startswith("unique with") else key
