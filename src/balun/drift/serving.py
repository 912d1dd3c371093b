"""A log of what a model was served, held against what it learnt from, and against what it would have been given.

The strongest check is the last one: for the same example, at the same time, served inputs must equal those that Balun
computes as of that time, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from balun.chain.corpus import Corpus
from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.drift.column import kind_of
from balun.drift.compare import LEVEL, Compared, compare
from balun.drift.node_rows import file_relation, relation_of, side_of
from balun.engine import types_of
from balun.errors import UsageError
from balun.facts.supply import EXAMPLE
from balun.quoting import in_parquet, quoted
from balun.snapshot import Snapshot, Store

if TYPE_CHECKING:
    import pyarrow as pa

    from balun.fit import Fitted

PREDICTION = "prediction"
LEAST_EQUAL = 0.99
_ROWS_TO_ANSWER = 50_000
_FEWEST_MATCHED = 10


@dataclass(frozen=True)
class Equal:
    """Of one input: of how many examples served and computed values are exactly equal. words: one that isn't."""

    name: str
    rows: int
    equal: int
    words: str = ""

    @property
    def share(self) -> float:
        return self.equal / self.rows if self.rows else 1.0

    @property
    def alarm(self) -> bool:
        return self.rows >= _FEWEST_MATCHED and self.share < LEAST_EQUAL

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "share": self.share, "alarm": self.alarm}


@dataclass(frozen=True)
class Served:
    """rows: of the log. matched: those of an example that Balun has, by entity and time; None: the log tells neither.

    compared: with the corpus, the answers among its columns. missing: inputs that the log lacks. extra: what it has
    besides. equal: of each input, and of the answers beside what the model says of the logged inputs.
    """

    rows: int
    compared: Compared
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    matched: int | None
    equal: tuple[Equal, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "compared": self.compared.as_json(),
            "missing": list(self.missing),
            "extra": list(self.extra),
            "matched": self.matched,
            "equal": [one.as_json() for one in self.equal],
        }


def served(
    connection: duckdb.DuckDBPyConnection, graph: Graph, store: Store, model: Node, inputs: Sequence[str], file: Path
) -> Served:
    """Raises UsageError where the model wasn't run, or the file isn't there."""
    declared = model.declared
    assert isinstance(declared, Model)
    corpus_node = graph.nodes[f"corpus:{declared.corpus}"]
    corpus = corpus_node.declared
    assert isinstance(corpus, Corpus)
    made, fitted = (_current(store, node) for node in (corpus_node, model))
    log = side_of(connection, file_relation(file), corpus.at, file)
    has = types_of(connection, log.relation)
    missing = tuple(name for name in inputs if name not in has)
    known = {*inputs, corpus.at, *corpus.entity, corpus.label, PREDICTION, EXAMPLE}
    extra = tuple(name for name in has if name not in known)
    answers = _answers(connection, fitted, made, log.relation, has, [name for name in inputs if name in has])
    before = side_of(connection, answers.corpus, corpus.at)
    named = [*inputs, *([PREDICTION] if PREDICTION in has else [])]
    typed = file.suffix == ".parquet"
    compared = compare(connection, before, log, time=corpus.at, level=LEVEL, names=named, typed=typed)
    matched, equal = _equal(connection, store, corpus, log.relation, has, inputs)
    return Served(log.rows, compared, missing, extra, matched, (*equal, *answers.equal))


def _current(store: Store, node: Node) -> Snapshot:
    made = store.current(node.id)
    if made is None:
        raise UsageError(f"{node.id} isn't made yet: run the project first")
    return made


# -- what the model answers


@dataclass(frozen=True)
class _Answers:
    """corpus: what FROM reads: its rows, with the model's answers where the log has some. equal: of the log's own."""

    corpus: str
    equal: tuple[Equal, ...] = ()


def _answers(
    connection: duckdb.DuckDBPyConnection, fitted: Snapshot, made: Snapshot, log: str, has: Mapping[str, str],
    inputs: Sequence[str],
) -> _Answers:  # fmt: skip
    if PREDICTION not in has:
        return _Answers(relation_of(made))
    from balun.fit import Fitted

    model = Fitted.load(fitted.folder)
    as_number = kind_of(has[PREDICTION]) == "number"
    sample = f"(SELECT * FROM {relation_of(made)} USING SAMPLE reservoir({_ROWS_TO_ANSWER} ROWS) REPEATABLE (1))"
    rows = connection.sql(f"SELECT * FROM {sample}").to_arrow_table()
    connection.register("corpus_rows", rows.append_column(PREDICTION, [_say(model, rows, as_number=as_number)]))
    if len(inputs) < len(model.inputs):
        return _Answers("corpus_rows")
    some = connection.sql(f"SELECT * FROM {log} LIMIT {_ROWS_TO_ANSWER}").to_arrow_table()
    return _Answers("corpus_rows", (_as_logged(model, some, as_number=as_number),))


