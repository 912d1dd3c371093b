"""The coarsest step that all values of a column take."""

from __future__ import annotations

from dataclasses import dataclass

_US = 1_000_000


@dataclass(frozen=True)
class Step:
    """written: as a contract has it. holds: SQL over `{v}`, the value, that is true of values on the step."""

    written: str
    holds: str


_TIMES = tuple(
    Step(written, f"epoch_us({{v}}) % {us} = 0")
    for written, us in (
        ("1 d", 86_400 * _US),
        ("1 h", 3_600 * _US),
        ("15 min", 900 * _US),
        ("1 min", 60 * _US),
        ("1 s", _US),
        ("1 ms", 1_000),
        ("1 us", 1),
    )
)
_WHOLE = tuple(Step(str(step), f"{{v}} % {step} = 0") for step in (1000, 100, 10))
# Beyond 1e12 a double's own steps are as wide as the tolerance.
_DECIMAL = tuple(
    Step(written, f"abs({{v}}) < 1e12 AND abs({{v}} * {scale} - round({{v}} * {scale})) < 1e-6")
    for written, scale in (("1", 1), ("0.1", 10), ("0.01", 100), ("0.001", 1000))
)

STEPS: dict[str, tuple[Step, ...]] = {"timestamptz": _TIMES, "integer": _WHOLE, "float": _DECIMAL}
# A few numbers are round by chance.
FEWEST_DISTINCT = {"timestamptz": 2, "integer": 20, "float": 10}


def coarsest(family: str, on_step: tuple[int, ...], values: int, distinct: int) -> str | None:
    """on_step: how many values are on each of the family's steps; values: how many there are.

    >>> coarsest("float", (3, 3, 40, 40), 40, 25)
    '0.01'
    """
    if not values or distinct < FEWEST_DISTINCT.get(family, 0):
        return None
    steps = STEPS.get(family, ())
    return next((step.written for step, count in zip(steps, on_step, strict=True) if count == values), None)
