"""How two values of a kind are compared: levels of agreement, the best first, as Splink's settings write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from balun.linking.kind import Field

_COSINES = (0.95, 0.85, 0.7, 0.55, 0.4, 0.25)


@dataclass(frozen=True)
class Level:
    """A step of agreement. condition: SQL over `c_l`, `c_r`; None: whatever is left. exact: equal values."""

    label: str
    condition: str | None
    exact: bool = False


@dataclass(frozen=True)
class Group:
    """What is compared as one: a field, or fields of which one says what the others are, as a suburb and its postcode.

    column: what its levels and weights are named by. strong: the most telling first. weak: far less telling.
    """

    column: str
    strong: tuple[Field, ...]
    weak: tuple[Field, ...] = ()

    @property
    def label(self) -> str:
        return " + ".join(field.name for field in (*self.strong, *self.weak))

    @property
    def alone(self) -> Field | None:
        """Its field, where it has one only."""
        return self.strong[0] if len(self.strong) == 1 and not self.weak else None


def levels(group: Group) -> tuple[Level, ...]:
    """From the strongest agreement to none; nulls are told apart before."""
    if group.alone:
        return _of_field(group.alone)
    each = [_of_field(field) for field in group.strong]
    steps = [Level("all equal" if len(each) > 1 else "equal", _all(each))]
    if len(each) > 1:
        steps.append(Level("one equal", _any(one[0] for one in each)))
    alike = [one[1] for one in each if len(one) > 2]
    steps += [Level("one alike", _any(alike))] if alike else []
    weak = [_of_field(field)[0] for field in group.weak]
    steps += [Level("same " + " or ".join(field.name for field in group.weak), _any(weak))] if weak else []
    return (*steps, Level("different", None))


def _all(each: Sequence[tuple[Level, ...]]) -> str:
    return " AND ".join(f"({one[0].condition})" for one in each)


def _any(some: Iterable[Level]) -> str:
    return " OR ".join(f"coalesce({one.condition}, false)" for one in some)


def _of_field(field: Field) -> tuple[Level, ...]:
    left, right = f"{field.column}_l", f"{field.column}_r"
    equal = Level("equal", f"{left} = {right}", exact=True)
    match field.kind:
        case "text":
            cosine = f"cosine_{field.column}(rid_l, rid_r)"
            steps = [Level(f"cosine ≥ {at:g}", f"{cosine} >= {at}") for at in _COSINES]
        case "name":
            alike = [
                Level(f"alike ≥ {at:g}", f"jaro_winkler_similarity({left}, {right}) >= {at}") for at in (0.92, 0.8)
            ]
            part = f"starts_with({left}, {right}) OR starts_with({right}, {left})"
            steps = [equal, alike[0], Level("one begins as the other", part), alike[1]]
        case "code":
            edits = f"damerau_levenshtein({left}, {right})"
            steps = [equal, Level("one edit", f"{edits} <= 1 AND length({left}) > 2")]
            # Two wrong digits in ten are another number as likely as a slip.
            steps += [Level("two edits", f"{edits} <= 2 AND length({left}) > 11")]
        case "date":
            edits = f"damerau_levenshtein({left}, {right})"
            swapped = f"{left}[:4] = {right}[:4] AND {left}[5:6] = {right}[7:8] AND {left}[7:8] = {right}[5:6]"
            steps = [equal, Level("one digit off", f"{edits} <= 1"), Level("day and month swapped", swapped)]
            steps += [Level("two digits off", f"{edits} <= 2"), Level("same year", f"{left}[:4] = {right}[:4]")]
        case "number":
            apart = f"abs({left} - {right}) / greatest(abs({left}), abs({right}), 1e-9)"
            steps = [equal, *(Level(f"within {at:.0%}", f"{apart} <= {at}") for at in (0.01, 0.1))]
        case "words":
            shared = f"len(list_intersect({left}, {right}))"
            share = f"{shared} / greatest(len({left}), len({right}))"
            steps = [equal, *(Level(f"≥ {at:.0%} shared", f"{share} >= {at}") for at in (0.75, 0.5))]
            steps += [Level("one shared", f"{shared} >= 1")]
        case _:
            steps = [equal]
    return (*steps, Level("different", None))


def adjusted(field: Field) -> bool:
    """Whether agreeing on a rare value weighs more than on a common one."""
    return field.kind in {"name", "code", "category"}


Weights = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def comparison(group: Group, weights: Weights | None) -> dict[str, object]:
    """weights: of each group's levels, how often matches (m) and others (u) are in it."""
    unknown = " AND ".join(f"({one.column}_l IS NULL OR {one.column}_r IS NULL)" for one in group.strong)
    null = {"sql_condition": unknown, "label_for_charts": "null", "is_null_level": True}
    return {
        "output_column_name": group.column,
        "comparison_levels": [null, *(_level(group, at, level, weights) for at, level in enumerate(levels(group)))],
    }


def _level(group: Group, at: int, level: Level, weights: Weights | None) -> dict[str, object]:
    told: dict[str, object] = {"sql_condition": level.condition or "ELSE", "label_for_charts": level.label}
    if level.exact and group.alone and adjusted(group.alone):
        told |= {"tf_adjustment_column": group.alone.column, "tf_adjustment_weight": 1.0}
    if weights:
        m, u = weights[group.column]
        told |= {"m_probability": m[at], "u_probability": u[at]}
    return told


def settings(groups: Sequence[Group], weights: Weights | None = None, prior: float = 1e-4) -> dict[str, object]:
    """A Splink model; without weights one that only tells levels apart."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "probability_two_random_records_match": prior,
        "comparisons": [comparison(group, weights) for group in groups],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # else Splink leaves out the levels too
        "retain_intermediate_calculation_columns": True,
    }
