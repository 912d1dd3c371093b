"""What there is to make, in order, and what it will be called: each result is named by the content of its inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from balun.chain.contract import Column, Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable
from balun.chain.link_labels import labels_file, read_labels
from balun.chain.model import Model
from balun.chain.sql_table import canonical
from balun.chain.table import PythonTable, Table
from balun.facts.supply import Supply
from balun.scan.source import base, source_name
from balun.snapshot import Json, Snapshot, Store, digest

# Raise it when the same inputs come to give other bytes.
_FORMAT = 1


@dataclass(frozen=True)
class Step:
    """One result to make.

    id: `event:departure`, `table:flown`, `examples:late`, `feature:traffic@late`, `corpus:late`, `model:delay`.
    name: its snapshot's, from `ingredients`. parents: ids of steps that it reads.
    """

    id: str
    node: Node
    name: str
    ingredients: Json
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """steps: parents before children."""

    steps: Mapping[str, Step]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())


def make_plan(graph: Graph, supply: Supply, files: Mapping[str, tuple[Path, ...]], store: Store) -> Plan:
    """files: for each event's node, where its rows lie."""
    steps: dict[str, Step] = {}

    def add(id_: str, node: Node, parents: tuple[str, ...], **ingredients: object) -> None:
        whole = {"format": _FORMAT, **ingredients, "parents": {parent: steps[parent].name for parent in parents}}
        steps[id_] = Step(id_, node, name_of(id_, whole), whole, parents)

    for node in graph:
        match node.declared:
            case Contract() as contract:
                start = base(contract, graph.config.folder)
                data = {source_name(file, start): store.content(file) for file in files[node.id]}
                add(node.id, node, (), duckdb=_version("duckdb"), **declared(node, graph), data=data)
            case Table():
                add(node.id, node, node.parents, duckdb=_version("duckdb"), **declared(node, graph))
            case LinkTable():
                versions = {name: _version(name) for name in ("duckdb", "scikit-learn", "splink")}
                add(node.id, node, node.parents, versions=versions, **declared(node, graph))
            case PythonTable():
                add(node.id, node, node.parents, **declared(node, graph))
            case Corpus() as corpus:
                _add_corpus(add, graph, supply, node, corpus)
            case Model() as model:
                add(node.id, node, node.parents, **_model(model))
    return Plan(steps)


def name_of(id_: str, ingredients: Json) -> str:
    """What the result of a step is called when it is made of these."""
    slug = "-".join(part for part in id_.replace("@", ":").split(":"))
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in slug)
    return f"{safe}-{digest(ingredients)}"


def declared(node: Node, graph: Graph) -> dict[str, object]:
    """What an event's or a table's own declaration adds to its name."""
    match node.declared:
        case Contract() as contract:
            return {"contract": _contract(contract, graph), **_mends(contract)}
        case Table() as table:
            return {"sql": canonical(table.sql), "promises": [table.key, table.required], **_promised(table)}
        case LinkTable() as link:
            return {"code": link.code, "columns": link.columns, "key": link.key, "labels": _labels(link, graph)}
        case PythonTable() as table:
            return {"code": table.code, "columns": table.columns, "key": table.key, **_promised(table)}
    return {}


def _labels(link: LinkTable, graph: Graph) -> Sequence[Sequence[object]]:
    """What people said of its pairs."""
    root = graph.config.folder
    told = read_labels(labels_file(root, link.name), link.keys, root)
    return sorted([*left, *right, same] for (left, right), same in told.items())


def _promised(table: Table | PythonTable) -> dict[str, object]:
    """Nothing where nothing is promised, so that the results of before stay what they are called."""
    return {"values": [[one.column, one.told] for one in table.promises]} if table.promises else {}


def is_declared_alike(node: Node, graph: Graph, ingredients: Json) -> bool:
    """Whether what was made from these was declared as it is now."""
    return _is_same(declared(node, graph), ingredients)


