"""Eight weeks of an outdoor shop's web site, made from a seed: `python make_data.py` writes data/ anew.

In it as in life: a few people do most of it, some events come late, some come twice in one second, clocks go forward
on 2024-03-31, cookies are refused, cards are declined.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2024, 2, 26, tzinfo=UTC)
DAYS = 56
BERLIN = ZoneInfo("Europe/Berlin")
PRODUCTS = {f"P{number:03d}": 100 * (9 + number * number % 140) - 1 for number in range(1, 61)}  # EUR cents
WORDS = ("tent", "rain jacket", "boots", "Sleeping Bag", "head lamp", "stove", "rope", "merino shirt", "gps", "zelt")
SOURCES = ("newsletter", "Google", "instagram", "partner", None)
PULL = {"newsletter": 0.9, "Google": 0.2, "instagram": -0.7, "partner": 0.0, None: 0.1}
HOUR_WEIGHTS = [1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 10, 9, 8, 8, 9, 10, 12, 15, 16, 13, 8, 3]


@dataclass
class Person:
    user: str
    country: str | None
    plan: str
    device: str
    liking: float
    busy: float
    photos: bool
    short: bool


@dataclass
class Log:
    chance: random.Random
    views: list[list[object]] = field(default_factory=list)
    searches: list[dict[str, object]] = field(default_factory=list)
    carts: list[list[object]] = field(default_factory=list)
    payments: list[list[object]] = field(default_factory=list)


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    chance = random.Random(20240226)
    people = [_person(number, chance) for number in range(600)]
    log = Log(chance)
    weights = [person.busy for person in people]
    for day in range(DAYS):
        busy = 62 if (START + timedelta(days=day)).weekday() < 5 else 78
        for person in chance.choices(people, weights, k=busy):
            _visit(person, _clock(day, chance), log)
    _write_views(folder / "page_view.parquet", sorted(log.views, key=_by_arrival))
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in log.searches)
    _write_gz(folder / "search.jsonl.gz", text)
    names = ["cart_id", "user_id", "changed", "action", "product", "quantity", "unit_price"]
    _write_csv(folder / "cart.csv", names, log.carts)
    _write_csv(folder / "payment.csv.gz", ["payment_id", "user_id", "paid", "amount", "status", "method"], log.payments)
    _write_people(folder, people, chance)
    _write_impressions(folder / "impression.csv.gz", chance)


def _person(number: int, chance: random.Random) -> Person:
    return Person(
        user=f"u{number:04d}",
        country=chance.choice(["DE"] * 12 + ["AT"] * 4 + ["CH"] * 3 + [None]),
        plan="plus" if chance.random() < 0.2 else "free",
        device=chance.choice(["phone", "phone", "phone", "desktop", "desktop", "tablet"]),
        liking=chance.gauss(0, 1.1),
        busy=chance.paretovariate(1.3),
        photos=chance.random() < 0.5,
        short=chance.random() < 0.5,
    )


def _clock(day: int, chance: random.Random) -> datetime:
    hour = chance.choices(range(24), HOUR_WEIGHTS)[0]
    local = (START + timedelta(days=day)).replace(tzinfo=BERLIN, hour=hour, minute=chance.randrange(60))
    return local.astimezone(UTC) + timedelta(seconds=chance.randrange(60))


def _visit(person: Person, at: datetime, log: Log) -> None:
    """A session: from where they come, what they look at, and whether they buy."""
    chance = log.chance
    source = chance.choice(SOURCES)
    device = person.device if chance.random() < 0.85 else chance.choice(["phone", "desktop", "tablet"])
    wish = person.liking + PULL[source] + 0.5 * (device == "desktop") + 0.3 * (person.plan == "plus")
    at = _view(person, device, at, "home" if chance.random() < 0.6 else "category", None, source, log)
    if chance.random() < 0.45:
        at, wish = _search(person, at, wish, log)
    basket: dict[str, int] = {}
    for _ in range(1 + min(7, int(chance.expovariate(0.45)))):
        product = chance.choice(list(PRODUCTS))
        interest = chance.gauss(wish, 1)
        at = _view(person, device, at, "product", product, None, log, slow=math.exp(0.5 * interest))
        if interest + 0.35 * person.photos > 1.1:
            basket[product] = chance.choice([1, 1, 1, 2, 3])
            at = _cart(person, at, "add", product, basket[product], log)
    if basket and chance.random() < 0.12:
        product = chance.choice(list(basket))
        at = _cart(person, at, "remove", product, basket.pop(product), log)
    if not basket:
        return
    total = sum(PRODUCTS[product] * count for product, count in basket.items())
    at = _view(person, device, at, "checkout", None, None, log)
    will = 2.2 * wish - 1.7 * math.log(total / 7000) + 0.6 * person.short - 0.9
    if chance.random() < 1 / (1 + math.exp(-will)):
        _pay(person, at, total, log)


def _view(
    person: Person, device: str, at: datetime, page: str, product: str | None, source: str | None, log: Log,
    *, slow: float = 1.0,
) -> datetime:  # fmt: skip
    chance = log.chance
    dwell = None if chance.random() < 0.08 else int(1000 * min(900, slow * chance.lognormvariate(3.0, 0.6)))
    late = chance.choices([1, 40, 7200], [0.95, 0.045, 0.005])[0] * chance.random()
    link = None
    if source:
        campaign = chance.choice(["spring", "Spring ", "outlet"])
        link = f"https://shop.example/?utm_source={source}&utm_campaign={campaign.replace(' ', '%20')}"
    received = (at + timedelta(seconds=1 + late)).replace(microsecond=0)
    for _ in range(2 if chance.random() < 0.01 else 1):
        log.views.append([len(log.views) + 1, person.user, at, received, page, product, device, dwell, link])
    if chance.random() < 0.03:  # they leave the page open and come back
        return at + timedelta(seconds=2400 + chance.randrange(3600))
    return at + timedelta(seconds=2 + (dwell or 5000) // 1000)


def _search(person: Person, at: datetime, wish: float, log: Log) -> tuple[datetime, float]:
    chance = log.chance
    hits = chance.sample(list(PRODUCTS), chance.choice([0, 1, 3, 5, 5]))
    told: dict[str, object] = {
        "search_id": 500_000 + len(log.searches),
        "user_id": person.user,
        "searched": _iso(at),
        "query": chance.choice(WORDS) + chance.choice(["", "", " sale", "  2024"]),
        "latency": round(chance.lognormvariate(-1.5, 0.5), 3),
        "hits": [{"product": hit, "rank": rank} for rank, hit in enumerate(hits, 1)],
    }
    if chance.random() < 0.3:
        told["filters"] = {"max_price": chance.choice([50, 100, 200]), "in_stock": chance.random() < 0.7}
    log.searches.append(told)
    return at + timedelta(seconds=chance.randrange(3, 30)), wish + (0.5 if hits else -0.8)


def _cart(person: Person, at: datetime, action: str, product: str, quantity: int, log: Log) -> datetime:
    row = [len(log.carts) + 1, person.user, _iso(at), action, product, quantity, PRODUCTS[product]]
    log.carts.append([*row])
    return at + timedelta(seconds=log.chance.choice([0, 2, 5, 20]))  # at times in the same second as what follows


def _pay(person: Person, at: datetime, cents: int, log: Log) -> None:
    chance = log.chance
    method = chance.choice(["card", "card", "paypal", "invoice", ""])
    at += timedelta(seconds=chance.randrange(20, 400))
    tries = ["failed"] * (chance.random() < 0.12) + ["disputed" if chance.random() < 0.02 else "captured"]
    for status in tries:
        row = [900_000 + len(log.payments), person.user, _iso(at), f"{cents / 100:.2f}", status, method]
        log.payments.append([*row])
        at += timedelta(seconds=chance.randrange(15, 90))


def _write_views(file: Path, rows: list[list[object]]) -> None:
    second = pa.timestamp("ms", tz="UTC")
    names = ("view_id", "user_id", "seen", "received", "page", "product", "device", "dwell", "link")
    types = (pa.int64(), pa.string(), second, second, pa.string(), pa.string(), pa.string(), pa.int32(), pa.string())
    arrays = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(types)]
    pq.write_table(pa.Table.from_arrays(arrays, names), file, compression="zstd", compression_level=15)


def _by_arrival(row: list[object]) -> tuple[object, object]:
    return row[3], row[0]


def _write_people(folder: Path, people: list[Person], chance: random.Random) -> None:
    rows, arms = [], []
    for person in people:
        local = datetime(2023, 11, 1) + timedelta(minutes=chance.randrange(60 * 24 * 130))  # noqa: DTZ001 - a wall clock
        born = chance.randrange(1948, 2007) if chance.random() < 0.7 else ""
        mail, country = f"{person.user}@mail.example", person.country or ""
        rows.append([person.user, mail, country, f"{local:%Y-%m-%d %H:%M}", person.plan, born])
        for name, treated in (("big_photos", person.photos), ("short_checkout", person.short)):
            if chance.random() < 0.9:
                at = START - timedelta(minutes=chance.randrange(1, 2000))
                arms.append([person.user, name, "treatment" if treated else "control", _iso(at)])
    rows[7][3] = "2024-03-31 02:30"  # no clock in Berlin showed this
    rows = [row for at, row in enumerate(rows) if at % 37 != 5]  # these deleted their account
    _write_csv(folder / "visitor.csv", ["user_id", "email", "country", "signed_up", "plan", "born"], rows)
    _write_csv(folder / "exposure.csv.gz", ["user_id", "experiment", "arm", "exposed"], arms)


def _write_impressions(file: Path, chance: random.Random) -> None:
    rows: list[list[object]] = []
    for hour in range(24 * DAYS):
        for source in ("newsletter", "google", "instagram", "partner"):
            for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
                cost = round(chance.lognormvariate(1.2, 0.6), 2)
                rows.append([len(rows) + 1, _iso(START + timedelta(hours=hour)), source, cost])
    _write_csv(file, ["impression_id", "shown", "source", "cost"], rows)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _write_csv(file: Path, names: list[str], rows: Iterable[list[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([names, *rows])
    if file.suffix == ".gz":
        _write_gz(file, text.getvalue())
    else:
        file.write_text(text.getvalue(), encoding="utf-8")


def _write_gz(file: Path, text: str) -> None:
    """Without a time in the header, so that the same text gives the same bytes."""
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    make(Path(__file__).parent / "data")
