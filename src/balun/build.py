"""How each kind of step is made: rows in from its parents' snapshots, a snapshot out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable
from balun.chain.link_labels import labels_file, read_labels
from balun.chain.model import Model
from balun.chain.point_in_time import Examples, Source, compile_feature, survey
from balun.chain.table import PythonTable, Table
from balun.engine import Engine
from balun.errors import ProjectError
from balun.facts.available import late_check_sql
from balun.facts.supply import EXAMPLE, LABEL_KNOWN, Supply
from balun.finding import Finding, Place
from balun.held import held
from balun.plan import Step, slices_of
from balun.profile import profile_of
from balun.quoting import in_parquet, literal, quoted
from balun.scan import collect
from balun.scan.limit import nothing_kept
from balun.snapshot import PROFILE, Snapshot, Store, Writing, damaged, rows_in

if TYPE_CHECKING:
    import pyarrow as pa

Say = Callable[[str], None]
# Every statement was bound before a row was read: errors of this kind would be Balun's own.
_OURS = (duckdb.InternalException, duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
_PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"


@dataclass(frozen=True)
class Bench:
    """What a step is made with. made: the snapshots of the steps before it, by their ids.

    attempts: an event of which no row is kept is made too, to be looked at; whoever makes it stops there.
    profiled: a profile of events' and tables' rows is kept beside them.
    """

    graph: Graph
    supply: Supply
    store: Store
    made: Mapping[str, Snapshot]
    say: Say
    attempts: bool = False
    profiled: bool = False

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        spill = self.store.spill
        spill.mkdir(parents=True, exist_ok=True)
        with Engine.of(self.graph.config, spill) as engine:
            yield engine

    def read(self, step: str) -> str:
        """SQL for FROM that reads a step's rows."""
        return in_parquet(self.made[step].rows)

    def show(self, engine: Engine, steps: Iterable[str]) -> None:
        """Give the steps' rows the names that the user's SQL calls them by."""
        for step in steps:
            name = quoted(self.graph.nodes[step].name)
            engine.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {self.read(step)}")


def build(bench: Bench, step: Step) -> Snapshot:
    """Make one step's snapshot. Raises ProjectError for what its owner can mend."""
    started = time.perf_counter()
    with bench.store.writing(step.name, step.id, step.ingredients) as writing:
        kind = step.id.split(":", 1)[0]
        maker = next(make for name, make in _MAKERS if name == kind)
        with _plain_errors(step.node):
            writing.info.update(maker(bench, step, writing))
        writing.info["seconds"] = round(time.perf_counter() - started, 3)
    made = bench.store.find(step.name)
    if made is None:
        raise RuntimeError(f"{step.name} was written and isn't there")
    return made


@contextmanager
def _plain_errors(node: Node) -> Iterator[None]:
    """What DuckDB says of rows, as a finding at the declaration they were made by."""
    try:
        yield
    except duckdb.Error as exc:
        if isinstance(exc, _OURS):
            raise
        said = str(exc).strip().splitlines()[0]
        out = isinstance(exc, duckdb.OutOfMemoryException)
        raise ProjectError.at(
            "out-of-memory" if out else "rows-refused",
            _place(node),
            f"{node.kind} {node.name} can't be made of these rows: {said}",
            mend="raise [engine] memory in balun.toml"
            if out
            else "mend the SQL for such rows, or the contract that lets them in",
            owner=node.owner,
        ) from exc


def _place(node: Node) -> Place:
    return node.declared.place


