"""Joins to the nearest row in time of the same entity, where times lie on different grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from balun.engine import Engine
from balun.joins.form import Link
from balun.joins.mending import value_form
from balun.joins.percent import percent
from balun.joins.proposal import equal_columns
from balun.joins.search import Search
from balun.joins.side import TIMES, Column, Side
from balun.joins.spelt import aliases, spelt
from balun.quoting import quoted

_EVER = "any time"
TOLERANCES = (
    ("0", 0), ("1 minute", 60), ("10 minutes", 600), ("1 hour", 3600), ("6 hours", 21_600), ("1 day", 86_400),
    ("7 days", 604_800), ("30 days", 2_592_000), (_EVER, 2**40),
)  # fmt: skip
_UNIQUE, _REGULAR, _ENOUGH, _TOLD = 0.99, 0.8, 0.9, 0.001


_HOW = {"0": "at the very time", _EVER: "at any time"}


@dataclass(frozen=True)
class Within:
    """before: the share of the left rows with a right row no older than this. either: no farther, before or after."""

    tolerance: str
    before: float
    either: float


@dataclass(frozen=True)
class InTime:
    """A join to the last row before, of the same entity.

    links: the entity's columns. step_s: what usually lies between two right rows of an entity. regular: the share of
    its steps that are that long. history: the right rows are states of an entity, by their key or by their grid.
    within: what tolerances find. interval: the right column in which a row ends, where it has one; in_interval: the
    share of the left rows that lie in one then. instead: which other one has it already; empty: none.
    """

    left: Side
    right: Side
    links: tuple[Link, ...]
    times: tuple[Column, Column]
    step_s: float
    regular: float
    history: bool
    within: tuple[Within, ...]
    interval: str | None = None
    in_interval: float = 0.0
    used: tuple[str, ...] = ()
    instead: str = ""

    @property
    def best(self) -> Within:
        """The least tolerance that finds nearly all that the widest does."""
        most = self.within[-1].before
        return next(one for one in self.within if one.before >= most - 0.01)

    @property
    def proposed(self) -> bool:
        found = self.in_interval if self.interval is not None else self.best.before
        return bool(self.used) or (self.history and found >= _ENOUGH and not self.instead)

    @property
    def join(self) -> str:
        one, other = aliases(self.left.name, self.right.name)
        equal = equal_columns(self.links, one, other)
        at, since = f"{one}.{spelt(self.times[0].name)}", f"{other}.{spelt(self.times[1].name)}"
        if self.interval is not None:
            until = f"{other}.{spelt(self.interval)}"
            period = [f"{at} >= {since}", f"({until} IS NULL OR {at} < {until})"]
            return f"LEFT JOIN {spelt(self.right.name)} AS {other} ON {' AND '.join([*equal, *period])}"
        return f"ASOF LEFT JOIN {spelt(self.right.name)} AS {other} ON {' AND '.join([*equal, f'{at} >= {since}'])}"

    @property
    def sql(self) -> str:
        one, _ = aliases(self.left.name, self.right.name)
        return f"FROM {spelt(self.left.name)} AS {one}\n{self.join}"

    def words(self) -> str:
        if self.interval is not None:
            return f"{percent(self.in_interval)} of the rows lie in a period"
        told = []
        last = 0.0
        for one in self.within:
            if one.before >= last + _TOLD:
                how = _HOW.get(one.tolerance, f"within {one.tolerance}")
                told.append(f"{percent(one.before)} {how}")
                last = one.before
        told = told[-4:]
        return f"rows that find one, at most so long before them: {', '.join(told)}"

    def as_json(self) -> dict[str, object]:
        return {
            "left": self.left.rows.id, "right": self.right.rows.id,
            "on": [{"left": link.left.name, "right": link.right.name, "mends": list(link.form.mends)}
                   for link in self.links],
            "time": {"left": self.times[0].name, "right": self.times[1].name, "until": self.interval,
                     "in_period": self.in_interval if self.interval is not None else None},
            "proposed": self.proposed, "instead": self.instead,
            "used": list(self.used), "step_s": self.step_s, "regular": self.regular,
            "within": [{"tolerance": one.tolerance, "before": one.before, "either": one.either} for one in self.within],
            "sql": self.sql,
        }  # fmt: skip


def in_time(left: Side, right: Side, search: Search) -> InTime | None:
    """By the columns that make a right row unique together with its time; None where there are none."""
    engine = search.engine
    if not left.times or not right.times:
        return None
    times = left.times[0], _time(right)
    links = _entity(right, times[1], [one for one in search.links(left, right) if one.left.kind not in TIMES], engine)
    if not links or (times[0].dtype != times[1].dtype and "date" not in {times[0].kind, times[1].kind}):
        return None
    formed = tuple(
        Link(one.left, one.right, one.named, value_form(left, right, one.left, one.right, engine)) for one in links
    )
    step, regular = _grid(right, formed, times[1], engine)
    promised = set(right.rows.key) == {times[1].name, *(link.right.name for link in formed)}
    within = _within(left, right, formed, times, engine)
    if not within[-1].before:
        return None
    interval = _until(right, times[1], engine)
    history = promised or regular >= _REGULAR or interval is not None
    share = _in_interval(left, right, formed, (*times, interval), engine) if interval is not None else 0.0
    return InTime(left, right, formed, times, step, regular, history, within, interval, share)


def settled_in_time(found: Sequence[InTime]) -> list[InTime]:
    """What is made of another side that joins alike stands behind that."""
    return [replace(one, instead=_instead(one, [other for other in found if other.proposed])) for one in found]


def _instead(one: InTime, found: Sequence[InTime]) -> str:
    for other in found:
        lefts, rights = (other.left.rows.id, one.left.rows), (other.right.rows.id, one.right.rows)
        as_left, as_right = (id_ == rows.id or id_ in rows.above for id_, rows in (lefts, rights))
        if other is not one and as_left and as_right:
            return f"{other.left.name} and {other.right.name} join alike"
    return ""


def _time(side: Side) -> Column:
    """The time in the promised key before others."""
    return next((one for one in side.times if one.name in side.rows.key), side.times[0])


def _entity(right: Side, time: Column, links: Sequence[Link], engine: Engine) -> tuple[Link, ...]:
    """The fewest links, two at most, that leave several right rows, which their time tells apart."""
    named = [link for link in links if link.named or link.left.bare.lower() == link.right.bare.lower()]
    singles = [(link,) for link in named]
    pairs = [(one, other) for at, one in enumerate(named) for other in named[at + 1 :] if _apart(one, other)]
    for some in (*singles, *pairs):
        names = tuple(link.right.name for link in some)
        if right.told_apart(names, engine) < 0.5 and right.told_apart((*names, time.name), engine) >= _UNIQUE:
            return some
    return ()


def _apart(one: Link, other: Link) -> bool:
    return one.left.name != other.left.name and one.right.name != other.right.name


def _grid(right: Side, links: Sequence[Link], time: Column, engine: Engine) -> tuple[float, float]:
    """The usual step in seconds, and the share of steps that are as long."""
    keys = ", ".join(quoted(link.right.name) for link in links)
    at = f"epoch_us({quoted(time.name)}::TIMESTAMP)"
    steps = (
        f"SELECT {at} - lag({at}) OVER (PARTITION BY {keys} ORDER BY {quoted(time.name)}) AS step FROM {right.view} "
        f"WHERE {quoted(time.name)} IS NOT NULL"
    )
    found = engine.connection.execute(
        f"WITH s AS ({steps}), u AS (SELECT mode(step) AS step FROM s WHERE step > 0) "
        "SELECT u.step, count(*) FILTER (s.step = u.step) / count(*) FROM s, u WHERE s.step > 0 GROUP BY 1"
    ).fetchall()
    return (float(found[0][0]) / 1e6, float(found[0][1])) if found else (0.0, 0.0)


def _within(
    left: Side, right: Side, links: Sequence[Link], times: tuple[Column, Column], engine: Engine
) -> tuple[Within, ...]:
    sides = [link.sides(quoted(link.left.name), quoted(link.right.name)) for link in links]
    own = ", ".join(f"{one} AS k{at}" for at, (one, _) in enumerate(sides))
    theirs = ", ".join(f"{other} AS k{at}" for at, (_, other) in enumerate(sides))
    t, u = (f"epoch_us({quoted(one.name)}::TIMESTAMP)" for one in times)
    equal = " AND ".join(f"l.k{at} = r.k{at}" for at in range(len(sides)))
    asked = ", ".join(
        f"count(*) FILTER (back <= {us}), count(*) FILTER (least(back, ahead) <= {us})"
        for us in (seconds * 1_000_000 for _, seconds in TOLERANCES)
    )
    count, *found = engine.connection.execute(
        f"WITH l AS (SELECT {own}, {t} AS t FROM {left.view}), "
        f"r AS (SELECT {theirs}, {u} AS t FROM {right.view} WHERE {quoted(times[1].name)} IS NOT NULL), "
        f"b AS (SELECT l.*, l.t - r.t AS back FROM l ASOF LEFT JOIN r ON {equal} AND l.t >= r.t), "
        f"a AS (SELECT l.back, r.t - l.t AS ahead FROM b AS l ASOF LEFT JOIN r ON {equal} AND l.t <= r.t) "
        f"SELECT count(*), {asked} FROM a"
    ).fetchall()[0]
    return tuple(
        Within(name, found[2 * at] / max(1, count), found[2 * at + 1] / max(1, count))
        for at, (name, _) in enumerate(TOLERANCES)
    )


def _in_interval(
    left: Side, right: Side, links: Sequence[Link], times: tuple[Column, Column, str], engine: Engine
) -> float:
    sides = [link.sides(f"l.{quoted(link.left.name)}", f"r.{quoted(link.right.name)}") for link in links]
    at, since, until = f"l.{quoted(times[0].name)}", f"r.{quoted(times[1].name)}", f"r.{quoted(times[2])}"
    on = [*(f"{one} = {other}" for one, other in sides), f"{at} >= {since}", f"({until} IS NULL OR {at} < {until})"]
    found = engine.connection.execute(
        f"SELECT (SELECT count(*) FROM {left.view} AS l SEMI JOIN {right.view} AS r ON {' AND '.join(on)}) "
        f"/ greatest(1, (SELECT count(*) FROM {left.view}))"
    ).fetchall()[0][0]
    return float(found)


_ENDS = {"from": ("to", "until"), "start": ("end", "stop"), "began": ("ended",), "begin": ("end",), "since": ("until",)}


def _until(right: Side, since: Column, engine: Engine) -> str | None:
    """The column that says when a row ends: by its name, and never before it begins."""
    for word, ends in _ENDS.items():
        for end in ends:
            name = since.name.replace(word, end)
            if word in since.name and any(one.name == name and one.dtype == since.dtype for one in right.times):
                early = f"SELECT count(*) FROM {right.view} WHERE {quoted(name)} < {quoted(since.name)}"
                return name if not engine.connection.execute(early).fetchall()[0][0] else None
    return None
