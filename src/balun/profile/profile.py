"""A profile: counts, ends, quantiles, frequent values and shapes of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LEVELS = tuple(step / 128 for step in range(129))
"""Of the quantiles, from the least value to the most."""


@dataclass(frozen=True)
class Counted:
    """value: as text; of a shape, letters are `a` or `A`, digits `9`, runs told once with `+`."""

    value: str
    rows: int


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    distinct: an estimate (HyperLogLog) beyond a few thousand. least, most: as text. Texts are cut at 200 characters.
    mean, deviation (of the whole), quantiles (at LEVELS): of numbers, of times in seconds since 1970 UTC, and of times
    of day in seconds since midnight; None and empty for other types. NaN and infinities count for none of these.
    top: the most frequent values, at most 100, most rows first; those of equal rows by their text.
    shortest, longest: characters of a text; None for other types. shapes: the most frequent, at most 20.
    """

    name: str
    dtype: str
    nulls: int
    distinct: int
    least: str | None
    most: str | None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[float, ...] = ()
    top: tuple[Counted, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    shapes: tuple[Counted, ...] = ()


@dataclass(frozen=True)
class Profile:
    """rows: all. seen: of how many of them quantiles, top and shapes were taken; the rest is of all rows."""

    rows: int
    seen: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile | None:
        return next((one for one in self.columns if one.name == name), None)

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Profile:
        columns = tuple(
            ColumnProfile(
                **{
                    **one,
                    "quantiles": tuple(one["quantiles"]),
                    "top": tuple(Counted(**each) for each in one["top"]),
                    "shapes": tuple(Counted(**each) for each in one["shapes"]),
                }
            )
            for one in told["columns"]
        )
        return cls(told["rows"], told["seen"], columns)
