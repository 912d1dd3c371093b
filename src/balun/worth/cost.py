"""What changes cost one model, in its metric, with 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from balun.fit.metric import Guess
from balun.fit.paired import Gap, Halved, moderated
from balun.told import told
from balun.worth.reply import Reply
from balun.worth.standard import Standard


@dataclass(frozen=True)
class Cost:
    """on_day: lost when the model in service meets changed rows. retrained: when it was fitted again on such history.

    Each None where it can't be told, and then `why_not` says why, of each. inputs: those that differ in some row.
    """

    model: str
    metric: str
    on_day: Gap | None
    retrained: Gap | None
    inputs: tuple[str, ...] = ()
    why_not: tuple[str, str] = ("", "")

    def words(self) -> str:
        """`delay loses roc_auc: 0.0178 on the day (0.0117 to 0.0248), 0.0161 after retraining (0.0114 to 0.0215)`."""
        sides = (self.on_day, self.retrained)
        if sides == (None, None) and self.why_not[0] == self.why_not[1]:
            return f"{self.model} breaks: {self.why_not[0]}"
        names = ("on the day", "after retraining")
        told = [_side(gap, name, why) for gap, name, why in zip(sides, names, self.why_not, strict=True)]
        return f"{self.model} loses {self.metric}: {', '.join(told)}"

    def as_json(self) -> dict[str, object]:
        """Plain data; NaN is null."""
        plain = told(self)
        assert isinstance(plain, dict)
        return plain


def _side(gap: Gap | None, name: str, why: str) -> str:
    return f"breaks {name} ({why})" if gap is None else f"{gap.value:.4g} {name} ({gap.low:.4g} to {gap.high:.4g})"


def cost(standard: Standard, after: Reply, given: Reply | None = None) -> Cost:
    """Judged on the test's examples and their labels as they were before.

    given: what the model answers after other changes that are made anyway; what `after` costs is what it costs besides.
    """
    on_day = _on_day(standard, after.on_day, None if given is None else [given.on_day])
    retrained = _gap(standard, after.retrained, None if given is None else given.retrained)
    return Cost(standard.node.name, standard.metric.name, on_day, retrained, after.inputs, after.why_not)


def _on_day(standard: Standard, after: Guess | None, given: Sequence[Guess | None] | None) -> Gap | None:
    if after is not None and given is None:
        return standard.gap_on_day(after)
    return _gap(standard, [after] if after else [], given)


def _gap(standard: Standard, after: Sequence[Guess], given: Sequence[Guess | None] | None) -> Gap | None:
    if not after:
        return None
    before = given if given is None else [one for one in given if one is not None]
    if before is not None and not before:
        return None
    fits = len(after) if before is None else min(len(after), len(before))
    return standard.gap(after[:fits], before)


def _lent(gap: Gap) -> Gap:
    """One that was fitted on all rows alone takes the noise of fitting from the others."""
    return gap if gap.halved else replace(gap, halved=Halved(0.0, gap.alone[2] ** 2, 0))


def together(costs: Sequence[Cost]) -> list[Cost]:
    """Costs of one table, whose noise of fitting again tells of each other's."""
    known = [_lent(one.retrained) for one in costs if one.retrained is not None]
    better = iter(moderated(known))
    return [one if one.retrained is None else replace(one, retrained=next(better)) for one in costs]
