"""Rows that find no partner, and where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

from balun.engine import Engine
from balun.joins.form import Link
from balun.joins.side import Column, Side
from balun.quoting import quoted

_MOST_VALUES = 40
_FEWEST, _LEVEL = 5, 0.01
# A slice is named where it is lost this many times as often as the whole, and holds this share of what is lost.
_LIFT, _SHARE = 1.5, 0.25


@dataclass(frozen=True)
class Slice:
    """Values of a column among which rows are lost far more often. of_lost: their share of the lost rows.

    of_rows: their share of all rows. lost: the share of their own rows that is lost.
    """

    column: str
    values: tuple[str, ...]
    of_lost: float
    of_rows: float
    lost: float

    def words(self) -> str:
        named = ", ".join(self.values[:5]) + (f" and {len(self.values) - 5} more" if len(self.values) > 5 else "")
        return f"{self.of_lost:.0%} of them where {self.column} is {named}, which is {self.of_rows:.0%} of all rows"

    def as_json(self) -> dict[str, object]:
        return {"column": self.column, "values": list(self.values), "share_of_lost": self.of_lost,
                "share_of_rows": self.of_rows, "lost": self.lost}  # fmt: skip


def lost_slice(left: Side, right: Side, links: Sequence[Link], engine: Engine) -> Slice | None:
    """The slice that tells lost rows from others best; None where no column tells more than chance would."""
    keys = [link.sides(f"l.{quoted(link.left.name)}", f"r.{quoted(link.right.name)}") for link in links]
    on = " AND ".join(f"{one} = {other}" for one, other in keys)
    return lost_by(left, right, on, {link.left.name: one for link, (one, _) in zip(links, keys, strict=True)}, engine)


def lost_by(left: Side, right: Side, on: str, keys: Mapping[str, str], engine: Engine) -> Slice | None:
    """The same of any condition. on: in SQL, over `l` and `r`. keys: SQL of what it compares, by the left columns.

    Rows of one key are lost together, so that keys are tested, not rows; and as many slices as are looked at, as much
    surer each must be.
    """
    names = [one.name for one in _categories(left, set(keys))]
    if not names:
        return None
    _mark(left, right, on, tuple(keys.values()), names, engine)
    found = list(_slices(names, engine))
    return max(found, key=lambda one: one.of_lost - one.of_rows, default=None)


def _categories(side: Side, left_out: set[str]) -> list[Column]:
    return [
        one
        for one in side.columns
        if one.name not in left_out and one.values and _is_category(one.kind, one.distinct, one.values)
    ]


def _is_category(kind: str, distinct: int, values: int) -> bool:
    return kind == "boolean" or (kind in {"text", "integer"} and 2 <= distinct <= min(_MOST_VALUES, values / 10))


def _mark(left: Side, right: Side, on: str, keys: Sequence[str], names: Sequence[str], engine: Engine) -> None:
    there = " AND ".join(f"{one} IS NOT NULL" for one in keys) or "false"
    entity = f"CASE WHEN {there} THEN hash({', '.join(keys) or '0'}) ELSE hash(number) END"
    listed = "".join(f", l.{quoted(name)} AS c{at}" for at, name in enumerate(names))
    engine.connection.execute(
        "CREATE OR REPLACE TEMP TABLE _balun_lost AS "
        f"SELECT {entity} AS entity, NOT EXISTS (SELECT 1 FROM {right.view} AS r WHERE {on}) AS lost{listed} "
        f"FROM (SELECT *, row_number() OVER () AS number FROM {left.view}) AS l"
    )


def _slices(names: Sequence[str], engine: Engine) -> Iterator[Slice]:
    run = engine.connection.execute
    totals = "count(*), count(*) FILTER (lost), count(DISTINCT entity), count(DISTINCT entity) FILTER (lost)"
    rows, lost, entities, lost_entities = map(int, run(f"SELECT {totals} FROM _balun_lost").fetchall()[0])
    counted = [run(f"SELECT c{at}, {totals} FROM _balun_lost GROUP BY 1").fetchall() for at in range(len(names))]
    tests = sum(map(len, counted))
    for name, values in zip(names, counted, strict=True):
        chosen = [
            one
            for one in values
            if one[2] / one[1] >= _LIFT * lost / max(rows, 1)
            and one[4] >= _FEWEST
            and _chance(one[4], one[3], lost_entities, entities) * tests < _LEVEL
        ]
        chosen.sort(key=lambda one: -one[2])
        count, of_lost = sum(one[1] for one in chosen), sum(one[2] for one in chosen)
        if chosen and of_lost / lost >= _SHARE:
            shown = tuple("null" if one[0] is None else str(one[0]) for one in chosen)
            yield Slice(name, shown, of_lost / lost, count / rows, of_lost / count)


def _chance(lost: int, of: int, all_lost: int, all_: int) -> float:
    """How likely so many of a slice are lost where slices are alike: the upper tail, by the normal approximation.

    >>> _chance(50, 100, 100, 1000) < 1e-9, round(_chance(10, 100, 100, 1000), 1)
    (True, 0.6)
    """
    share = all_lost / all_
    spread = sqrt(of * share * (1 - share) * (all_ - of) / max(1, all_ - 1))
    if not spread:
        return 1.0
    return erfc((lost - 0.5 - of * share) / spread / sqrt(2)) / 2
