"""What a search for a smaller model found, told in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from statistics import median

from balun.fit.paired import Gap
from balun.fit.result import Stretch
from balun.minimize.bill import Bill
from balun.told import told

_NEAR = 10  # margins, within which a loss counts as small


@dataclass(frozen=True)
class Point:
    """A smaller model on the validation. kept: columns that its inputs are made of. steps: coarser ones, by column.

    value: of the metric. gap: what it loses; None where it can't be made. holds: less than the margin for sure.
    """

    kept: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    bill: Bill
    value: float
    gap: Gap | None
    holds: bool
    chosen: bool = False


@dataclass(frozen=True)
class Kept:
    """A captured column that the smaller model's inputs are made of. step: the coarsest that will do; None: as it is.

    resolution: as captured, where the contract says so.
    """

    name: str
    owner: str | None
    resolution: str | None
    step: str | None
    bytes: float


@dataclass(frozen=True)
class Gone:
    """A captured column that the smaller model's inputs are not made of. stays: what of the model asks for it still.

    others: what else of the project hangs on it, with its owner.
    """

    name: str
    owner: str | None
    bytes: float
    stays: str
    others: tuple[tuple[str, str | None], ...]

    @property
    def may_go(self) -> bool:
        """Whether nothing in the project asks for it."""
        return not self.stays and not self.others


@dataclass(frozen=True)
class Tested:
    """On the test, looked at once. before, after: the metric. gap: what is lost; None where it can't be made.

    fine: of the smaller inputs as captured now, none coarser: what the declaration that is written gives.
    margin: as the test has it. holds: whether the loss stays under it for sure.
    """

    before: float
    after: float
    fine: float
    gap: Gap | None
    margin: float
    holds: bool


@dataclass(frozen=True)
class Minimized:
    """cost: what was to be small. share: of the gain over the training's average, what may be lost; margin: in the
    metric, on the validation. measurable: one standard error may be lost, in its place.

    value, gain: of the model as it is, on the validation. gap: what the chosen loses there, with the noise of fitting;
    None, and nothing is tested, where none is smaller. frontier: all that was tried, the cheapest first.
    after: predictions are timed on the test, and before too. label_only: columns that no input is made of.
    fits: how many there were, for what, those known from before among them. worked_out: answers that weren't known.
    """

    project: str
    model: str
    metric: str
    greater_is_better: bool
    cost: str
    share: float
    margin: float
    measurable: bool
    value: float
    gain: float
    validation: Stretch
    test: Stretch
    frontier: tuple[Point, ...]
    kept: tuple[Kept, ...]
    gone: tuple[Gone, ...]
    label_only: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    before: Bill
    after: Bill
    gap: Gap | None
    tested: Tested | None
    fits: Mapping[str, int]
    worked_out: int
    written: str | None = None
    picture: str | None = None

    @property
    def holds(self) -> bool:
        """Whether the test agrees; where nothing is smaller there is nothing to agree to."""
        return self.tested is None or self.tested.holds

    @property
    def blur(self) -> float:
        """How far from a small loss its bound lies, as the median of what was tried; NaN where nothing was small."""
        near = [one.gap for one in self.frontier if one.gap is not None]
        widths = [gap.high - gap.value for gap in near if gap.high > gap.value and gap.value < _NEAR * self.margin]
        return median(widths) if widths else nan

    def as_json(self) -> dict[str, object]:
        """Plain data; NaN is null."""
        plain = told(self)
        assert isinstance(plain, dict)
        gone = [{**one, "may_go": column.may_go} for one, column in zip(plain["gone"], self.gone, strict=True)]
        return {**plain, "gone": gone, "holds": self.holds, "blur": told(self.blur)}
