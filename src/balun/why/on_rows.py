"""What the last run's rows say of a column's facts: of how many of them each doesn't hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from balun.engine import Engine
from balun.facts.known import Chain
from balun.facts.on_rows import Claim, claims, columns_of, counted, dtype_claim, key_claim
from balun.plan import last_made
from balun.quoting import in_parquet
from balun.relational.relation import Column
from balun.snapshot import Snapshot, Store, damaged
from balun.why.steps import dtype_of
from balun.why.words import key_of

_WORDS = {"dtype": "type", "presence": "null where"}


@dataclass(frozen=True)
class Count:
    """rows: of the last run; denying: those that contradict what is said."""

    rows: int
    denying: int

    def __str__(self) -> str:
        if self.denying:
            return f"{self.denying:,} of the last run's {self.rows:,} rows contradict it"
        return f"held on all {self.rows:,} rows of the last run"


def counts_of(chain: Chain, store: Store, id_: str, column: str) -> dict[str, Count]:
    """By fact, as `why` calls them. None where there are no rows, or others than those of what is declared now.

    Raises ProjectError where the rows can't be read.
    """
    made = last_made(id_, chain.graph, chain.supply, store) if store.is_there() else None
    return _counts(chain, id_, column, made) if made else {}


def _counts(chain: Chain, id_: str, column: str, made: Snapshot) -> dict[str, Count]:
    rows = in_parquet(made.rows)
    with Engine.of(chain.graph.config) as engine:
        try:
            columns = columns_of(engine.connection, rows)
            told = list(_claims(chain, id_, column, columns, rows))
            number, denying = counted(engine.connection, rows, told)
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise damaged(made, str(exc).splitlines()[0]) from exc
    counts = zip(told, denying, strict=True)
    return {_WORDS.get(one.fact, one.fact): Count(number, many) for one, many in counts} if number else {}


def _claims(chain: Chain, id_: str, column: str, columns: Sequence[Column], rows: str) -> Iterator[Claim]:
    """Of a corpus, not all columns of its examples are among its rows."""
    known = chain.nodes[id_]
    there = {one.name for one in columns}
    if column not in there:
        return
    yield dtype_claim(Column(column, dtype_of(chain, id_, column)))
    own = claims(known.columns, known.out, columns, rows)
    yield from (one for one in own if one.columns == (column,) and one.fact != "key")
    key = key_of(known.out, known.columns.index(column))
    names = [known.columns[at] for at in sorted(key)] if key is not None else None
    if names is not None and there.issuperset(names):
        yield key_claim(names, rows)
