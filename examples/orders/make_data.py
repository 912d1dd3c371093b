"""A year of a bicycle shop's orders, made from a seed: `python make_data.py` writes data/ anew.

In it as in life: orders are cancelled, refunds come for orders that nobody knows, prices change, warehouses fall behind
before Christmas, clocks go back and forward, a few customers order most.
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
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS = 300
ORDERS = 5200
COUNTRIES = {"FR": 0.0, "DE": 0.4, "BE": 0.2, "CH": 1.1, "ES": 0.9, "PL": 1.3}  # more days on the road
CARRIERS = {"post": 0.35, "rush": -0.45, "green": 0.1}
HOUSES = ("lille", "lyon")


@dataclass
class Customer:
    number: int
    country: str
    joined: date
    busy: float


@dataclass
class Article:
    sku: str
    weight: int
    prices: list[tuple[date, int, float]]  # since when, in cents of EUR, and what it costs to buy in USD

    def price(self, day: date) -> int:
        return [cents for since, cents, _ in self.prices if since <= day][-1]


@dataclass
class Log:
    chance: random.Random
    orders: list[list[object]] = field(default_factory=list)
    lines: list[list[object]] = field(default_factory=list)
    payments: list[list[object]] = field(default_factory=list)
    refunds: list[dict[str, object]] = field(default_factory=list)
    shipments: list[list[object]] = field(default_factory=list)


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    chance = random.Random(20230901)
    customers = [_customer(number, chance) for number in range(1, 1401)]
    articles = [_article(number, chance) for number in range(1, 81)]
    log = Log(chance)
    weights = [customer.busy for customer in customers]
    times = sorted(_clock(chance) for _ in range(ORDERS))
    for number, placed in enumerate(times, 10_001):
        _order(number, placed, chance.choices(customers, weights)[0], articles, log)
    for _ in range(25):  # from before the shop's books began
        _refund(chance.randrange(5000, 9000), None, _clock(chance), chance.randrange(500, 9000), log)
    _write_customers(folder / "customer.csv", customers, chance)
    _write_prices(folder / "price.csv", articles)
    names = ["order_id", "customer_id", "placed", "channel", "country", "warehouse", "shipping_fee", "cancelled"]
    _write_csv(folder / "orders.csv.gz", names, log.orders)
    _write_lines(folder / "order_line.parquet", log.lines)
    _write_csv(folder / "payment.csv.gz", ["payment_id", "order_id", "paid", "amount", "method"], log.payments)
    refunds = sorted(log.refunds, key=lambda one: str(one["refunded"]))
    _write_gz(folder / "refund.jsonl.gz", "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in refunds))
    _write_shipments(folder / "shipment.parquet", log.shipments)
    _write_scans(folder / "stock_scan.csv.gz", articles, chance)


def _customer(number: int, chance: random.Random) -> Customer:
    country = chance.choices(list(COUNTRIES), [8, 5, 3, 2, 2, 1])[0]
    joined = (START - timedelta(days=chance.randrange(700) - 60)).date()
    return Customer(number, country, joined, chance.paretovariate(1.4))


def _article(number: int, chance: random.Random) -> Article:
    cents = 100 * chance.choice([5, 9, 15, 25, 40, 60, 120, 250]) - 1
    prices = [(START.date() - timedelta(days=200), cents, round(cents * 0.005, 2))]
    day = START.date()
    while (day := day + timedelta(days=chance.randrange(30, 140))) < START.date() + timedelta(days=DAYS):
        cents = max(299, cents + 100 * chance.choice([-3, -1, 1, 2, 5]))
        prices.append((day, cents, round(cents * 0.005 * chance.uniform(0.9, 1.1), 2)))
    return Article(f"B{number:03d}", int(chance.lognormvariate(6.5, 1)), prices)


def _clock(chance: random.Random) -> datetime:
    day = START + timedelta(days=chance.randrange(DAYS))
    if chance.random() < 0.12:
        day = START + timedelta(days=chance.randrange(75, 112))  # the weeks before Christmas
    return day + timedelta(minutes=int(60 * chance.triangular(5, 23, 18)))


def _order(number: int, placed: datetime, customer: Customer, articles: list[Article], log: Log) -> None:
    chance = log.chance
    channel = chance.choice(["web", "web", "web", "app", "app", "shop"])
    picked = chance.sample(articles, 1 + min(5, int(chance.expovariate(0.8))))
    lines = [_line(number, at, article, placed, chance) for at, article in enumerate(picked, 1)]
    goods = sum(_cents(line) for line in lines)
    fee = 0.0 if goods > 10_000 else 4.9 if customer.country == "FR" else 9.9
    cancelled = placed + timedelta(minutes=chance.randrange(3, 900)) if chance.random() < 0.04 else None
    country = customer.country if chance.random() < 0.97 else ""
    stopped = _iso(cancelled) if cancelled else ""
    house = chance.choice(HOUSES)
    log.orders.append([number, customer.number, _iso(placed), channel, country, house, f"{fee:.2f}", stopped])
    log.lines += lines
    total = goods + round(fee * 100)
    method = chance.choice(["card", "card", "card", "transfer", "paypal"])
    paid = placed + (timedelta(days=chance.randrange(1, 6)) if method == "transfer" else timedelta(minutes=2))
    if not cancelled or cancelled > paid:
        _pay(number, paid, total, method, log)
    if cancelled:
        if cancelled > paid:
            _refund(number, None, cancelled + timedelta(hours=5), total, log)
        return
    weight = sum(article.weight * int(str(line[3])) for article, line in zip(picked, lines, strict=True))
    _ship(number, max(placed, paid), placed, customer.country, house, weight, log)
    for line in lines:
        if chance.random() < 0.06:
            back = placed + timedelta(days=chance.randrange(6, 40), minutes=chance.randrange(600))
            _refund(number, [int(str(line[1]))], back, _cents(line), log)


def _line(number: int, at: int, article: Article, placed: datetime, chance: random.Random) -> list[object]:
    discount = chance.choice([0, 0, 0, 0, 5, 10, 20])
    return [number, at, article.sku, chance.choice([1, 1, 1, 1, 2, 2, 4]), article.price(placed.date()), discount]


def _cents(line: list[object]) -> int:
    _, _, _, quantity, price, discount = (int(str(one).removeprefix("B")) for one in line)
    return round(quantity * price * (100 - discount) / 100)


def _pay(number: int, paid: datetime, cents: int, method: str, log: Log) -> None:
    """A few pay in two parts, and one in 200 twice."""
    chance = log.chance
    parts = [cents // 2, cents - cents // 2] if chance.random() < 0.03 else [cents]
    parts += [cents] * (chance.random() < 0.005)
    for part in parts:
        log.payments.append([700_000 + len(log.payments), number, _iso(paid), part, method])
        paid += timedelta(days=chance.choice([0, 0, 3]))


def _refund(order: int, lines: list[int] | None, at: datetime, cents: int, log: Log) -> None:
    told: dict[str, object] = {
        "refund_id": f"R{len(log.refunds):05d}",
        "order_id": order,
        "refunded": _iso(at),
        "amount": cents,
        "reason": log.chance.choice(["damaged", "wrong size", "late", "regret"]) if lines else "cancelled",
    }
    log.refunds.append(told | ({"lines": lines} if lines else {}))


def _ship(number: int, ready: datetime, placed: datetime, country: str, house: str, weight: int, log: Log) -> None:
    chance = log.chance
    carrier = chance.choices(list(CARRIERS), [5, 2, 3])[0]
    day = (ready - START).days
    rush = math.exp(-(((day - 98) / 14) ** 2))  # the warehouses fall behind before Christmas
    strike = 1.1 * (house == "lyon" and 240 < day < 300)
    wait = chance.lognormvariate(-0.4 + 1.4 * rush + strike, 0.35) + 2 * (ready.weekday() >= 5)
    far = COUNTRIES[country]
    road = chance.lognormvariate(0.5 + 0.7 * far + CARRIERS[carrier] + 0.12 * (weight > 8000), 0.25)
    shipped = ready + timedelta(minutes=int(1440 * wait))
    lost = chance.random() < 0.006
    delivered = None if lost else shipped + timedelta(minutes=int(1440 * road))
    promised = (placed + timedelta(days=4 + round(2 * far))).date()
    log.shipments.append([len(log.shipments) + 1, number, carrier, promised, shipped, delivered, weight])


def _write_customers(file: Path, customers: list[Customer], chance: random.Random) -> None:
    rows: list[list[object]] = []
    for one in customers:
        kind = chance.choice(["private", "private", "private", "club", ""])
        rows.append([one.number, f"c{one.number}@mail.example", one.country, one.joined.isoformat(), kind])
    _write_csv(file, ["customer_id", "email", "country", "joined", "kind"], rows)


def _write_prices(file: Path, articles: list[Article]) -> None:
    rows: list[list[object]] = []
    for one in articles:
        for since, cents, cost in one.prices:
            dollar = round(0.93 + 0.02 * math.sin(since.toordinal() / 40), 4)
            rows.append([one.sku, since.isoformat(), cents, f"{cost:.2f}", dollar, one.weight])
    _write_csv(file, ["sku", "valid_from", "price", "cost", "dollar", "weight"], rows)


def _write_lines(file: Path, rows: list[list[object]]) -> None:
    types = (pa.int64(), pa.int32(), pa.string(), pa.int32(), pa.int64(), pa.int32())
    _write_parquet(file, ("order_id", "line", "sku", "quantity", "unit_price", "discount"), types, rows)


def _write_shipments(file: Path, rows: list[list[object]]) -> None:
    names = ("shipment_id", "order_id", "carrier", "promised", "shipped", "delivered", "weight")
    time = pa.timestamp("us", tz="UTC")
    types = (pa.int64(), pa.int64(), pa.string(), pa.date32(), time, time, pa.int64())
    _write_parquet(file, names, types, rows)


def _write_parquet(file: Path, names: tuple[str, ...], types: Iterable[pa.DataType], rows: list[list[object]]) -> None:
    arrays = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(types)]
    pq.write_table(pa.Table.from_arrays(arrays, names), file, compression="zstd", compression_level=15)


def _write_scans(file: Path, articles: list[Article], chance: random.Random) -> None:
    """One in four of the hourly counts of a shelf."""
    rows: list[list[object]] = []
    for house in HOUSES:
        for article in articles[:12]:
            left = chance.randrange(20, 80)
            for hour in range(6, 24 * DAYS, 6):
                left = left - chance.choice([0, 1, 1, 2, 3]) if left > 3 else left + chance.randrange(30, 80)
                if chance.random() < 0.25:
                    rows.append([house, article.sku, _iso(START + timedelta(hours=hour)), left])
    _write_csv(file, ["warehouse", "sku", "scanned", "pieces"], rows)


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