def _is_same(own: Json, ingredients: Json) -> bool:
    """What isn't always an ingredient must be missing there too."""
    whole = {"mends": None, **own}
    return all(_json(value) == _json(ingredients.get(key)) for key, value in whole.items())


def _mends(contract: Contract) -> dict[str, object]:
    """Nothing where there are none: the name is then what it is without the file."""
    told = [[list(mend.sets), mend.where] for mend in contract.mends]
    return {"mends": told} if told else {}


def last_made(id_: str, graph: Graph, supply: Supply, store: Store) -> Snapshot | None:
    """A step's last result, where it and all that it was made from is declared as it is now; the data may be newer."""
    todo = [name for name in [store.current_name(id_)] if name]
    seen: dict[str, Snapshot] = {}
    while todo:
        made = store.find(todo.pop())
        if made is None or not _is_alike(made, graph, supply):
            return None
        seen[made.name] = made
        parents = made.ingredients.get("parents")
        todo += [name for name in (parents.values() if isinstance(parents, Mapping) else ()) if name not in seen]
    return next(iter(seen.values()), None)


def _is_alike(made: Snapshot, graph: Graph, supply: Supply) -> bool:
    if node_of(made.step) not in graph.nodes:
        return False
    return _is_same(_own(made.step, graph, supply), made.ingredients)


def node_of(id_: str) -> str:
    """The node that a step belongs to.

    >>> node_of("examples:late"), node_of("feature:traffic@late")
    ('corpus:late', 'feature:traffic')
    """
    return id_.replace("examples:", "corpus:").partition("@")[0]


def _own(id_: str, graph: Graph, supply: Supply) -> dict[str, object]:
    """What a step's own declaration adds to its name."""
    node = graph.nodes[node_of(id_)]
    match node.declared:
        case Corpus() as corpus if id_.startswith("examples:"):
            return {"sql": canonical(corpus.examples), "at": corpus.at}
        case Corpus() as corpus:
            return {
                "label": corpus.label,
                "label_known": supply.label_known[node.id],
                "entity": corpus.entity,
                "inputs": [list(part.names) if isinstance(part, Columns) else part for part in corpus.features],
                "slices": sorted(slices_of(graph, node)),
            }
        case Aggregate() | Latest() as feature:
            known = supply.available[node.parents[0]]
            return {
                "feature": _feature(feature),
                "available": [known.row, sorted(known.columns.items())],
                "key": supply.key(node.parents[0]),
                "zone": graph.config.zone,
            }
    return declared(node, graph)


def _add_corpus(add, graph: Graph, supply: Supply, node: Node, corpus: Corpus) -> None:  # type: ignore[no-untyped-def]
    relations = tuple(parent for parent in node.parents if not parent.startswith("feature:"))
    examples = f"examples:{corpus.name}"
    add(examples, node, relations, duckdb=_version("duckdb"), **_own(examples, graph, supply))
    made = [examples]
    for name in corpus.features:
        if isinstance(name, Columns):
            continue
        feature = graph.nodes[f"feature:{name}"]
        id_ = f"{feature.id}@{corpus.name}"
        parents = (feature.parents[0], examples)
        add(id_, feature, parents, duckdb=_version("duckdb"), **_own(id_, graph, supply))
        made.append(id_)
    add(node.id, node, tuple(made), duckdb=_version("duckdb"), **_own(node.id, graph, supply))


def slices_of(graph: Graph, corpus: Node) -> set[str]:
    """Columns that the corpus's models break their errors down by."""
    models = [node.declared for node in graph.children(corpus)]
    return {name for model in models if isinstance(model, Model) for name in model.slices}


def _contract(contract: Contract, graph: Graph) -> Json:
    """What of a contract decides which rows are kept, how they read, and what is tested on them; not who owns it."""
    columns = [_column(column) for column in contract.columns]
    quality = [_plain(rule) for rule in contract.quality]
    source = _plain(contract.source) if contract.source else None
    return {"zone": graph.config.zone, "columns": columns, "quality": quality, "source": source}


