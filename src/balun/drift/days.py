"""Days that stand out: by how many rows they have, what of them is null, late or set aside, and what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from balun.drift.column import kind_of
from balun.drift.gaps import gaps_of
from balun.drift.moved import percent
from balun.drift.rhythm import FEWEST_DAYS, WEEK, Forecast, forecast, weekly
from balun.engine import types_of
from balun.quoting import quoted

Floats = NDArray[np.float64]
Counted = tuple[Any, ...]
LEVEL = 0.01
LEAST_RATIO, LEAST_SHARE, LEAST_NEW = 1.3, 0.02, 0.005
NEWEST, MOST_NEW = 7, 60
_FEWEST_A_DAY = 20
_FEWEST_NEW = 4
_FEW_VALUES = 2000
_HABIT = 3
_GAP_DAYS = 3
_STRAY_DAYS = 30
_LONGEST_DAYS = 20_000


@dataclass(frozen=True)
class Dated:
    """Rows with a day. relation: what FROM reads. day: SQL for a DATE. last_s: SQL for the second of the day.

    time_s: SQL for the seconds since 1970; None: hours aren't looked at.
    late_s: SQL for how many seconds after its own time a row is known; None: nothing says, or always the same.
    aside: likewise a relation of rows that were set aside, and SQL for their day.
    """

    relation: str
    day: str
    last_s: str
    late_s: str | None = None
    aside: tuple[str, str] | None = None
    time_s: str | None = None


@dataclass(frozen=True)
class Odd:
    """A stretch of days that stand out. what: rows, gap (hours without rows), nulls, late, set aside, new.

    found, expected: rows, or shares of the day's rows, of the day that stands out most.
    chance: of any day and column in the same call being that far off by chance alone. value: that is new,
    or of a gap its hours, in UTC.
    """

    what: str
    column: str | None
    first: date
    last: date
    found: float
    expected: float
    chance: float
    value: str | None = None

    @property
    def words(self) -> str:
        when = f"on {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"
        match self.what:
            case "rows":
                return f"{self.found:,.0f} rows {when}, about {self.expected:,.0f} expected"
            case "gap":
                return f"no row on {self.first} {self.value}, about {self.expected:,.0f} expected"
            case "new":
                value = "null" if self.value is None else repr(self.value)
                return f"{value}, not seen before, in {percent(self.found)} {when}"
        named = {"nulls": "null", "late": "late", "set aside": "set aside"}[self.what]
        return f"{named} in {percent(self.found)} {when}, about {percent(self.expected)} expected"

    def as_json(self) -> dict[str, object]:
        told = {**vars(self), "first": self.first.isoformat(), "last": self.last.isoformat()}
        return {**told, "words": self.words}


@dataclass(frozen=True)
class Days:
    """odd: the latest first. first, last: of the days looked at; None where there were too few to learn from.

    note: what wasn't judged, and why.
    """

    odd: tuple[Odd, ...]
    first: date | None
    last: date | None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "odd": [one.as_json() for one in self.odd],
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "note": self.note,
        }


@dataclass(frozen=True)
class _Series:
    """counts: rows by day. ends: the second of the day of the last; NaN where there is none.

    shares: of each share that is followed, its rows by day.
    """

    start: date
    counts: Floats
    ends: Floats
    shares: dict[tuple[str, str | None], Floats]

    def day(self, number: int) -> date:
        return self.start + timedelta(days=number)


def days_of(
    connection: duckdb.DuckDBPyConnection,
    rows: Dated,
    *,
    newest: int | None = NEWEST,
    level: float = LEVEL,
    columns: Sequence[tuple[str, str]] = (),
) -> Days:
    """newest: how many days at the end are judged; None: all. columns: with their types; none: all of the rows.

    level: the chance that a stretch of days that is like those before raises any alarm of its volume, and as much again
    for everything else.
    """
    typed = list(columns) or list(types_of(connection, rows.relation).items())
    series = _series(connection, rows, [name for name, _ in typed])
    if series is None or len(series.counts) < FEWEST_DAYS or np.median(series.counts) < 1:
        return Days((), None, None, "too few days to learn a rhythm from")
    series, note = _whole_days(series)
    count = len(series.counts)
    looked = range(max(FEWEST_DAYS - 7, count - (newest or count)), count)
    odd = [*_volume(series, looked, level), *_shares(series, looked, level)]
    odd += _gaps(connection, rows, series, looked, level, [one for one in odd if one.what == "rows"])
    odd += _new(connection, rows, typed, series, looked, level)
    ordered = sorted(odd, key=lambda one: (-one.last.toordinal(), one.what != "rows", one.column or ""))
    return Days(tuple(ordered), series.day(looked[0]), series.day(count - 1), note)


def _series(connection: duckdb.DuckDBPyConnection, rows: Dated, names: Sequence[str]) -> _Series | None:
    followed: list[tuple[str, str | None]] = [("nulls", name) for name in names]
    counted = [f"count(*) - count({quoted(name)})" for name in names]
    if rows.late_s is not None:
        limit = connection.execute(
            f"SELECT min(v), quantile_cont(v, 0.95), max(v) FROM (SELECT {rows.late_s} AS v FROM {rows.relation})"
        ).fetchone()
        if limit and limit[0] is not None and limit[0] != limit[2]:
            followed.append(("late", None))
            counted.append(f"count(*) FILTER (WHERE {rows.late_s} > {float(limit[1])!r})")
    columns = "".join(f", {sql}" for sql in counted)
    told = connection.execute(
        f"SELECT {rows.day} AS day, count(*), max({rows.last_s}){columns} FROM {rows.relation} "
        f"WHERE {rows.day} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    aside = _aside(connection, rows.aside) if rows.aside is not None else {}
    days = _without_strays(told, aside)
    if not days:
        return None
    start = max(days[0], days[-1] - timedelta(days=_LONGEST_DAYS))
    count = (days[-1] - start).days + 1
    kept = [row for row in told if start <= row[0] <= days[-1]]
    counts, shares, ends = np.zeros(count), np.zeros((count, len(followed))), np.full(count, np.nan)
    for day, number, end, *parts in kept:
        place = (day - start).days
        counts[place], ends[place], shares[place] = number, float(end), parts
    by_name = {key: shares[:, place] for place, key in enumerate(followed)}
    if aside:
        by_name["set aside", None] = np.array([aside.get(start + timedelta(days=day), 0.0) for day in range(count)])
    return _Series(start, counts, ends, by_name)


def _without_strays(told: list[Counted], aside: Mapping[date, float]) -> list[date]:
    """Days with rows, kept or set aside, but for a few rows far before or after all others: a wrong clock's."""
    rows = dict(aside)
    for row in told:
        rows[row[0]] = rows.get(row[0], 0.0) + row[1]
    days, few = sorted(rows), 0.001 * sum(rows.values())
    return _cut(_cut(days, rows, few)[::-1], rows, few)[::-1]


