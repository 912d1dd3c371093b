"""What is proved of random queries holds on random rows, and enough is proved."""

from __future__ import annotations

import pytest

from held import Tally, Worlds, hold

_PART = 2_700


def test_proved_facts_hold_on_rows() -> None:
    _holds(hold(Worlds(30, seed=1), range(1_400), each=6))


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, 5))
def test_proved_facts_hold_on_many_rows(part: int) -> None:
    tally = hold(Worlds(60, seed=part + 1), range(_PART * part, _PART * (part + 1)), each=10)
    assert tally.pairs > 25_000
    _holds(tally)


def _holds(tally: Tally) -> None:
    """Of what held on all rows, by chance or not, enough is proved: else one could say nothing at all."""
    print(tally.told())  # noqa: T201 - pytest shows it with -s
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert tally.failed < tally.pairs / 100
    assert tally.there[0] > 0.65 * tally.there[1] > 0
    assert tally.keyed[0] > 0.6 * tally.keyed[1] > 0
    assert len(tally.misrun) <= 3, tally.misrun
