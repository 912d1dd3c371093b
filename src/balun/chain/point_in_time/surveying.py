"""Measures a source and its examples: footers where they answer, samples, and one scan of what is added up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature
from balun.chain.point_in_time import clause
from balun.chain.point_in_time.ask import ask
from balun.chain.point_in_time.binder import binder
from balun.chain.point_in_time.dtype import is_float, is_whole
from balun.chain.point_in_time.expression import read_expression
from balun.chain.point_in_time.measure import Numbers, Survey
from balun.chain.point_in_time.question import Question
from balun.chain.point_in_time.relation import Examples, Source
from balun.errors import ProjectError

_SAMPLED = 100_000  # rows of each side
_ADDED = frozenset({"count", "sum", "mean", "std", "rate"})


def survey(connection: duckdb.DuckDBPyConnection, feature: Feature, source: Source, examples: Examples) -> Survey:
    """What `compile_feature` needs to choose. Raises ProjectError, also where an expression fails on a row."""
    question = ask("", feature, source, examples, None)
    try:
        return _surveyed(connection, feature, source, question)
    except duckdb.Error as exc:
        raise ProjectError.at(
            "feature-fails",
            feature.place,
            f"reading {feature.source}: {str(exc).strip().splitlines()[0]}",
            mend="mend the expression, or the rows it fails on",
            owner=feature.owner,
        ) from exc


def _surveyed(connection: duckdb.DuckDBPyConnection, feature: Feature, source: Source, question: Question) -> Survey:
    events = _one(connection, f"SELECT count(*) FROM {question.rows.relation}")[0]
    examples = _one(connection, f"SELECT count(*) FROM {question.probes.relation}")[0]
    first, last = _bounds(connection, question)
    entities, pairs = _pairs(connection, question, events, examples)
    return Survey(
        events=events,
        examples=examples,
        entities=entities,
        pairs=pairs,
        first=first,
        last=last,
        numbers=_numbers(connection, feature, source, question),
        ordered=_one(connection, "SELECT current_setting('preserve_insertion_order')")[0] in (True, "true"),
    )


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    (row,) = connection.execute(sql).fetchall()  # all: a result half read would hold the caller's connection
    found: tuple[int, ...] = row
    return found


def _bounds(connection: duckdb.DuckDBPyConnection, question: Question) -> tuple[int | None, int | None]:
    """Of all event times, examples' times and availabilities that are finite."""
    times = [question.rows.us, *(sql for sql in question.rows.known if sql is not None)]
    found: list[int | None] = []
    for relation, some in ((question.rows.relation, times), (question.probes.relation, [question.probes.t])):
        ends = ", ".join(f"min({sql}), max({sql})" for sql in some)
        found.extend(_one(connection, f"SELECT {ends} FROM {relation}"))
    sure = [bound for bound in found if bound is not None]
    return min(sure, default=0), max(sure, default=0)


def _pairs(
    connection: duckdb.DuckDBPyConnection, question: Question, events: int, examples: int
) -> tuple[int, dict[Duration, float]]:
    """Entities, and pairs a window: rows and examples of an entity that fall in one stretch of the window's length."""
    keys = clause.keys(len(question.rows.keys))
    shares = [min(1.0, _SAMPLED / max(rows, 1)) for rows in (events, examples)]
    rows = f"SELECT * FROM ({clause.rows(question.rows, [], numbered=False)}) {_sample(shares[0])}"
    probes = f"SELECT * FROM ({clause.probes(question.probes, ())}) {_sample(shares[1])}"
    entities = f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(keys) or '1'} FROM _balun_rows)"
    counts = [entities]
    windows = [window for window in question.windows if window is not None]
    for window in windows:
        length = window.us or window.local_days * 86_400_000_000
        one, other = (
            f"SELECT {', '.join((*keys, f'{at} // {length} AS stretch', 'count(*) AS met'))} FROM {name} GROUP BY ALL"
            for at, name in (("us", "_balun_rows"), ("t", "_balun_probes"))
        )
        using = ", ".join((*keys, "stretch"))
        counts.append(f"SELECT sum(a.met * b.met)::DOUBLE FROM ({one}) AS a JOIN ({other}) AS b USING ({using})")
    columns = ", ".join(f"({sql})" for sql in counts)
    found = _one(
        connection,
        f"WITH _balun_rows AS MATERIALIZED ({rows}), _balun_probes AS MATERIALIZED ({probes}) SELECT {columns}",
    )
    scale = shares[0] * shares[1]
    return found[0], {window: (met or 0) / scale for window, met in zip(windows, found[1:], strict=True)}


def _sample(share: float) -> str:
    return "" if share == 1 else f"USING SAMPLE {100 * share:.6f} PERCENT (system, 1)"


def _numbers(
    connection: duckdb.DuckDBPyConnection, feature: Feature, source: Source, question: Question
) -> dict[str, Numbers]:
    if not isinstance(feature, Aggregate):
        return {}
    added = [value.expression for value in feature.values if value.function in _ADDED and value.expression]
    read = list(dict.fromkeys(read_expression(sql, source.columns).sql for sql in added))
    if not read:
        return {}
    with binder(source.columns) as bound:
        types = [bound.type_of(sql) for sql in read]
    asked = [_asked(sql, type_) for sql, type_ in zip(read, types, strict=True)]
    where = f" WHERE {question.rows.where}" if question.rows.where else ""
    columns = ", ".join(f"[{', '.join(one)}]" for one in asked)
    (found,) = connection.execute(f"SELECT {columns} FROM {question.rows.relation}{where}").fetchall()
    return {sql: _made(type_, row) for sql, type_, row in zip(read, types, found, strict=True)}


def _asked(sql: str, type_: str) -> Sequence[str]:
    nulls = f"(count(*) - count({sql}))::DOUBLE"
    if is_whole(type_):
        return (nulls, f"greatest(max({sql})::DOUBLE, -(min({sql})::DOUBLE))")
    if is_float(type_):
        size = f"nullif(abs(CASE WHEN isfinite({sql}) THEN {sql}::DOUBLE END), 0)"
        whole, finite = f"bool_and({sql} = trunc({sql}))::INTEGER", f"bool_and(isfinite({sql}))::INTEGER"
        return (nulls, f"max({size})", f"min({size})", whole, finite)
    return (nulls,)


def _made(type_: str, found: Sequence[float | None]) -> Numbers:
    """bits from the largest size; scale so that the smallest double of these sizes is a whole number."""
    nulls = int(found[0] or 0)
    if len(found) == 1:
        return Numbers(nulls)
    bits = math.frexp(found[1] or 0.0)[1] + 1  # one more, for the rounding of a wide whole number to a DOUBLE
    if is_whole(type_):
        return Numbers(nulls, bits)
    finite = found[4] != 0
    if found[3] != 0:
        return Numbers(nulls, bits, finite=finite)
    scale = 53 - math.frexp(found[2] or 1.0)[1]
    return Numbers(nulls, bits + scale, scale, finite)