def _cut(days: list[date], rows: Mapping[date, float], few: float) -> list[date]:
    """Without few rows at the beginning that lie more than 30 days off the next."""
    first, seen = 0, 0.0
    for place, (day, following) in enumerate(pairwise(days)):
        seen += rows[day]
        if seen > few:
            break
        if abs((following - day).days) > _STRAY_DAYS:
            first = place + 1
    return days[first:]


def _aside(connection: duckdb.DuckDBPyConnection, aside: tuple[str, str]) -> dict[date, float]:
    relation, day = aside
    told = connection.execute(f"SELECT {day} AS day, count(*) FROM {relation} GROUP BY 1").fetchall()
    return {at: float(number) for at, number in told if at is not None}


def _whole_days(series: _Series) -> tuple[_Series, str]:
    """Without a last day that isn't over: it ends earlier in the day than nearly all before it."""
    before = series.ends[~np.isnan(series.ends)][-57:-1]
    end = series.ends[-1]
    if len(series.counts) < FEWEST_DAYS or np.isnan(end) or end >= np.quantile(before, 0.02) - 1800:
        return series, ""
    shorter = replace(
        series,
        counts=series.counts[:-1],
        ends=series.ends[:-1],
        shares={key: values[:-1] for key, values in series.shares.items()},
    )
    return shorter, f"{series.day(len(series.counts) - 1)} isn't over yet, and isn't judged"