def _column(column: Column) -> dict[str, object]:
    told = {"place", "description", "classification", "unit", "available", "references", "blank"}
    told |= set() if column.logical == "timestamp" else {"zone"}
    return {
        key: value for key, value in dataclasses.asdict(column).items() if key not in told and value not in (None, ())
    }


def _feature(feature: object) -> Json:
    if not isinstance(feature, Aggregate | Latest):
        raise TypeError(f"{type(feature).__name__} is no feature")
    return _plain(feature)


def _plain(value: object) -> dict[str, object]:
    """A declaration as data, without where it stands and whose it is."""
    whole: dict[str, object] = dataclasses.asdict(value)  # type: ignore[call-overload]
    return {key: item for key, item in whole.items() if key not in {"place", "owner"}}


def _model(model: Model) -> dict[str, object]:
    package = type(model.estimator).__module__.split(".")[0]
    return {
        "estimator": described(model.estimator),
        "metric": model.metric,
        "split": dataclasses.asdict(model.split),
        "slices": model.slices,
        "seed": model.seed,
        "versions": {name: _version(name) for name in sorted({package.replace("sklearn", "scikit-learn")})},
    }


def described(estimator: object) -> str:
    """What an estimator is and is set to, without addresses in memory, the same in each process.

    >>> from sklearn.linear_model import Ridge
    >>> described(Ridge(alpha=2.0)).startswith("sklearn.linear_model._ridge.Ridge(alpha=2.0,")
    True
    """
    kind = type(estimator)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if hasattr(estimator, "get_params") and not isinstance(estimator, type):
        parts = [f"{key}={described(value)}" for key, value in sorted(estimator.get_params(deep=False).items())]
        return f"{name}({', '.join(parts)})"
    if isinstance(estimator, list | tuple):
        return f"[{', '.join(map(described, estimator))}]"
    if callable(estimator):
        return f"{getattr(estimator, '__module__', '')}.{getattr(estimator, '__qualname__', name)}"
    return repr(estimator)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


@dataclass(frozen=True)
class State:
    """How a step stands: `fresh`, or why it is to be made."""

    step: Step
    fresh: bool
    why: str


def states(plan: Plan, store: Store) -> list[State]:
    """Each step's state, in the plan's order."""
    found: dict[str, State] = {}
    for step in plan:
        stale = [parent for parent in step.parents if not found[parent].fresh]
        if store.find(step.name):
            found[step.id] = State(step, True, "up to date")
        else:
            found[step.id] = State(step, False, _why(step, store, stale))
    return list(found.values())


def _why(step: Step, store: Store, stale: list[str]) -> str:
    name = store.current_name(step.id)
    if name is None:
        return "never made"
    last = store.find(name)
    if last is None:
        return "its files are gone or cut short"
    words = {
        "sql": "its SQL changed",
        "promises": "its promises changed",
        "contract": "its contract changed",
        "mends": "its mends changed",
        "data": "its data changed",
        "code": "its code changed",
        "labels": "what was said of its pairs changed",
        "feature": "its declaration changed",
        "available": "when its source is known changed",
        "estimator": "its estimator changed",
        "duckdb": "DuckDB is another version",
        "versions": "a library is another version",
        "format": "Balun writes it otherwise now",
    }
    own = [
        words.get(key, f"its {key.replace('_', ' ')} changed")
        for key in {**step.ingredients, **last.ingredients}
        if key != "parents" and _json(step.ingredients.get(key)) != _json(last.ingredients.get(key))
    ]
    above = [f"{parent.split(':', 1)[1]} is to be made again" for parent in stale]
    return ", ".join(own or above or ["what it reads changed"])


def _json(value: object) -> str:
    return digest({"value": value})
