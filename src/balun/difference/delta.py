"""Deltas: how a column's value after a change stands to its value before, in the same row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

Plain = str | int | float | bool | Decimal | None
Values = frozenset[Plain] | None
"""Some values, null among them as None; None in place of the set: any at all."""


@dataclass(frozen=True, slots=True)
class Same:
    """The value is the same."""

    nulls = False


@dataclass(frozen=True, slots=True)
class Swapped:
    """It differs only where it was one of `was`, and then is one of `to`.

    apart: values that were equal are so after, and others aren't.
    """

    was: Values
    to: Values
    apart: bool = False

    @property
    def nulls(self) -> bool:
        return self.was is None or self.to is None or (None in self.was) != (None in self.to)


@dataclass(frozen=True, slots=True)
class Coarse:
    """A time, cut down to a whole step since 1970 in UTC, in microseconds; no null comes or goes."""

    step: int
    nulls = False


@dataclass(frozen=True, slots=True)
class Rounded:
    """A number, cut down to a whole step; no null comes or goes."""

    step: Decimal
    nulls = False


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number as many times as large: its sign stays; no null comes or goes. factor: where nothing is rounded."""

    factor: float | None = None
    nulls = False


@dataclass(frozen=True, slots=True)
class Retyped:
    """The same value in another type, which keeps each value apart. numbers: both are types of numbers.

    was: its type before.
    """

    numbers: bool
    was: str = ""
    nulls = False


@dataclass(frozen=True, slots=True)
class Other:
    """Nothing is known of it. nulls: one of the two may be null alone.

    by: a function of the value that made it, by a name, where this keeps each value apart.
    """

    nulls: bool = True
    by: str | None = None


Delta = Same | Swapped | Coarse | Rounded | Scaled | Retyped | Other
"""nulls: whether it may be null before and not after, or the other way round."""

SAME: Final = Same()
OTHER: Final = Other()
MOVED: Final = Other(nulls=False)
"""Another value perhaps, and null where it was."""


def is_apart(delta: Delta) -> bool:
    """Whether values that were equal are so after, and others aren't."""
    match delta:
        case Same() | Swapped(apart=True):
            return True
        case Retyped(was=was):  # both zeros are equal as numbers, and not as texts
            return was not in {"DOUBLE", "FLOAT", "INTERVAL"}
        case Scaled(factor):
            return factor is not None
        case Other(by=by):
            return by is not None
    return False


def either(one: Delta, other: Delta) -> Delta:
    """Of a value that is of one or the other.

    >>> either(SAME, Swapped(frozenset({"a"}), frozenset({"b"})))
    Swapped(was=frozenset({'a'}), to=frozenset({'b'}), apart=False)
    >>> either(SAME, Coarse(60)).nulls
    False
    """
    if one == other and not isinstance(one, Other):
        return one
    if isinstance(one, Same) and isinstance(other, Swapped):
        return Swapped(other.was, other.to)
    if isinstance(one, Swapped) and isinstance(other, Same):
        return Swapped(one.was, one.to)
    if isinstance(one, Swapped) and isinstance(other, Swapped):
        return Swapped(_both(one.was, other.was), _both(one.to, other.to))
    return Other(nulls=one.nulls or other.nulls)  # whatever it was made by, it wasn't always


def _both(one: Values, other: Values) -> Values:
    return None if one is None or other is None else one | other


def strict(deltas: list[Delta]) -> Delta:
    """Of what is null where one of these is, and only there."""
    if all(isinstance(one, Same) for one in deltas):
        return SAME
    return Other(nulls=any(one.nulls for one in deltas))
