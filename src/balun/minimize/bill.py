"""What the captured columns cost that a model's inputs are made of: how many, how large, how late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan

import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.change import Change
from balun.chain.contract import Column, Contract
from balun.chain.duration import Duration
from balun.engine import Engine
from balun.minimize.feeds import Feed, kept
from balun.minimize.state import State
from balun.quoting import in_parquet, quoted
from balun.worth.history import History


@dataclass(frozen=True)
class Bill:
    """columns: that the inputs are made of. bytes: of one row of each of their events, those columns alone, compressed.

    late_s: how long after its event's time the last of them is known. alone_us, bulk_us: that a prediction takes, of
    one row and of each of many; NaN where that wasn't measured.
    """

    columns: int
    bytes: float
    late_s: float
    alone_us: float = nan
    bulk_us: float = nan

    @property
    def latency_s(self) -> float:
        """Of an answer that wasn't timed, until its inputs are known."""
        return self.late_s + (0.0 if isnan(self.alone_us) else self.alone_us / 1e6)

    def of(self, kind: str) -> float:
        return _KINDS[kind](self)


_KINDS: Mapping[str, Callable[[Bill], float]] = {
    "columns": lambda bill: bill.columns,
    "bytes": lambda bill: bill.bytes,
    "latency": lambda bill: bill.latency_s,
}
COSTS = tuple(_KINDS)


@dataclass
class Bills:
    """Of one model's columns."""

    past: History
    feeds: Sequence[Feed]
    _late: dict[str, float] = field(default_factory=dict)
    _bytes: dict[Change, float] = field(default_factory=dict)

    def of(self, state: State, alone_us: float = nan, bulk_us: float = nan) -> Bill:
        some = kept(self.feeds, state.without)
        late = max((self.late_s(one) for one in some), default=0.0)
        return Bill(len(some), sum(self.bytes_of(one, state) for one in some), late, alone_us, bulk_us)

    def price(self, one: Feed, kind: str) -> float:
        """What one column costs by itself, over 0."""
        if kind == "latency":
            return self.late_s(one) + 1.0  # what waits for nothing isn't free
        return max(one.hangs.bytes, 1e-3) if kind == "bytes" else 1.0

    def bytes_of(self, one: Feed, state: State) -> float:
        step = state.step_of(one)
        if step is None:
            return one.hangs.bytes
        if step not in self._bytes:
            self._bytes[step] = one.hangs.bytes * self._share(one, step)
        return self._bytes[step]

    def _share(self, one: Feed, step: Change) -> float:
        """Of a column's compressed bytes, what is left of it in coarser steps."""
        contract = one.hangs.event.declared
        assert isinstance(contract, Contract)
        relation = f"(SELECT * FROM {self._read(one)})"
        with Engine(threads=1) as engine:
            before, after = (
                _packed(engine.connection.sql(f"SELECT {quoted(one.hangs.column.name)} FROM ({sql})").to_arrow_table())
                for sql in (relation, step.rows(contract, relation))
            )
        return after / before

    def late_s(self, one: Feed) -> float:
        """The median of when its values are known, against the event's time; or what the contract promises of rows."""
        if one.name not in self._late:
            contract = one.hangs.event.declared
            assert isinstance(contract, Contract)
            promised = Duration.parse(contract.latency).us / 1e6 if contract.latency else 0.0
            self._late[one.name] = max(promised, self._measured(one, contract, one.hangs.column))
        return self._late[one.name]

    def _measured(self, one: Feed, contract: Contract, column: Column) -> float:
        known = column.available or contract.available
        if known is None or contract.time is None:
            return 0.0
        time = quoted(contract.time.name)
        sql = f"SELECT median(epoch(({known})::TIMESTAMPTZ) - epoch({time}::TIMESTAMPTZ)) FROM {self._read(one)}"
        with Engine(threads=1) as engine:
            found = engine.connection.execute(sql).fetchall()[0][0]
        return max(0.0, float(found or 0.0))

    def _read(self, one: Feed) -> str:
        return in_parquet(self.past.made[one.hangs.event.id].rows)


def _packed(column: pa.Table) -> int:
    """Bytes, as a snapshot keeps it."""
    sink = pa.BufferOutputStream()
    pq.write_table(column, sink, compression="zstd")
    told = pq.read_metadata(pa.BufferReader(sink.getvalue()))
    return sum(int(told.row_group(n).column(0).total_compressed_size) for n in range(told.num_row_groups))
