"""Rules: one fault a file, with its page beside it. A rule is named for the fault; the mending goes in the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

from balun.facts.known import Chain
from balun.finding import Finding
from balun.rules import (
    constant_extract,
    declared_key_not_implied,
    division_by_zero,
    future_leak,
    join_fans_out,
    not_in_over_nulls,
    null_reaches_required,
    owner_missing,
    predicate_always_true,
    predicate_never_true,
    resolution_mismatch,
    unit_mixed,
    unseen_category,
    unused_captured_column,
    window_shorter_than_step,
    zone_mixed,
)


@dataclass(frozen=True)
class Rule:
    """whole: it looks at the chain as a whole; else at its SELECTs one by one, each with its parents and no others."""

    name: str
    find: Callable[[Chain], Iterator[Finding]]
    whole: bool

    @property
    def page(self) -> str:
        """Why it is a fault, with small projects, good and bad."""
        file = f"{self.name.replace('-', '_')}.md"
        return resources.files(__name__).joinpath(file).read_text(encoding="utf-8")


_WHOLE = (owner_missing, unused_captured_column)
RULES: tuple[Rule, ...] = tuple(
    Rule(module.RULE, module.find, module in _WHOLE)
    for module in (
        constant_extract,
        declared_key_not_implied,
        division_by_zero,
        future_leak,
        join_fans_out,
        not_in_over_nulls,
        null_reaches_required,
        owner_missing,
        predicate_always_true,
        predicate_never_true,
        resolution_mismatch,
        unit_mixed,
        unseen_category,
        unused_captured_column,
        window_shorter_than_step,
        zone_mixed,
    )
)
