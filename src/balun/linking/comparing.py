"""How two values of a kind are compared: levels of agreement, the best first, as Splink's settings write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from balun.linking.kind import Field

_COSINES = (0.95, 0.85, 0.7, 0.55, 0.4, 0.25)


@dataclass(frozen=True)
class Level:
    """A step of agreement. condition: SQL over `c_l`, `c_r`; None: whatever is left. exact: equal values."""

    label: str
    condition: str | None
    exact: bool = False


def levels(field: Field) -> tuple[Level, ...]:
    """From the strongest agreement to none; nulls are told apart before."""
    left, right = f"{field.column}_l", f"{field.column}_r"
    equal = Level("equal", f"{left} = {right}", exact=True)
    match field.kind:
        case "text":
            cosine = f"cosine_{field.column}(rid_l, rid_r)"
            steps = [Level(f"cosine ≥ {at:g}", f"{cosine} >= {at}") for at in _COSINES]
        case "name":
            alike = [Level(f"alike ≥ {at:g}", f"jaro_winkler_similarity({left}, {right}) >= {at}") for at in (0.92, 0.8)]
            part = f"starts_with({left}, {right}) OR starts_with({right}, {left})"
            steps = [equal, alike[0], Level("one begins as the other", part), alike[1]]
        case "code":
            edits = f"damerau_levenshtein({left}, {right})"
            steps = [equal, Level("one edit", f"{edits} <= 1 AND length({left}) > 2")]
            steps += [Level("two edits", f"{edits} <= 2 AND length({left}) > 5")]
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


def comparison(field: Field, weights: Weights | None) -> dict[str, object]:
    """weights: of each field's levels, how often matches (m) and others (u) are in it."""
    left, right = f"{field.column}_l", f"{field.column}_r"
    null = {"sql_condition": f"{left} IS NULL OR {right} IS NULL", "label_for_charts": "null", "is_null_level": True}
    return {
        "output_column_name": field.column,
        "comparison_levels": [null, *(_level(field, at, level, weights) for at, level in enumerate(levels(field)))],
    }


def _level(field: Field, at: int, level: Level, weights: Weights | None) -> dict[str, object]:
    told: dict[str, object] = {"sql_condition": level.condition or "ELSE", "label_for_charts": level.label}
    if level.exact and adjusted(field):
        told |= {"tf_adjustment_column": field.column, "tf_adjustment_weight": 1.0}
    if weights:
        m, u = weights[field.column]
        told |= {"m_probability": m[at], "u_probability": u[at]}
    return told


def settings(fields: Sequence[Field], weights: Weights | None = None, prior: float = 1e-4) -> dict[str, object]:
    """A Splink model; without weights one that only tells levels apart."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "probability_two_random_records_match": prior,
        "comparisons": [comparison(field, weights) for field in fields],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # else Splink leaves out the levels too
        "retain_intermediate_calculation_columns": True,
    }