def _event(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    contract = step.node.declared
    assert isinstance(contract, Contract)
    with bench.engine() as engine:
        collected = collect(
            engine,
            contract,
            bench.graph.config.folder,
            bench.graph.config.zone,
            writing.rows,
            writing.folder / "quarantine.parquet",
            bench.say,
        )
        if not collected.kept and not bench.attempts:
            raise ProjectError([nothing_kept(contract, collected.as_json())])
        _, broken = held(engine.connection, step.node, _source(writing))
        _keep_profile(bench, engine, writing)
    findings = [*(finding.as_json() for finding in collected.broken), *broken]
    return {"rows": collected.kept, "collected": collected.as_json(), "findings": findings}


def _table(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    table = step.node.declared
    assert isinstance(table, Table)
    with bench.engine() as engine:
        bench.show(engine, step.parents)
        select = table.sql.strip().rstrip(";")
        names = list(bench.supply.columns[step.node.id])
        order = ", ".join(map(quoted, dict.fromkeys([*table.key, *names])))
        engine.connection.execute(
            f"COPY (SELECT * FROM (\n{select}\n) ORDER BY {order}) TO {literal(str(writing.rows))} {_PARQUET}"
        )
        return _held(bench, engine, step.node, writing)


def _held(bench: Bench, engine: Engine, node: Node, writing: Writing) -> dict[str, object]:
    number, broken = held(engine.connection, node, _source(writing))
    _keep_profile(bench, engine, writing)
    return {"rows": number, "findings": broken}


def _keep_profile(bench: Bench, engine: Engine, writing: Writing) -> None:
    """What the rows look like, for who compares them with other rows."""
    if not bench.profiled:
        return
    profile = profile_of(engine.connection, _source(writing), "file_row_number")
    (writing.folder / PROFILE).write_text(json.dumps(profile.as_json(), ensure_ascii=False), encoding="utf-8")


def _source(writing: Writing) -> str:
    return in_parquet(writing.rows)


def _any_table(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    declared = step.node.declared
    make = _table if isinstance(declared, Table) else _link if isinstance(declared, LinkTable) else _python_table
    return make(bench, step, writing)


def _link(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    """The crosswalk; beside it the pairs that were compared and are worth a look, and the model as Splink reads it."""
    from balun.linking import Side, match

    table = step.node.declared
    assert isinstance(table, LinkTable)
    root = bench.graph.config.folder
    labels = read_labels(labels_file(root, table.name), table.keys, root)
    sides = [
        Side(name, bench.read(parent), key)
        for name, parent, key in zip(table.parents, step.parents, table.keys, strict=True)
    ]
    with bench.engine() as engine:
        matched = match(engine.connection, sides, table.linking, labels, bench.say)
        for name, file in (("crosswalk", writing.rows), ("kept", writing.folder / "pairs.parquet")):
            engine.connection.execute(f"COPY {name} TO {literal(str(file))} {_PARQUET}")
        (writing.folder / "model.json").write_text(matched.model_json(), encoding="utf-8")
        return {**_held(bench, engine, step.node, writing), "link": matched.as_json()}


def _python_table(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:

    table = step.node.declared
    assert isinstance(table, PythonTable)
    given = {bench.graph.nodes[parent].name: rows_in(bench.made[parent].rows) for parent in step.parents}
    named = {name: given[name] for name in table.parents}
    returned = _called(table, named, step.node)
    with bench.engine() as engine:
        engine.connection.register("returned", _as_arrow(returned, table, step.node))
        _check_columns(engine, table, step.node)
        columns = ", ".join(f"{quoted(name)}::{dtype} AS {quoted(name)}" for name, dtype in table.columns)
        order = ", ".join(map(quoted, dict.fromkeys([*table.key, *(name for name, _ in table.columns)])))
        engine.connection.execute(
            f"COPY (SELECT {columns} FROM returned ORDER BY {order}) TO {literal(str(writing.rows))} {_PARQUET}"
        )
        return _held(bench, engine, step.node, writing)


def _called(table: PythonTable, given: Mapping[str, pa.Table], node: Node) -> object:
    try:
        return table.function(**given)
    except Exception as exc:  # the user's own function may raise anything
        import traceback

        frames = traceback.extract_tb(exc.__traceback__)
        line = next((frame.lineno for frame in reversed(frames) if frame.filename.endswith(table.place.file)), None)
        raise ProjectError.at(
            "python-failed",
            Place(table.place.file, line or table.place.line),
            f"table {table.name} raised {type(exc).__name__}: {exc}",
            mend="mend the function",
            owner=node.owner,
        ) from exc


def _as_arrow(returned: object, table: PythonTable, node: Node) -> pa.Table:
    import pyarrow as pa

    if isinstance(returned, pa.Table):
        return returned
    if hasattr(returned, "to_arrow"):
        return returned.to_arrow()
    if type(returned).__module__.startswith("pandas"):
        return pa.Table.from_pandas(returned, preserve_index=False)
    raise ProjectError.at(
        "value-wrong",
        table.place,
        f"table {table.name} returned {type(returned).__name__}",
        mend="return a pyarrow.Table, or a Polars or pandas frame",
        owner=node.owner,
    )


def _check_columns(engine: Engine, table: PythonTable, node: Node) -> None:
    """The declared columns must be there, and their values must fit the declared types."""
    got = [str(row[0]) for row in engine.connection.execute("DESCRIBE returned").fetchall()]
    declared = [name for name, _ in table.columns]
    missing, extra = [name for name in declared if name not in got], [name for name in got if name not in declared]
    if missing or extra:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(extra)} besides"] if extra else []
        raise ProjectError.at(
            "promise-broken",
            table.place,
            f"table {table.name} returned rows that don't have its declared columns: {' and '.join(parts)}",
            mend="make columns= and what the function returns agree",
            owner=node.owner,
        )


def _number(engine: Engine, sql: str) -> int:
    row = engine.connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _examples(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    """Number the examples by their time, then by all they hold, so that the numbers are the same each time."""
    corpus = step.node.declared
    assert isinstance(corpus, Corpus)
    with bench.engine() as engine:
        bench.show(engine, step.parents)
        names = [name for name in bench.supply.columns[step.id] if name != EXAMPLE]
        order = ", ".join(map(quoted, dict.fromkeys([corpus.at, *names])))
        columns = ", ".join(
            f"{quoted(name)}::TIMESTAMPTZ AS {quoted(name)}" if name == corpus.at else quoted(name) for name in names
        )
        select = corpus.examples.strip().rstrip(";")
        engine.connection.execute(
            f"COPY (SELECT (row_number() OVER () - 1)::BIGINT AS {EXAMPLE}, * FROM "
            f"(SELECT {columns} FROM (\n{select}\n) ORDER BY {order})) TO {literal(str(writing.rows))} {_PARQUET}"
        )
        source = in_parquet(writing.rows)
        count = _number(engine, f"SELECT count(*) FROM {source}")
        timeless = _number(engine, f"SELECT count(*) FROM {source} WHERE {quoted(corpus.at)} IS NULL")
        late = _known_too_late(bench, engine, step, corpus, source)
    if not count:
        raise ProjectError.at(
            "examples-empty",
            corpus.place,
            f"corpus {corpus.name} has no examples",
            mend="widen its examples' SELECT",
            owner=step.node.owner,
        )
    if timeless:
        what = f"{corpus.at} is null in {timeless:,} of {count:,} examples: nothing is known at no time"
        late.append(Finding("example-timeless", corpus.place, what, mend="filter them", owner=step.node.owner))
    return {"rows": count, "findings": [finding.as_json() for finding in late]}


def _known_too_late(bench: Bench, engine: Engine, step: Step, corpus: Corpus, source: str) -> list[Finding]:
    """Test on rows that what an example is made of was known by then: the row itself, and each of its own inputs."""
    known = bench.supply.available[step.id]
    inputs = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
    checks: list[tuple[str, str | None, str]] = [("the example's own row", None, known.row)] if known.row else []
    checks += [(f"input {name}", name, known.columns[name]) for name in inputs if name in known.columns]
    findings = []
    for what, name, expression in checks:
        given = f" WHERE {quoted(name)} IS NOT NULL" if name else ""
        count = _number(engine, f"SELECT {late_check_sql(expression, quoted(corpus.at))} FROM {source}{given}")
        if count:
            findings.append(
                Finding(
                    "known-too-late",
                    corpus.place,
                    f"{what} of corpus {corpus.name} is known only at {expression}: "
                    f"after {corpus.at} in {count:,} examples",
                    mend="take it as a feature, which looks only at what was known, or move the examples' time",
                    owner=step.node.owner,
                )
            )
    return findings


def _feature(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    feature = step.node.declared
    assert isinstance(feature, Aggregate | Latest)
    source_id, examples_id = step.parents
    source = bench.supply.source(step.node, bench.read(source_id))
    source = replace(source, unique=_is_unique(bench.made[source_id], source))
    corpus = bench.graph.nodes[examples_id.replace("examples:", "corpus:")]
    assert isinstance(corpus.declared, Corpus)
    examples = Examples(bench.read(examples_id), bench.supply.columns[examples_id], at=corpus.declared.at, id=EXAMPLE)
    with bench.engine() as engine:
        seen = survey(engine.connection, feature, source, examples)
        sql = compile_feature(step.node.name, feature, source, examples, seen)
        engine.connection.execute(f"COPY ({sql}) TO {literal(str(writing.rows))} {_PARQUET}")
        count = _number(engine, f"SELECT count(*) FROM {in_parquet(writing.rows)}")
        expected = bench.made[examples_id].info["rows"]
        if count != expected:
            raise RuntimeError(f"{step.id} has {count} rows for {expected} examples")
    return {"rows": count, "sql": sql}


def _is_unique(made: Snapshot, source: Source) -> bool:
    """Whether its key was tested on these rows: of an event what breaks it is set aside, of a table it is a finding."""
    return bool(source.key) and (made.step.startswith("event:") or not made.info.get("findings"))


def _corpus(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:
    """Put the features beside the examples; leave out, and count, those without a label."""
    corpus = step.node.declared
    assert isinstance(corpus, Corpus)
    made = [parent for parent in step.parents if parent.startswith("feature:")]
    inputs = bench.supply.inputs[step.node.id]
    slices = sorted(slices_of(bench.graph, step.node))
    own = [corpus.at, *corpus.entity, corpus.label, *slices]
    kept = [name for name in dict.fromkeys(own) if name not in inputs]
    columns = ", ".join(map(quoted, [*kept, LABEL_KNOWN, *inputs]))
    known = bench.supply.label_known[step.node.id] or quoted(corpus.at)
    # Names are unique across the parts, and each part has its rows in the order of the examples.
    parts = [f"(SELECT *, ({known})::TIMESTAMPTZ AS {LABEL_KNOWN} FROM {bench.read(step.parents[0])})"]
    parts += [f"(SELECT * EXCLUDE ({EXAMPLE}) FROM {bench.read(parent)})" for parent in made]
    with bench.engine() as engine:
        engine.connection.execute(
            f"COPY (SELECT {columns} FROM {' POSITIONAL JOIN '.join(parts)} "
            f"WHERE {quoted(corpus.label)} IS NOT NULL) TO {literal(str(writing.rows))} {_PARQUET}"
        )
        count = _number(engine, f"SELECT count(*) FROM {in_parquet(writing.rows)}")
    whole = bench.made[step.parents[0]].info["rows"]
    assert isinstance(whole, int)
    return {"rows": count, "examples": whole, "unlabelled": whole - count, "inputs": list(inputs)}


def _model(bench: Bench, step: Step, writing: Writing) -> dict[str, object]:

    from balun.fit import fit
    from balun.fit.picture import picture

    model = step.node.declared
    assert isinstance(model, Model)
    corpus_id = step.parents[0]
    corpus = bench.graph.nodes[corpus_id].declared
    assert isinstance(corpus, Corpus)
    made = bench.made[corpus_id]
    try:
        rows = rows_in(made.rows)
    except (OSError, ValueError) as exc:
        raise damaged(made, str(exc)) from exc
    fitted, result = fit(model, corpus, rows, bench.supply.inputs[corpus_id], snapshot=made.name, progress=bench.say)
    fitted.save(writing.folder)
    drawn = picture(result, writing.folder / "picture.png")
    return {"result": result.as_json(), "picture": drawn, "rows": rows.num_rows}


_MAKERS: tuple[tuple[str, Callable[[Bench, Step, Writing], dict[str, object]]], ...] = (
    ("event", _event),
    ("table", _any_table),
    ("examples", _examples),
    ("feature", _feature),
    ("corpus", _corpus),
    ("model", _model),
)
