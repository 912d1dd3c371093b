"""What a join does to rows, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from balun.engine import Engine
from balun.joins.form import Link
from balun.joins.side import Side
from balun.quoting import quoted


@dataclass(frozen=True)
class Measured:
    """rows: of the left. valued: of them, those with all that is compared. met: those that find a partner.

    pairs: what an inner join gives. most: right rows that one left row meets at most.
    other_rows, other_met, other_most: the same of the right rows.
    left_most, right_most: rows that share one key, at most, whether they meet or not. other_keys: different keys of
    the right rows; other_valued: right rows that have all of one.
    """

    rows: int
    valued: int
    met: int
    pairs: int
    most: int
    other_rows: int
    other_met: int
    other_most: int
    left_most: int
    right_most: int
    other_keys: int
    other_valued: int

    @property
    def unique(self) -> float:
        """Different keys of the right rows, as a share of those that have one."""
        return self.other_keys / self.other_valued if self.other_valued else 0.0

    @property
    def coverage(self) -> float:
        return self.met / self.rows if self.rows else 0.0

    @property
    def covered(self) -> float:
        """Of the rows that have a value."""
        return self.met / self.valued if self.valued else 0.0

    @property
    def other_coverage(self) -> float:
        return self.other_met / self.other_rows if self.other_rows else 0.0

    @property
    def nulls(self) -> float:
        return 1 - self.valued / self.rows if self.rows else 0.0

    @property
    def fan_out(self) -> float:
        """Right rows that a left row meets, on average over those that meet any."""
        return self.pairs / self.met if self.met else 0.0

    @property
    def other_fan_out(self) -> float:
        return self.pairs / self.other_met if self.other_met else 0.0

    @property
    def cardinality(self) -> str:
        """Of left to right: `n:1` where no two right rows share a key."""
        left = "1" if self.left_most <= 1 else "n"
        return f"{left}:1" if self.right_most <= 1 else f"{left}:{'m' if left == 'n' else 'n'}"

    def as_json(self) -> dict[str, object]:
        return {
            "rows": self.rows, "nulls": self.nulls, "matched": self.met, "lost": self.rows - self.met,
            "coverage": self.coverage, "cardinality": self.cardinality, "fan_out": self.fan_out, "most_met": self.most,
            "other": {"rows": self.other_rows, "matched": self.other_met, "coverage": self.other_coverage,
                      "fan_out": self.other_fan_out, "most_met": self.other_most},
        }  # fmt: skip


def measure(left: Side, right: Side, links: Sequence[Link], engine: Engine) -> Measured:
    """Both sides are counted by key first, so that a join that multiplies rows costs no more than another."""
    keys = [link.sides(quoted(link.left.name), quoted(link.right.name)) for link in links]
    on = " AND ".join(f"l.k{at} = r.k{at}" for at in range(len(keys)))
    has = {side: " AND ".join(f"{side}.k{at} IS NOT NULL" for at in range(len(keys))) for side in "lr"}
    asked = (
        "sum(n)", f"sum(n) FILTER ({has['l']})", "sum(n) FILTER (m IS NOT NULL)", "sum(n::HUGEINT * m)",
        "max(m) FILTER (n IS NOT NULL)", "sum(m)", "sum(m) FILTER (n IS NOT NULL)", "max(n) FILTER (m IS NOT NULL)",
        f"max(n) FILTER ({has['l']})", f"max(m) FILTER ({has['r']})",
        f"count(m) FILTER ({has['r']})", f"sum(m) FILTER ({has['r']})",
    )  # fmt: skip
    found = engine.connection.execute(
        f"WITH l AS ({_counted(left.view, [one for one, _ in keys], 'n')}), "
        f"r AS ({_counted(right.view, [other for _, other in keys], 'm')}) "
        f"SELECT {', '.join(f'coalesce({one}, 0)' for one in asked)} FROM l FULL JOIN r ON {on}"
    ).fetchall()[0]
    return Measured(*map(int, found))


def measure_by(left: Side, right: Side, on: str, keys: Sequence[str], engine: Engine, *, asof: bool) -> Measured:
    """Of any condition, row by row. on: in SQL, over `l` and `r`; keys: SQL of what of a left row it compares.

    Rows that share a key are those that share a partner; `other_keys` and `other_valued` are 0.
    """
    has = " AND ".join(f"{one} IS NOT NULL" for one in keys) or "true"
    numbered = (
        f"l AS MATERIALIZED (SELECT *, row_number() OVER () AS _balun_n FROM {left.view}), "
        f"r AS MATERIALIZED (SELECT *, row_number() OVER () AS _balun_m FROM {right.view})"
    )
    met = f"FROM l {'ASOF ' * asof}JOIN r ON {on}"
    sides = ("SELECT _balun_n AS row", "l"), ("SELECT _balun_m AS row", "r")
    grouped = ", ".join(
        f"of_{name} AS (SELECT row, count(*) AS n FROM ({of} {met}) GROUP BY row)" for of, name in sides
    )
    asked = (
        "(SELECT count(*) FROM l)", f"(SELECT count(*) FROM l WHERE {has} OR _balun_n IN (SELECT row FROM of_l))",
        "(SELECT count(*) FROM of_l)",
        "(SELECT coalesce(sum(n), 0) FROM of_l)", "(SELECT coalesce(max(n), 0) FROM of_l)",
        "(SELECT count(*) FROM r)", "(SELECT count(*) FROM of_r)", "(SELECT coalesce(max(n), 0) FROM of_r)",
    )  # fmt: skip
    found = engine.connection.execute(f"WITH {numbered}, {grouped} SELECT {', '.join(asked)}").fetchall()[0]
    most, other_most = found[4], found[7]
    return Measured(*map(int, (*found, other_most, most, 0, 0)))


def _counted(view: str, values: Sequence[str], count: str) -> str:
    named = ", ".join(f"{value} AS k{at}" for at, value in enumerate(values))
    return f"SELECT {named}, count(*) AS {count} FROM {view} GROUP BY ALL"
