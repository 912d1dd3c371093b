"""The inputs of a corpus's examples as they are after a change, in the order of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.engine import Engine
from balun.facts.supply import EXAMPLE
from balun.quoting import in_parquet, quoted
from balun.snapshot import Snapshot
from balun.worth.aligned import CAME
from balun.worth.history import History
from balun.worth.replay import Replay

_LABEL, _ROW_CAME = "balun_label", "balun_row_came"


@dataclass(frozen=True)
class Served:
    """columns: inputs that may differ from before, by name. label: as captured now; None: as before.

    came: which examples' rows are still captured; None: all.
    """

    columns: Mapping[str, pa.ChunkedArray]
    label: pa.ChunkedArray | None = None
    came: NDArray[np.bool_] | None = None

    def over(self, rows: pa.Table) -> pa.Table:
        """The rows with what is served now in place of what was."""
        for name, column in self.columns.items():
            rows = rows.set_column(rows.column_names.index(name), name, column)
        return rows


def served(history: History, replay: Replay, node: Node) -> Served:
    """node: a corpus, all of which could be made."""
    corpus = node.declared
    assert isinstance(corpus, Corpus)
    examples = f"examples:{corpus.name}"
    steps = [examples, *(f"feature:{part}@{corpus.name}" for part in corpus.features if isinstance(part, str))]
    touched = [step for step in steps if replay.made[step].name != history.made[step].name]
    if not touched:
        return Served({})
    with Engine(threads=history.chain.graph.config.threads) as engine:
        inputs = set(history.chain.supply.inputs[node.id])
        wanted: list[str] = []
        sources = [f"(SELECT {quoted(corpus.label)} AS {_LABEL} FROM {_read(history.made[examples])})"]
        for number, step in enumerate(touched):
            described = engine.connection.execute(f"DESCRIBE FROM {_read(replay.made[step])}").fetchall()
            names = sorted(inputs & {str(row[0]) for row in described} - {EXAMPLE})
            wanted += [f"p{number}.{quoted(name)}" for name in names]
            sources.append(f"{_read(replay.made[step])} AS p{number}")
        if examples in touched:
            wanted += [f"p0.{quoted(corpus.label)} AS balun_now", f"p0.{CAME} AS {_ROW_CAME}"]
        if not wanted:
            return Served({})
        found = engine.connection.sql(
            f"SELECT {', '.join(wanted)} FROM {' POSITIONAL JOIN '.join(sources)} WHERE {_LABEL} IS NOT NULL"
        ).to_arrow_table()
    columns = {name: found[name] for name in found.column_names if name not in {"balun_now", _ROW_CAME}}
    if examples not in touched:
        return Served(columns)
    return Served(columns, found["balun_now"], found[_ROW_CAME].to_numpy(zero_copy_only=False))


def _read(made: Snapshot) -> str:
    return in_parquet(made.rows)
