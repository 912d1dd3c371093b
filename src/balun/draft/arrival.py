"""Whether a row's arrival was captured beside its own time: then a contract can say when it was known."""

from __future__ import annotations

from itertools import permutations

from balun.draft.typed import Typed
from balun.draft.words import tokens
from balun.engine import Engine

_ARRIVED = frozenset(
    "ingested received loaded inserted arrived recorded processed landed stored synced available published".split()  # noqa: SIM905
)
_HAPPENED = frozenset(
    "created event occurred happened started observed sent time timestamp ts at date measured captured".split()  # noqa: SIM905
)


def arrival_note(rows: Typed, engine: Engine) -> str | None:
    """What to say of `available`, where two columns look like a row's own time and its arrival."""
    times = [(at, column.name) for at, column in enumerate(rows.columns) if column.logical == "timestamp"]
    for (at, name), (own, other) in permutations(times, 2):
        words, others = set(tokens(name)), set(tokens(other))
        if words & _ARRIVED and others & _HAPPENED and not others & _ARRIVED:
            return _note(rows, (at, name), (own, other), engine)
    return None


def _note(rows: Typed, arrived: tuple[int, str], own: tuple[int, str], engine: Engine) -> str | None:
    lag = f"epoch_us(c{arrived[0]}) - epoch_us(c{own[0]})"
    asked = f"SELECT count({lag}), count(*) FILTER ({lag} >= 0), median({lag}) FILTER ({lag} >= 0) FROM {rows.relation}"
    both, after, median = engine.connection.execute(asked).fetchall()[0]
    if not both or after < 0.99 * both:
        return None
    never = "is never" if after == both else f"is but in {both - after:,} rows not"
    late = f", half of them over {_shown(float(median) / 1e6)} later" if median else ""
    return (
        f"{arrived[1]} {never} before {own[1]}{late}: if a row is known once it has arrived, "
        f"give the event a custom property available: {arrived[1]}"
    )


def _shown(seconds: float) -> str:
    """
    >>> _shown(90), _shown(0.25), _shown(86_400)
    ('1.5 min', '0.25 s', '1 d')
    """
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
