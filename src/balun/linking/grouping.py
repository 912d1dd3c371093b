"""Which fields say the same thing twice: agreeing on a suburb and on its postcode is one piece of evidence."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from balun.linking.comparing import Group
from balun.linking.training import equal_pairs

if TYPE_CHECKING:
    from balun.linking.kind import Field
    from balun.linking.records import Records

_OFTENER = 4.0  # than by chance, after the matches
_WEAKER = 16.0
_KINDS = frozenset({"name", "code", "date", "category", "number"})


def grouped(records: Records, sure: int) -> tuple[Group, ...]:
    """Fields, those together that agree together among records that don't match.

    sure: about how many matches there are, 0 where that isn't known: as many may agree on anything.
    """
    matches = sure or records.total // 2
    together: dict[Field, list[Field]] = {field: [field] for field in records.fields}
    alone = {field: equal_pairs(records, [field.column]) for field in records.fields if field.kind in _KINDS}
    whole = max(1, records.possible)
    for one, other in combinations(alone, 2):
        both = equal_pairs(records, [one.column, other.column]) - 2 * matches
        by_chance = alone[one] * alone[other] / whole
        if both > _OFTENER * by_chance and both > matches and together[one] is not together[other]:
            joined = together[one] + together[other]
            together |= dict.fromkeys(joined, joined)
    sets = {id(fields): fields for fields in together.values()}
    return tuple(_group(at, fields, alone) for at, fields in enumerate(sets.values()))


def _group(at: int, fields: list[Field], alone: dict[Field, float]) -> Group:
    if len(fields) == 1:
        return Group(fields[0].column, (fields[0],))
    ranked = sorted(fields, key=lambda field: (alone[field], field.column))
    least = max(1.0, alone[ranked[0]])
    strong = tuple(field for field in ranked if alone[field] <= _WEAKER * least)
    return Group(f"g{at}", strong, tuple(field for field in ranked if field not in strong))
