"""Rules: one fault a file, with its page beside it. A rule is named for the fault; the mending goes in the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

from balun.chain.graph import Graph
from balun.facts.known import Chain
from balun.finding import Finding
from balun.rules import (
    constant_extract,
    declared_key_not_implied,
    division_by_zero,
    double_count,
    future_leak,
    join_fans_out,
    lossy_cast,
    need_missed,
    not_in_over_nulls,
    null_reaches_required,
    owner_missing,
    personal_data_at_surface,
    predicate_always_true,
    predicate_never_true,
    resolution_mismatch,
    sampled_count,
    stale_promise,
    threshold_in_another_unit,
    unit_mixed,
    unit_undeclared_after_conversion,
    unseen_category,
    unused_captured_column,
    window_shorter_than_step,
    zone_mixed,
)
from balun.rules.tested import UNTESTED, Tested

# What nobody can be asked for who wrote down no owners, no needs and no contract of what is captured. A dbt test says
# that a column has no nulls where its SQL can't; dbt itself holds it against the rows. Its warehouse rounds as it does,
# and whether a column that nobody declared has fractions is a guess.
_OF_OUR_OWN = frozenset({owner_missing.RULE, unused_captured_column.RULE, null_reaches_required.RULE, lossy_cast.RULE})


@dataclass(frozen=True)
class Rule:
    """of: what finds its faults in a chain; `of_tested` in what the last run's rows told besides.

    whole: it looks at the chain as a whole; else at its SELECTs one by one, each with its parents and no others.
    """

    name: str
    of: Callable[[Chain], Iterator[Finding]] | None = None
    of_tested: Callable[[Chain, Tested], Iterator[Finding]] | None = None
    whole: bool = False

    def find(self, chain: Chain, tested: Tested = UNTESTED) -> Iterator[Finding]:
        if self.of is not None:
            yield from self.of(chain)
        if self.of_tested is not None:
            yield from self.of_tested(chain, tested)

    @property
    def page(self) -> str:
        """Why it is a fault, with small projects, good and bad."""
        file = f"{self.name.replace('-', '_')}.md"
        return resources.files(__name__).joinpath(file).read_text(encoding="utf-8")


_OF_CHAIN = (
    constant_extract,
    declared_key_not_implied,
    division_by_zero,
    double_count,
    future_leak,
    join_fans_out,
    lossy_cast,
    need_missed,
    not_in_over_nulls,
    null_reaches_required,
    owner_missing,
    personal_data_at_surface,
    predicate_always_true,
    predicate_never_true,
    resolution_mismatch,
    sampled_count,
    threshold_in_another_unit,
    unit_mixed,
    unit_undeclared_after_conversion,
    unseen_category,
    unused_captured_column,
    window_shorter_than_step,
    zone_mixed,
)
_WHOLE = (double_count, need_missed, owner_missing, personal_data_at_surface, unused_captured_column)
RULES: tuple[Rule, ...] = (
    *(Rule(module.RULE, module.find, whole=module in _WHOLE) for module in _OF_CHAIN),
    Rule(stale_promise.RULE, of_tested=stale_promise.find, whole=True),
)


def rules_of(graph: Graph) -> tuple[Rule, ...]:
    """Those that make sense for a project of its kind."""
    return tuple(rule for rule in RULES if graph.config.tool == "balun" or rule.name not in _OF_OUR_OWN)
