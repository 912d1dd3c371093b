"""What is said to stay the same does, on rows: random queries, random changes; and enough is said to."""

from __future__ import annotations

import pytest

from mutated import Tally, mutate
from rewritten import rewrite


def _holds(tally: Tally) -> None:
    assert not tally.wrong, "\n\n".join(tally.wrong[:5])
    assert tally.same > tally.possible / 5 > 0


def test_what_is_said_to_stay_the_same_does() -> None:
    _holds(mutate(range(150), changes=3, rows=3))


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_what_is_said_to_stay_the_same_does_on_many_rows(part: int) -> None:
    tally = mutate(range(1_000 + 1_500 * part, 1_000 + 1_500 * (part + 1)), changes=4, rows=6)
    assert tally.pairs > 3_000
    _holds(tally)


def test_two_queries_are_the_same_only_where_they_give_the_same() -> None:
    tally = rewrite(range(120), rows=4)
    assert not tally.wrong, "\n\n".join(tally.wrong[:5])
    tried, seen = tally.harmless
    assert seen > tried / 2 > 100


@pytest.mark.long
def test_two_queries_are_the_same_only_where_they_give_the_same_on_many() -> None:
    tally = rewrite(range(1_000, 4_000), rows=6)
    assert not tally.wrong, "\n\n".join(tally.wrong[:5])
    assert tally.pairs > 10_000
