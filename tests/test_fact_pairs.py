"""Pairs in tests/facts: what is said of each query, and that generated rows obey it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from balun.facts.dependency import Dependencies
from fact_pairs import Pair, pairs
from held import Worlds, broken

NULLABLE, KEY = pairs("nullable"), pairs("key")


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    return Worlds(24, seed=5)


@pytest.mark.parametrize("pair", NULLABLE, ids=lambda pair: pair.title)
def test_nulls_are_told(worlds: Worlds, pair: Pair) -> None:
    told = ["maybe" if null else "there" for null in worlds.proved(pair.sql).values["nullable"]]
    assert dict(zip(_names(worlds, pair.sql), told, strict=True)) == pair.said


@pytest.mark.parametrize("pair", KEY, ids=lambda pair: pair.title)
def test_keys_and_dependencies_are_told(worlds: Worlds, pair: Pair) -> None:
    names, known = _names(worlds, pair.sql), worlds.proved(pair.sql).dependencies
    for what, expected in pair.said.items():
        assert _told(what, names, known) == expected, what


@pytest.mark.parametrize("pair", [*NULLABLE, *KEY], ids=lambda pair: pair.title)
def test_rows_obey(worlds: Worlds, pair: Pair) -> None:
    state = worlds.proved(pair.sql)
    sets = list(worlds.rows(pair.sql, range(worlds.count)))
    assert sets
    assert not [fault for rows in sets for fault in broken(state, rows)]


def _names(worlds: Worlds, sql: str) -> list[str]:
    return [str(one[0]) for one in worlds.connection.execute(f"DESCRIBE {sql}").fetchall()]


def _told(what: str, names: Sequence[str], known: Dependencies) -> str:
    if what == "keys":
        return " ".join(f"({', '.join(names[at] for at in sorted(key))})" for key in _sorted(known)) or "none"
    of = what.removeprefix("from ")
    ground = {names.index(of)} if of in names else set()
    follow = set(range(len(names))) if known.is_key(ground) else known.closure(ground)
    return ", ".join(names[at] for at in sorted(follow - ground)) or "none"


def _sorted(known: Dependencies) -> list[list[int]]:
    return sorted(sorted(key) for key in known.keys)
