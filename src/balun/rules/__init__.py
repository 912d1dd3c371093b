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

# What nobody can be asked for who wrote down no owners, no needs and no contract of what is captured. A dbt test says
# that a column has no nulls where its SQL can't; dbt itself holds it against the rows.
_OF_OUR_OWN = frozenset({owner_missing.RULE, unused_captured_column.RULE, null_reaches_required.RULE})


@dataclass(frozen=True)
class Rule:
    name: str
    find: Callable[[Chain], Iterator[Finding]]

    @property
    def page(self) -> str:
        """Why it is a fault, with small projects, good and bad."""
        file = f"{self.name.replace('-', '_')}.md"
        return resources.files(__name__).joinpath(file).read_text(encoding="utf-8")


RULES: tuple[Rule, ...] = tuple(
    Rule(module.RULE, module.find)
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


def rules_of(graph: Graph) -> tuple[Rule, ...]:
    """Those that make sense for a project of its kind."""
    return tuple(rule for rule in RULES if graph.config.tool == "balun" or rule.name not in _OF_OUR_OWN)
