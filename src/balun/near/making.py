"""How a node is made, in words and in code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from balun.chain.contract import Contract, Files, Postgres, Quality
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest, Value
from balun.chain.graph import Node
from balun.chain.link import LinkTable
from balun.chain.model import Model
from balun.chain.surface import Surface
from balun.chain.table import OpaqueTable, PythonTable, Table
from balun.facts.supply import Supply
from balun.near.plain_sql import plain_sql


@dataclass(frozen=True)
class Making:
    """words: `(what, how)`. code: as its owner wrote it, without front matter; or a declaration, written anew.

    language: `sql` or `python`. compiled: the SQL that Balun makes of a feature, over `source` and `examples`; a run
    may choose another form of it that is faster on the rows at hand.
    """

    words: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    language: str = "sql"
    compiled: str | None = None

    def as_json(self) -> dict[str, object]:
        return {"words": dict(self.words), "code": self.code, "language": self.language, "compiled": self.compiled}


def making_of(supply: Supply, node: Node) -> Making:
    match node.declared:
        case Table() as table:
            return Making(code=_without_front(table.sql))
        case LinkTable() as table:
            return Making((("linked", f"{table.place}, of {', '.join(table.parents)}"),), table.code, "python")
        case PythonTable() as table:
            return Making((("function", f"{table.place}, of {', '.join(table.parents)}"),), table.code, "python")
        case Aggregate() | Latest() as feature:
            return Making(
                code=_declaration(node.name, feature), language="python", compiled=plain_sql(supply, node).sql
            )
        case Corpus() as corpus:
            return Making(tuple(_of_corpus(corpus)), textwrap.dedent(corpus.examples).strip())
        case OpaqueTable() as table:
            return Making((("not understood", table.reason),))
        case Contract() | Model() | Surface() as declared:
            return Making(tuple(_in_words(declared)))


def _in_words(declared: Contract | Model | Surface) -> Iterator[tuple[str, str]]:
    match declared:
        case Contract():
            yield from _of_contract(declared)
        case Model():
            yield from _of_model(declared)
        case Surface():
            yield "shows", ", ".join((*declared.uses, *declared.tables))


def _of_contract(contract: Contract) -> Iterator[tuple[str, str]]:
    match contract.source:
        case Files() as files:
            where = f"{', '.join(files.paths)}, {files.format}" + (f", in {files.package}" if files.package else "")
            yield "files", where
        case Postgres() as at:
            yield "Postgres", f"{at.schema}.{at.table} of {at.database} on {at.host}:{at.port}"
        case None:
            yield "source", "none given"
    yield "contract", f"{contract.place}, version {contract.version}, {contract.status}"
    if contract.sampling < 1:
        yield "sampled", f"{contract.sampling:.4g} of the rows"
    yield from (("rule", _rule(rule)) for rule in contract.quality)


def _rule(rule: Quality) -> str:
    operator = re.sub(r"([A-Z])", lambda found: f" {found[1].lower()}", rule.operator)
    bounds = " and ".join(f"{bound:,.6g}" for bound in rule.bounds)
    of = f" of {', '.join(rule.columns)}" if rule.columns else ""
    return f"{rule.name}: {rule.query or rule.kind}{of} {operator} {bounds}{' %' if rule.percent else ''}"


def _without_front(sql: str) -> str:
    return re.sub(r"\A\s*/\*.*?\*/\s*?\n?", "", sql, count=1, flags=re.DOTALL).strip("\n").rstrip()


def _declaration(name: str, feature: Aggregate | Latest) -> str:
    """As a Python file might say it."""
    parts = [_text(feature.source), f"by={_texts(feature.by)}", f"at={_text(feature.at)}"]
    if isinstance(feature, Aggregate):
        parts.append(f"over={_texts(tuple(map(str, feature.over)))}")
        parts += [f"{value.name}={_value(value)}" for value in feature.values]
    else:
        parts += [f"max_age={_text(str(feature.max_age))}"] if feature.max_age else []
        parts.append(f"columns={_texts(feature.names, always=True)}")
    parts += [f"where={_text(feature.where)}"] if feature.where else []
    parts += ["inclusive=True"] if feature.inclusive else []
    verb = "aggregate" if isinstance(feature, Aggregate) else "latest"
    return f"{name} = bl.{verb}({', '.join(parts)})"


def _value(value: Value) -> str:
    return f"bl.{value.function}({_text(value.expression) if value.expression else ''})"


def _texts(values: tuple[str, ...], *, always: bool = False) -> str:
    return f"[{', '.join(map(_text, values))}]" if len(values) != 1 or always else _text(values[0])


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _of_corpus(corpus: Corpus) -> Iterator[tuple[str, str]]:
    yield "label", corpus.label + (f", known at {corpus.label_available}" if corpus.label_available else "")
    yield "as of", corpus.at
    if corpus.entity:
        yield "entity", ", ".join(corpus.entity)
    features = [part for part in corpus.features if isinstance(part, str)]
    own = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
    yield "features", ", ".join(features) or "none"
    yield "own columns", ", ".join(own) or "none"


def _of_model(model: Model) -> Iterator[tuple[str, str]]:
    yield "estimator", " ".join(repr(model.estimator).split())
    yield "metric", model.metric
    embargo = f"an embargo of {model.split.embargo}" if model.split.embargo else "labels known by then"
    yield "split", f"the last {model.split.test} test it; it learns from what is before, {embargo}"
    if model.slices:
        yield "slices", ", ".join(model.slices)
    yield "seed", str(model.seed)