def _say(model: Fitted, rows: pa.Table, *, as_number: bool) -> pa.Array:
    """Of two classes the probability of the second, where answers are numbers; else the value or the class."""
    import pyarrow as pa

    if as_number and len(model.classes) == 2 and hasattr(model.estimator, "predict_proba"):
        return pa.array(np.asarray(model.predict_proba(rows), dtype=float)[:, 1])
    said = model.predict(rows)
    return pa.array(np.asarray(said, dtype=float) if as_number else [str(one) for one in said])


def _as_logged(model: Fitted, log: pa.Table, *, as_number: bool) -> Equal:
    said, logged = _say(model, log, as_number=as_number).to_pylist(), log[PREDICTION].to_pylist()
    alike = [
        abs(float(one) - float(other)) <= 1e-6 * max(1.0, abs(float(one)))
        if as_number and other is not None
        else str(one) == str(other)
        for one, other in zip(said, logged, strict=True)
    ]
    place = alike.index(False) if False in alike else None
    words = f"answered {_short(logged[place])}, the model says {_short(said[place])}" if place is not None else ""
    return Equal(PREDICTION, len(alike), sum(alike), words)


# -- the same examples, as of the same time


def _equal(
    connection: duckdb.DuckDBPyConnection, store: Store, corpus: Corpus, log: str, has: Mapping[str, str],
    inputs: Sequence[str],
) -> tuple[int | None, tuple[Equal, ...]]:  # fmt: skip
    keys = [*corpus.entity, corpus.at]
    computed = _computed(store, corpus)
    if not corpus.entity or not all(key in has for key in keys) or computed is None:
        return None, ()
    names = ", ".join(map(quoted, keys))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE computed AS SELECT * FROM {computed} "
        f"QUALIFY count(*) OVER (PARTITION BY {names}) = 1"
    )
    types = types_of(connection, "computed")
    on = " AND ".join(f"l.{quoted(key)}::{types[key]} = c.{quoted(key)}" for key in keys)
    both = f"{log} AS l JOIN computed AS c ON {on}"
    told = connection.execute(f"SELECT count(*) FROM {both}").fetchone()
    matched = int(told[0]) if told else 0
    given = [name for name in inputs if name in has and name in types]
    return matched, tuple(_of_input(connection, both, name, has[name], types[name], matched) for name in given)


def _computed(store: Store, corpus: Corpus) -> str | None:
    """What FROM reads: all examples beside their features, those without a label among them."""
    steps = [f"examples:{corpus.name}"]
    steps += [f"feature:{part}@{corpus.name}" for part in corpus.features if isinstance(part, str)]
    made = [store.current(step) for step in steps]
    if not all(made):
        return None
    read = [in_parquet(one.rows) for one in made if one]
    parts = [read[0], *(f"(SELECT * EXCLUDE ({EXAMPLE}) FROM {one})" for one in read[1:])]
    return f"(SELECT * FROM {' POSITIONAL JOIN '.join(parts)})"


def _of_input(connection: duckdb.DuckDBPyConnection, both: str, name: str, has: str, own: str, matched: int) -> Equal:
    """A narrower float that was logged is equal where the computed one rounds to it."""
    dtype = "FLOAT" if has == "FLOAT" else own
    logged, computed = f"TRY_CAST(l.{quoted(name)} AS {dtype})", f"c.{quoted(name)}::{dtype}"
    same = f"({logged} IS NOT DISTINCT FROM {computed} AND (l.{quoted(name)} IS NULL) = (c.{quoted(name)} IS NULL))"
    told = connection.execute(f"SELECT count(*) FILTER (WHERE {same}) FROM {both}").fetchone()
    equal = int(told[0]) if told else 0
    if equal == matched:
        return Equal(name, matched, equal)
    one = connection.execute(
        f"SELECT l.{quoted(name)}, c.{quoted(name)} FROM {both} WHERE NOT {same} LIMIT 1"
    ).fetchone()
    assert one is not None
    return Equal(name, matched, equal, f"served {_short(one[0])}, computed {_short(one[1])}")


def _short(value: object) -> str:
    if value is None:
        return "null"
    return f"{value:.9g}" if isinstance(value, float) else str(value)
