"""People with mistakes: records like FEBRL's, a share of them duplicates, with the truth of who is whom."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = ("given_name", "surname", "street_number", "street", "suburb", "postcode", "state", "born", "phone")
_STATES = ("nsw", "vic", "qld", "sa", "wa", "tas", "act", "nt")
_ENDS = ("street", "road", "place", "avenue", "court", "close")
_KEYS = {
    "a": "sqz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "wrd", "g": "fhb", "h": "gjn", "i": "uok",
    "k": "jlm", "l": "kop", "m": "nk", "n": "bm", "o": "ipl", "r": "etf", "s": "adw", "t": "ryg",
    "u": "yij", "v": "cb", "w": "qe", "y": "tu",
}  # fmt: skip


def people(folder: Path, records: int, *, duplicates: float = 0.2, seed: int = 1) -> Path:
    """Write `records` people to a Parquet file: `id`, COLUMNS and `person`, who it truly is.

    duplicates: the share of records that are another's, with one to three mistakes; up to four of one person.
    """
    file = folder / f"people_{records}_{seed}.parquet"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    dice, chance = np.random.default_rng(seed), random.Random(seed)
    many = records - int(records * duplicates)
    columns = _originals(many, dice)
    of = np.minimum.reduceat(dice.integers(0, many, 2 * (records - many)), np.arange(0, 2 * (records - many), 2))
    rows = [[column[at] for column in columns] for at in of]
    for row in rows:
        for _ in range(chance.choice((1, 1, 2, 2, 3))):
            _mistake(row, chance)
    person = np.concatenate([np.arange(many), of])
    whole = [list(column) + [row[at] for row in rows] for at, column in enumerate(columns)]
    order = dice.permutation(records)
    table = pa.table(
        {"id": np.arange(records)}
        | {
            name: pa.array(values, pa.string()).take(pa.array(order))
            for name, values in zip(COLUMNS, whole, strict=True)
        }
        | {"person": person[order]}
    )
    pq.write_table(table, file)
    return file


_HEADS = (*"bcdfghjklmnprstvw", "br", "cr", "dr", "gr", "kl", "st", "th", "sh")
_TAILS = (*"aeiou", "ar", "en", "in", "on", "er", "ie", "ey")


def _words(many: int, dice: np.random.Generator, syllables: tuple[int, int]) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < many:
        parts = range(int(dice.integers(syllables[0], syllables[1] + 1)))
        found["".join(_HEADS[dice.integers(len(_HEADS))] + _TAILS[dice.integers(len(_TAILS))] for _ in parts)] = None
    return list(found)


def _drawn(words: Sequence[str], many: int, dice: np.random.Generator, slope: float) -> np.ndarray:
    """Words by a power law of their rank: a few are common, most are rare."""
    share = 1 / np.arange(1, len(words) + 1) ** slope
    return np.asarray(words, dtype=object)[dice.choice(len(words), many, p=share / share.sum())]


def _originals(many: int, dice: np.random.Generator) -> list[np.ndarray]:
    streets = [f"{word} {_ENDS[at % len(_ENDS)]}" for at, word in enumerate(_words(8_000, dice, (2, 3)))]
    suburbs = _words(3_000, dice, (2, 4))
    place = dice.choice(len(suburbs), many)
    days = np.datetime64("1920-01-01") + dice.integers(0, 30_000, many).astype("timedelta64[D]")
    phones = np.array([f"0{one}" for one in dice.integers(200_000_000, 900_000_000, many)], dtype=object)
    columns = [
        _drawn(_words(2_000, dice, (2, 3)), many, dice, 0.8),
        _drawn(_words(20_000, dice, (2, 4)), many, dice, 0.7),
        np.array([str(one) for one in np.minimum(dice.geometric(0.02, many), 999)], dtype=object),
        np.asarray(streets, dtype=object)[dice.integers(0, len(streets), many)],
        np.asarray(suburbs, dtype=object)[place],
        np.array([str(2000 + one * 2) for one in place], dtype=object),
        np.asarray(_STATES, dtype=object)[place % len(_STATES)],
        np.array([str(day) for day in days], dtype=object),
        phones,
    ]
    for column, missing in ((0, 0.02), (3, 0.03), (8, 0.3)):
        columns[column][dice.random(many) < missing] = None
    return columns


def _mistake(row: list[str | None], chance: random.Random) -> None:
    at = chance.choice((0, 0, 1, 1, 2, 3, 3, 4, 5, 7, 8))
    value = row[at]
    if at in {0, 1} and chance.random() < 0.05:
        row[0], row[1] = row[1], row[0]
    elif value is None or chance.random() < 0.1:
        row[at] = None
    else:
        row[at] = chance.choice(_TYPOS)(value, chance)


def _swapped(value: str, chance: random.Random) -> str:
    at = chance.randrange(max(1, len(value) - 1))
    return value[:at] + value[at + 1 : at + 2] + value[at : at + 1] + value[at + 2 :]


def _dropped(value: str, chance: random.Random) -> str:
    at = chance.randrange(len(value)) if value else 0
    return value[:at] + value[at + 1 :]


def _doubled(value: str, chance: random.Random) -> str:
    at = chance.randrange(len(value)) if value else 0
    return value[:at] + value[at : at + 1] + value[at:]


def _beside(value: str, chance: random.Random) -> str:
    at = chance.randrange(len(value)) if value else 0
    letter = value[at : at + 1]
    other = chance.choice("0123456789") if letter.isdigit() else chance.choice(_KEYS.get(letter, "e"))
    return value[:at] + other + value[at + 1 :]


_TYPOS: tuple[Callable[[str, random.Random], str], ...] = (_swapped, _dropped, _doubled, _beside)
