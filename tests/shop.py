"""A small shop: a project whose data is made, so that tests can run it whole in a second or two."""

from __future__ import annotations

import csv
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

_PROJECT = Path(__file__).parent / "projects" / "shop"
START = datetime(2024, 2, 1, tzinfo=UTC)


def make_shop(folder: Path, *, orders: int = 1500, seed: int = 1) -> Path:
    """Copy the project to `folder` and make its data. Returns the project's folder."""
    shutil.copytree(_PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").mkdir()
    chance = random.Random(seed)
    write_csv(
        folder / "data" / "customer.csv",
        ["customer", "country"],
        [[customer, chance.choice(["de", "fr", ""])] for customer in range(60)],
    )
    write_csv(
        folder / "data" / "order.csv",
        ["order_id", "customer", "placed", "amount", "channel", "returned"],
        [_order(number, chance) for number in range(orders)],
    )
    return folder


def _order(number: int, chance: random.Random) -> list[object]:
    amount = chance.randint(1, 100)
    placed = START + timedelta(minutes=number * 100 + chance.randint(0, 99))
    returned = chance.random() < amount / 120
    channel = chance.choice(["web", "app", "shop"])
    return [number, chance.randint(0, 70), placed.isoformat(), amount, channel, str(returned).lower()]


def write_csv(file: Path, names: list[str], rows: list[list[object]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(names)
        writer.writerows(rows)
