"""What a model needs of what is captured, by the table of what it is worth to it."""

from __future__ import annotations

from balun.chain.needs import FOLDER, Need, Needs
from balun.finding import Place
from balun.fit.paired import Gap
from balun.worth.table import Captured, Table


def needs_of(table: Table) -> Needs:
    """Columns whose worth can be told from nothing; of columns that tell the same, the one with the fewest bytes."""
    place = Place(f"{FOLDER}/{table.model}.yaml")
    found = [_need(one, gap, place) for one in table.columns if (gap := one.cost.retrained) and one.counts]
    columns = {one.name: one for one in table.columns}
    for group in table.groups:
        members = [columns[name] for name in group]
        least = min(members, key=lambda one: one.bytes)
        if not any(one.counts for one in members) and least.first is not None and least.first.low > 0:
            others = tuple(one.name for one in members if one is not least)
            found.append(_need(least, least.first, place, others))
    found.sort(key=lambda need: -need.worth)
    return Needs(table.model, table.metric, table.corpus, tuple(found), place)


def _need(one: Captured, gap: Gap, place: Place, others: tuple[str, ...] = ()) -> Need:
    return Need(one.event, one.column, _step(one), gap.value, gap.low, gap.high, place, others)


def _step(one: Captured) -> str | None:
    """The coarsest that costs nothing to be told; else as it is captured."""
    steps = [rung.step for rung in one.rungs if (gap := rung.cost.retrained) is not None and gap.low <= 0]
    return steps[-1] if steps else one.resolution
