"""What is measured of a source and its examples, to choose a formulation and to prove sums exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from balun.chain.duration import Duration

WIDEST = 90  # bits of a value: 2³⁷ of them still add up within 128
_SMALLEST_UNIT = 1000  # 2^−1000, well within the normal doubles


@dataclass(frozen=True)
class Numbers:
    """What all values of one expression are known to be.

    nulls: how many are null. finite: none is infinite, or not a number.
    bits: each finite value times 2^scale is a whole number below 2^bits; None where that isn't known.
    """

    nulls: int
    bits: int | None = None
    scale: int = 0
    finite: bool = True

    def scaled(self, sql: str) -> tuple[str, str] | None:
        """The whole number and its type; None where there is none, or a sum of it could pass 128 bits.

        None too where the unit is no normal double.
        """
        if self.bits is None or self.bits > WIDEST or abs(self.scale) > _SMALLEST_UNIT:
            return None
        type_ = "INTEGER" if self.bits <= 31 else "BIGINT" if self.bits <= 62 else "HUGEINT"
        factor = f" * {2.0**self.scale!r}" if self.scale else ""
        return f"({sql}::DOUBLE{factor})::{type_}", type_


@dataclass(frozen=True)
class Survey:
    """entities: of the source, about. pairs: about how many (event, example) pairs each window holds in all.

    first, last: all times lie between, in microseconds; None: not known.
    numbers: by an expression's SQL, in brackets.
    ordered: the connection keeps the order that a query gives its rows.
    """

    events: int
    examples: int
    entities: int
    pairs: Mapping[Duration, float]
    first: int | None = None
    last: int | None = None
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    ordered: bool = True
