"""The examples as they are after a change, one beside each that there was: a model is judged on the same ones."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from balun.build import Bench
from balun.chain.corpus import Corpus
from balun.engine import types_of
from balun.facts.supply import EXAMPLE
from balun.plan import Step, name_of
from balun.prove.compared import alike
from balun.quoting import in_parquet, literal, quoted
from balun.snapshot import Snapshot

CAME = "balun_came"
# Raise it when the same examples come to be put beside others.
_FORMAT = 1


def aligned(base: Snapshot, bench: Bench, step: Step, changed: Snapshot, firm: Sequence[str]) -> Snapshot:
    """In the order and the number of `base`; `balun_came` says whether a row after the change stands for the example.

    Rows have no numbers: those are put together that agree in all columns whose values come as often as before, in
    their order where several do. An example whose row doesn't come is asked about as before, as the world goes on
    without being captured; so is one whose time is gone, at the time that it had.
    firm: columns that are proved to be the same where a row comes; they tell where there are fewer rows.
    """
    corpus = step.node.declared
    assert isinstance(corpus, Corpus)
    ingredients = {"format": _FORMAT, "base": base.name, "changed": changed.name, "firm": list(firm)}
    name = name_of(f"{step.id}:aligned", ingredients)
    found = bench.store.find(name)
    if found is not None:
        return found
    with bench.store.writing(name, step.id, ingredients) as writing, bench.engine() as engine:
        reads = [in_parquet(one.rows) for one in (base, changed)]
        types = [types_of(engine.connection, read) for read in reads]
        names = [one for one in types[1] if one != EXAMPLE]
        there = [one for one in names if types[0].get(one) == types[1][one]]
        as_many = alike(engine.connection, reads, [[]])[0]
        by = _agreeing(engine.connection, reads, there) if as_many else [one for one in there if one in firm] or there
        sql = _sql(reads, names, types, by, corpus.at)
        engine.connection.execute(f"COPY ({sql}) TO {literal(str(writing.rows))} (FORMAT parquet)")
        read = in_parquet(writing.rows)
        count, came = engine.connection.execute(f"SELECT count(*), count_if({CAME}) FROM {read}").fetchall()[0]
        if count != base.info["rows"]:
            raise RuntimeError(f"{count} examples stand beside {base.info['rows']}")
        writing.info.update(rows=count, came=came, by=by)
    made = bench.store.find(name)
    assert made is not None
    return made


def _agreeing(connection: duckdb.DuckDBPyConnection, reads: Sequence[str], names: Sequence[str]) -> list[str]:
    """Columns whose values, all together, come as often in both."""
    found: list[str] = []
    for name in names:
        if alike(connection, reads, [[*found, name]])[0]:
            found.append(name)
    return found


def _sql(
    reads: Sequence[str], names: Sequence[str], types: Sequence[dict[str, str]], by: Sequence[str], at: str
) -> str:
    group = ", ".join(map(quoted, by)) or "true"
    before, after = (
        f"(SELECT *, row_number() OVER (PARTITION BY {group} ORDER BY {EXAMPLE}) AS balun_n FROM {read})"
        for read in reads
    )
    alike = [f"b.{quoted(one)} IS NOT DISTINCT FROM c.{quoted(one)}" for one in by]
    met = " AND ".join(["b.balun_n = c.balun_n", *alike])
    columns = ", ".join(f"{_value(one, types, by, at)} AS {quoted(one)}" for one in names)
    return (
        f"SELECT b.{EXAMPLE}, {columns}, c.{EXAMPLE} IS NOT NULL AS {CAME} "
        f"FROM {before} AS b LEFT JOIN {after} AS c ON {met} ORDER BY b.{EXAMPLE}"
    )


def _value(name: str, types: Sequence[dict[str, str]], by: Sequence[str], at: str) -> str:
    column = quoted(name)
    if name in by:
        return f"b.{column}"
    before = f"b.{column}" if types[0].get(name) == types[1][name] else f"try_cast(b.{column} AS {types[1][name]})"
    if name not in types[0]:
        return f"c.{column}"
    if name == at:
        return f"coalesce(c.{column}, {before})"
    return f"CASE WHEN c.{EXAMPLE} IS NULL THEN {before} ELSE c.{column} END"