def _volume(series: _Series, looked: range, level: float) -> Iterator[Odd]:
    counts = series.counts
    values = np.log(counts + 1)
    first = forecast(values, 1 / np.sqrt(counts + 1))
    usual = np.exp(np.nan_to_num(first.expected, nan=values.mean()))
    told = forecast(values, 1 / np.sqrt(usual))
    chance = np.minimum(told.chance * len(looked), 1.0)
    far = np.abs(values - told.expected) >= np.log(LEAST_RATIO)
    days = [day for day in looked if chance[day] <= level and far[day]]
    signs = np.sign(values - told.expected)
    for stretch in _stretches(days, signs):
        worst = min(stretch, key=lambda day: chance[day])
        found = counts[worst], float(np.exp(told.expected[worst]) - 1), float(chance[worst])
        yield Odd("rows", None, series.day(stretch[0]), series.day(stretch[-1]), *found)


def _gaps(
    connection: duckdb.DuckDBPyConnection, rows: Dated, series: _Series, looked: range, level: float, known: list[Odd]
) -> Iterator[Odd]:
    """But for those of days that stand out anyhow; of the newest days alone."""
    if rows.time_s is None or len(looked) > MOST_NEW:
        return
    epoch = date(1970, 1, 1)
    since = (series.day(looked[0]) - epoch).days * 24
    for gap in gaps_of(connection, rows.relation, rows.time_s, since, level / 10):
        day = epoch + timedelta(hours=gap.start)
        if any(one.first <= day <= one.last for one in known):
            continue
        first, end = gap.start % 24, (gap.start + gap.hours) % 24
        hours = f"from {first:02d}:00 to {end:02d}:00 UTC"
        yield Odd("gap", None, day, day + timedelta(hours=first + gap.hours), 0.0, gap.expected, gap.chance, hours)


def _shares(series: _Series, looked: range, level: float) -> Iterator[Odd]:
    """On the scale of arcsines, where a share's spread by chance doesn't hang on it (Anscombe 1948)."""
    tries = 2 * len(looked) * len(series.shares)
    for (what, column), rows in series.shares.items():
        of = series.counts + rows if what == "set aside" else series.counts
        enough = of >= _FEWEST_A_DAY
        if not rows.any() or enough.sum() < FEWEST_DAYS:
            continue
        values = _filled(np.arcsin(np.sqrt((rows + 0.375) / (of + 0.75))), enough)
        least = 0.5 / np.sqrt(np.maximum(of, 1.0))
        share = rows / np.maximum(of, 1.0)
        week = _last_week(rows) / np.maximum(_last_week(of), 1.0)
        found = list(_off(share, forecast(values, least), looked, level / tries, enough))
        found += _off(week, weekly(values, least), looked, level / tries, enough)
        for stretch, (seen, usual, chance) in _apart(found):
            first, last = series.day(stretch[0]), series.day(stretch[-1])
            yield Odd(what, column, first, last, seen, usual, min(1.0, chance * tries))


_Off = tuple[list[int], tuple[float, float, float]]


def _off(share: Floats, told: Forecast, looked: range, level: float, enough: NDArray[np.bool_]) -> Iterator[_Off]:
    """Stretches of days, with the share, the expected one and the chance of the day that is furthest off."""
    usual = np.sin(np.clip(np.nan_to_num(told.expected), 0, np.pi / 2)) ** 2
    far = enough & (np.abs(share - usual) >= LEAST_SHARE)
    days = [day for day in looked if told.chance[day] <= level and far[day]]
    for stretch in _stretches(days, np.sign(share - usual)):
        worst = min(stretch, key=lambda day: (told.chance[day], -abs(share[day] - usual[day])))
        yield stretch, (float(share[worst]), float(usual[worst]), float(told.chance[worst]))


def _apart(found: Sequence[_Off]) -> list[_Off]:
    """Of stretches that overlap the one told first: that of days where there is one, else that of weeks."""
    kept: list[_Off] = []
    for one in found:
        if all(one[0][-1] < other[0][0] - WEEK or one[0][0] > other[0][-1] + WEEK for other in kept):
            kept.append(one)
    return kept


