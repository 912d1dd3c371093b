"""The smaller model as a declaration of its own, beside the one that it is smaller than."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest, Value
from balun.chain.graph import Graph, Node
from balun.chain.load import load_graph
from balun.chain.model import Model
from balun.chain.python_file import bindings
from balun.errors import ProjectError, UsageError
from balun.minimize.result import Minimized

_SMALL = "_small"
_MARK = "as `balun minimize"


def small(model: Node, corpus: Node) -> tuple[str, str]:
    """What the smaller model and its corpus are called."""
    return f"{model.name}{_SMALL}", f"{corpus.name}{_SMALL}"


def write(folder: Path, graph: Graph, node: Node, found: Minimized, without: Collection[str]) -> str:
    """Into `<model>_small.py` in the project's folder, whose name is returned. without: inputs that go.

    Raises UsageError where the file is there and isn't one that was written so, or where the model isn't bound to a
    name that can be imported; ProjectError where the project doesn't load with it.
    """
    stem = f"{re.sub(r'[^0-9a-zA-Z]+', '_', node.name).strip('_').lower()}{_SMALL}"
    file = folder / f"{stem if stem[0].isalpha() else f'model_{stem}'}.py"
    was = file.read_text(encoding="utf-8") if file.exists() else None
    if was is not None and _MARK not in was:
        raise UsageError(f"{file.name} is there already, and wasn't written by balun minimize: move it away")
    file.write_text(_text(folder, graph, node, found, without), encoding="utf-8")
    try:
        load_graph(folder)
    except ProjectError:
        file.unlink() if was is None else file.write_text(was, encoding="utf-8")
        raise
    return file.name


def _text(folder: Path, graph: Graph, node: Node, found: Minimized, without: Collection[str]) -> str:
    corpus = graph.nodes[node.parents[0]].declared
    assert isinstance(corpus, Corpus)
    where = bindings(folder)
    if node.id not in where:
        raise UsageError(f"{node.id} is bound to no name of a Python file, so that no other file can read it")
    parts = [_Part(graph, part, without, where) for part in corpus.features]
    modules = {where[node.id][0], *(part.module for part in parts if part.module)}
    lines = [
        *_about(node, found),
        "",
        "import balun as bl",
        *(f"import {module}" for module in sorted(modules)),
        "",
        *(line for part in parts for line in part.declared()),
        *_declared(graph, node, ".".join(where[node.id]), [part.named() for part in parts if part.left], without),
    ]
    return "\n".join(lines) + "\n"


def _declared(graph: Graph, node: Node, was: str, parts: Sequence[str], without: Collection[str]) -> Iterator[str]:
    """The corpus and the model, but for inputs as the model that can be read as `was` has them."""
    model = node.declared
    assert isinstance(model, Model)
    name, corpus = small(node, graph.nodes[node.parents[0]])
    variable = f"{was.rsplit('.', maxsplit=1)[-1]}{_SMALL}"
    slices = [one for one in model.slices if one not in without]
    yield f"{variable}_corpus = bl.corpus("
    yield f"    {_quoted(corpus)},"
    for one in ("owner", "examples", "label", "at", "entity", "label_available"):
        yield f"    {one}={was}.corpus.{one},"
    yield "    features=["
    yield from (f"        {part}," for part in parts)
    yield "    ],"
    yield ")"
    yield f"{variable} = bl.model("
    yield f"    {_quoted(name)},"
    yield f"    corpus={variable}_corpus,"
    for one in ("owner", "estimator", "metric", "split", "seed", "may", "classification"):
        yield f"    {one}={was}.{one},"
    if slices:
        yield f"    slices={_listed(slices)},"
    yield ")"


def _about(node: Node, found: Minimized) -> Iterator[str]:
    yield f'"""{node.name}{_SMALL}: the smallest that {node.name} can be, {_MARK} {node.name}` found it.'
    steps = [one for one in found.kept if one.step]
    if found.tested is not None and found.tested.gap is not None:
        gap = found.tested.gap
        yield ""
        yield (
            f"On the test, {found.test.first:%Y-%m-%d} to {found.test.last:%Y-%m-%d}, {found.metric} is "
            f"{found.tested.fine:.4f}; of {node.name} {found.tested.before:.4f}."
        )
        coarser = ", at the steps below" if steps else ""
        yield f"Lost: {gap.value:+.4f}, 95 % {gap.low:+.4f} to {gap.high:+.4f}{coarser}."
    if steps:
        yield ""
        yield "It needs these no finer than so; capture may give them coarser than now:"
        yield from (f"  {one.name} at {one.step}{_owned(one.owner)}" for one in steps)
    free = [one for one in found.gone if one.may_go]
    if free:
        yield ""
        yield "With it in place of the other, nothing needs these:"
        yield from (f"  {one.name}{_owned(one.owner)}" for one in free)
    yield '"""'


def _owned(owner: str | None) -> str:
    return f"    owner: {owner}" if owner else ""


class _Part:
    """A feature, or columns of the examples, of which some inputs go. module: to import what stays as it is."""

    def __init__(
        self, graph: Graph, part: str | Columns, without: Collection[str], where: Mapping[str, tuple[str, str]]
    ) -> None:
        self.part = part
        self._feature = graph.nodes[f"feature:{part}"].declared if isinstance(part, str) else part
        self._names = self._outputs()
        self.left = [name for name in self._names if name not in without]
        self._place = ".".join(where[f"feature:{part}"]) if self.whole else ""

    @property
    def module(self) -> str:
        return self._place.split(".", maxsplit=1)[0]

    @property
    def whole(self) -> bool:
        return isinstance(self.part, str) and len(self.left) == len(self._names)

    def _outputs(self) -> list[str]:
        match self._feature:
            case Columns(names=names):
                return list(names)
            case Aggregate() | Latest():
                return [one[0] for one in self._feature.outputs(str(self.part))]
        raise AssertionError(self._feature)

    def named(self) -> str:
        """As the corpus lists it."""
        if isinstance(self.part, Columns):
            return f"bl.columns({', '.join(map(_quoted, self.left))})"
        return self._place or f"{self.part}{_SMALL}"

    def declared(self) -> list[str]:
        """Its narrower declaration; nothing where it stays whole or goes."""
        if self.whole or not self.left or isinstance(self.part, Columns):
            return []
        feature = self._feature
        if isinstance(feature, Latest):
            names = [column for name, column in feature.outputs(self.part) if name in self.left]
            max_age = {} if feature.max_age is None else {"max_age": _quoted(str(feature.max_age))}
            return self._call("latest", feature, {"columns": _listed(names), **max_age}, {})
        assert isinstance(feature, Aggregate)
        outputs = [(value, over) for name, value, over in feature.outputs(self.part) if name in self.left]
        values = dict.fromkeys(value for value, _ in outputs)
        windows = _listed([str(over) for over in feature.over])
        return self._call("aggregate", feature, {"over": windows}, {one.name: _value(one) for one in values})

    def _call(
        self, verb: str, feature: Aggregate | Latest, more: Mapping[str, str], values: Mapping[str, str]
    ) -> list[str]:
        told = {"by": _listed(feature.by), "at": _quoted(feature.at), **more}
        told |= {name: _quoted(text) for name in ("where", "owner") if (text := getattr(feature, name)) is not None}
        told |= {"inclusive": "True"} if feature.inclusive else {}
        lines = [f"    {name}={value}," for name, value in {**told, **values}.items()]
        return [f"{self.part}{_SMALL} = bl.{verb}(", f"    {_quoted(feature.source)},", *lines, ")"]


def _value(one: Value) -> str:
    return f"bl.{one.function}({'' if one.expression is None else _quoted(one.expression)})"


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