def _last_week(values: Floats) -> Floats:
    """The sum of each day and the six before it."""
    summed = np.cumsum(np.concatenate([np.zeros(WEEK), values]))
    found: Floats = summed[WEEK:] - summed[:-WEEK]
    return found


def _filled(values: Floats, there: NDArray[np.bool_]) -> Floats:
    known = np.maximum.accumulate(np.where(there, np.arange(len(values)), 0))
    return values[known]


def _stretches(days: Iterable[int], signs: Floats) -> Iterator[list[int]]:
    """Days off the same way that follow one another, with small gaps."""
    stretch: list[int] = []
    for day in days:
        if stretch and (day - stretch[-1] > _GAP_DAYS or signs[day] != signs[stretch[-1]]):
            yield stretch
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch


def _new(
    connection: duckdb.DuckDBPyConnection,
    rows: Dated,
    typed: Sequence[tuple[str, str]],
    series: _Series,
    looked: range,
    level: float,
) -> Iterator[Odd]:
    """Categories whose first day has too many of their rows for one that was merely rare."""
    before = np.concatenate([[0.0], np.cumsum(series.counts)])
    names = _with_few_values(connection, rows, typed)
    columns = "".join(f", {quoted(name)}" for name in names)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE by_day AS SELECT {rows.day} AS balun_day{columns} FROM {rows.relation} "
        f"WHERE {rows.day} IS NOT NULL"
    )
    for name in names:
        told = _first_seen(connection, name)
        tries = 2 * len(told) * len(typed)
        hits = [odd for one in told if (odd := _came(name, one, series, before, tries, level)) is not None]
        days = [(odd.first - series.start).days for odd in hits]
        if sum(day < looked[0] or len(looked) > MOST_NEW for day in days) >= max(_HABIT, len(series.counts) / MOST_NEW):
            continue  # as of a month or a version: new values come all the time
        yield from (odd for odd, day in zip(hits, days, strict=True) if day in looked)


def _came(
    name: str, seen: tuple[str | None, date, int, int], series: _Series, before: Floats, tries: int, level: float
) -> Odd | None:
    """Whether too many rows of a value are of the day it came, or of its first week. before: rows up to each day."""
    text, day, *numbers = seen
    place = (day - series.start).days
    if not FEWEST_DAYS - WEEK <= place < len(series.counts):
        return None
    for days, number in zip((1, WEEK), numbers, strict=True):
        end = min(place + days, len(series.counts))
        rows = before[end] - before[place]
        share = number / max(rows, 1.0)
        chance = min(1.0, float((rows / before[end]) ** (number - 1)) * tries)
        if number >= _FEWEST_NEW and chance <= level and share >= LEAST_NEW:
            return Odd("new", name, day, series.day(end - 1), float(share), 0.0, chance, text)
    return None


def _with_few_values(connection: duckdb.DuckDBPyConnection, rows: Dated, typed: Sequence[tuple[str, str]]) -> list[str]:
    names = [name for name, dtype in typed if kind_of(dtype) in {"category", "number"}]
    if not names:
        return []
    counted = ", ".join(f"approx_count_distinct({quoted(name)})" for name in names)
    told = connection.execute(f"SELECT {counted} FROM {rows.relation}").fetchone()
    return [name for name, number in zip(names, told or (), strict=True) if number <= _FEW_VALUES]


def _first_seen(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str | None, date, int, int]]:
    """Each value, null too, the day it came, and its rows of that day and of its first week."""
    return connection.execute(
        f"WITH counted AS (SELECT {quoted(name)} AS v, balun_day AS day, count(*) AS n FROM by_day GROUP BY 1, 2), "
        "dated AS (SELECT *, min(day) OVER (PARTITION BY v) AS first FROM counted) "
        "SELECT v::VARCHAR, first, sum(n) FILTER (WHERE day = first)::BIGINT, "
        f"sum(n) FILTER (WHERE day < first + {WEEK})::BIGINT FROM dated GROUP BY v, first ORDER BY first, v"
    ).fetchall()
