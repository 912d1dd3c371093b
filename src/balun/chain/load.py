"""A project's folder becomes a chain. No rows are touched."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from pathlib import Path
from typing import cast

from balun.chain.config import Config, read_config
from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Latest
from balun.chain.graph import KINDS, Declared, Graph, Node, kind_of
from balun.chain.link import LinkTable, key_columns
from balun.chain.mends import faults_of, is_mends, read_mends
from balun.chain.model import Model
from balun.chain.needs import FOLDER, Needs, read_needs
from balun.chain.surface import Surface
from balun.chain.table import OpaqueTable, PythonTable, Table
from balun.errors import ProjectError, nearest
from balun.finding import Finding, Place
from balun.kept import Kept

Named = tuple[str, Declared]


def load_graph(folder: Path, kept: Kept | None = None, *, code: bool = False) -> Graph:
    """Everything declared under `folder`, checked to hang together. Raises ProjectError with all that is wrong.

    kept: files that were read before, and haven't changed, are not parsed again. code: with estimators and functions,
    which are not kept.
    """
    config = read_config(folder.resolve())
    named, faults = _read(config, kept, code=code)
    faults += _twice(named)
    named = _with_needs(config, named, faults)
    named = _with_keys(named, faults)
    named = _with_mends(config, named, faults)
    if faults:
        raise ProjectError(faults)
    return graph_of(config, named)


def _read(config: Config, kept: Kept | None, *, code: bool) -> tuple[list[Named], list[Finding]]:
    root = config.folder
    named: list[Named] = []
    faults: list[Finding] = []

    def gather(read: Callable[[], Iterable[Named]]) -> None:
        try:
            named.extend(read())
        except ProjectError as exc:
            faults.extend(exc.findings)

    for file in _files(root / "contracts", (".yaml", ".yml")):
        if is_mends(file):
            continue
        gather(lambda file=file: _kept(kept, file, config, _contracts))  # type: ignore[misc]
    for file in _files(root / "tables", (".sql",)):
        gather(lambda file=file: _kept(kept, file, config, _table))  # type: ignore[misc]
    gather(lambda: _python(root, None if code else kept))
    if not named and not faults:
        faults.append(
            Finding(
                "project-empty",
                Place("balun.toml"),
                "there is nothing in contracts/, tables/ or a Python file",
                mend="draft contracts from your data with `balun init FILES`",
            )
        )
    return named, faults


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in endings and file.is_file())


def _kept(kept: Kept | None, file: Path, config: Config, read: Callable[[Path, Config], list[Named]]) -> list[Named]:
    """What a file declares, as it was read before from the same bytes under the same name."""
    try:
        data = file.read_bytes() if kept else b""
    except OSError:
        data = b""
    if kept is None or not data:
        return read(file, config)
    key = kept.key("file", file.relative_to(config.folder).as_posix(), config.zone, data)
    found = kept.find(key)
    named: list[Named] = found[1]() if found else read(file, config)
    if found is None:
        kept.put(key, named)
    for name, declared in named:
        kept.tell(declared, kept.key(key, name))
    return named


def _contracts(file: Path, config: Config) -> list[Named]:
    from balun.chain.odcs import read_contracts

    return [(contract.name, contract) for contract in read_contracts(file, config.folder, config.zone)]


def _table(file: Path, config: Config) -> list[Named]:
    from balun.chain.sql_table import read_table

    return [(file.stem, read_table(file, config.folder))]


def _python(root: Path, kept: Kept | None) -> list[Named]:
    from balun.chain.python_file import read_python

    if kept is None:
        return [(name, declared) for name, declared in read_python(root)]
    from balun.chain.traced import tracing

    files = [*sorted(root.glob("*.py")), *sorted((root / "tables").glob("*.py"))]
    key = kept.key("python", str(root), sys.path, [(str(file), file.read_bytes()) for file in files if file.is_file()])
    found = kept.find(key)
    if found is not None:
        traced, named = found[1]()
        if traced.holds():
            return cast("list[Named]", named)
    with tracing() as traced:
        read: list[Named] = [(name, declared) for name, declared in read_python(root)]
    if not traced.beyond:
        kept.put_data(key, (traced, [(name, _without_code(declared)) for name, declared in read]))
    return read


@dataclass(frozen=True)
class Unread:
    """In place of an estimator or a function: a check runs neither, and neither is kept."""

    def __call__(self, *_: object) -> object:
        raise AssertionError("read the project anew to run this")


def _without_code(declared: Declared) -> Declared:
    match declared:
        case Model():
            return replace(declared, estimator=Unread())
        case PythonTable():
            return replace(declared, function=Unread())
    return declared


def _with_needs(config: Config, named: list[Named], faults: list[Finding]) -> list[Named]:
    """Models with what they were measured to need."""
    measured: dict[str, Needs] = {}
    for file in _files(config.folder / FOLDER, (".yaml", ".yml")):
        try:
            found = read_needs(file, config.folder)
        except ProjectError as exc:
            faults.extend(exc.findings)
            continue
        measured[found.model] = found
    models = [declared.name for _, declared in named if isinstance(declared, Model)]
    for name, found in measured.items():
        if name not in models:
            message = f"there is no model {name}{nearest(name, models)}"
            faults.append(Finding("needs-unreadable", found.place, message, mend="delete the file, or mend the name"))
    return [
        (name, replace(declared, needs=measured.get(declared.name)) if isinstance(declared, Model) else declared)
        for name, declared in named
    ]


def _with_keys(named: list[Named], faults: list[Finding]) -> list[Named]:
    """Links with the keys of what they match, by which their rows are named."""
    keys = {
        name.lower(): declared.key
        for name, declared in named
        if isinstance(declared, Contract | Table | PythonTable | OpaqueTable) and not isinstance(declared, LinkTable)
    }
    return [
        (name, _with_key(declared, keys, faults) if isinstance(declared, LinkTable) else declared)
        for name, declared in named
    ]


def _with_key(link: LinkTable, keys: Mapping[str, tuple[str, ...]], faults: list[Finding]) -> LinkTable:
    for side in link.parents:
        if side.lower() in keys and not keys[side.lower()]:
            message = f"link {link.name} reads {side}, which has no key: its rows couldn't be told apart"
            faults.append(
                Finding("key-missing", link.place, message, mend=f"declare the key of {side}", owner=link.owner)
            )
    own = tuple(keys.get(side.lower(), ()) for side in link.parents)
    if not all(own):
        return link  # that a parent isn't there, or is a link itself, is said later
    columns = key_columns(link.linking, own)
    plain = tuple(name for side in columns for name in side)
    told = (*plain, "confidence") if link.linking.right else (*plain, "cluster", "confidence")
    if len({name.lower() for name in told}) < len(told):
        message = f"link {link.name} would have a column twice: {', '.join(told)}"
        faults.append(Finding("value-wrong", link.place, message, mend="give the key another name in a table before"))
    key = columns[0] if link.linking.right is None or link.linking.one_to_one else plain
    return replace(link, keys=own, key=key, columns=tuple((name, "") for name in told), required=told)


def _with_mends(config: Config, named: list[Named], faults: list[Finding]) -> list[Named]:
    """Events with the mends of their raw rows."""
    found = {name: declared for name, declared in named if isinstance(declared, Contract)}
    for file in _files(config.folder / "contracts", (".yaml",)):
        if not is_mends(file):
            continue
        try:
            read = read_mends(file, config.folder)
        except ProjectError as exc:
            faults.extend(exc.findings)
            continue
        contract = found.get(read.event)
        if contract is None:
            message = f"there is no event {read.event}{nearest(read.event, found)}"
            faults.append(Finding("mend-unusable", read.place, message, mend="delete the file, or mend its name"))
            continue
        faults.extend(faults_of(read.mends, contract))
        found[read.event] = replace(contract, mends=(*contract.mends, *read.mends))
    return [(name, found[name] if isinstance(declared, Contract) else declared) for name, declared in named]


def _twice(named: list[Named]) -> list[Finding]:
    """Events and tables share one set of names, since SQL reads both; other kinds have one each."""
    first: dict[tuple[str, str], Declared] = {}
    faults = []
    for name, declared in named:
        kind = kind_of(declared)
        space = ("relation" if kind in {"event", "table"} else kind, name.lower())
        if space in first:
            earlier = first[space].place
            faults.append(
                Finding(
                    "name-twice",
                    declared.place,
                    f"{kind} {name} is also declared in {earlier}",
                    mend="give one of them another name",
                )
            )
        first.setdefault(space, declared)
    return faults


def graph_of(config: Config, named: list[Named]) -> Graph:
    """Named declarations in their places. Raises ProjectError for parents that are missing and for circles."""
    ids = {f"{kind_of(declared)}:{name}": declared for name, declared in named}
    places: dict[tuple[str, str], str] = {}
    for node in ids:
        kind, name = node.split(":", 1)
        places.setdefault((kind, name.lower()), node)
    edges: dict[str, tuple[str, ...]] = {}
    faults: list[Finding] = []
    for node, declared in ids.items():
        parents, missing = _parents(node, declared, places)
        edges[node] = parents
        faults.extend(missing)
    if faults:
        raise ProjectError(faults)
    owners = _owners(ids)
    nodes = {}
    for node in _ordered(edges, ids):
        kind, name = node.split(":", 1)
        nodes[node] = Node(kind, name, owners[node], ids[node], edges[node])
    return Graph(config, nodes)


def _parents(
    node: str, declared: Declared, places: Mapping[tuple[str, str], str]
) -> tuple[tuple[str, ...], list[Finding]]:
    match declared:
        case Contract():
            wanted: list[tuple[str, tuple[str, ...]]] = []
        case Table() | PythonTable() | OpaqueTable():
            wanted = [(name, ("event", "table")) for name in declared.parents]
        case Aggregate() | Latest():
            wanted = [(declared.source, ("event", "table"))]
        case Corpus():
            wanted = [(name, ("event", "table")) for name in declared.parents]
            wanted += [(name, ("feature",)) for name in declared.features if isinstance(name, str)]
        case Model():
            wanted = [(declared.corpus, ("corpus",))]
        case Surface():
            wanted = [(name, ("model",)) for name in declared.uses]
            wanted += [(name, ("event", "table")) for name in declared.tables]
    found, missing = [], []
    for name, kinds in wanted:
        parent = next((places[kind, name.lower()] for kind in kinds if (kind, name.lower()) in places), None)
        if parent:
            found.append(parent)
        else:
            known = [other.split(":", 1)[1] for (kind, _), other in places.items() if kind in kinds]
            missing.append(_missing(node, declared, name, kinds, known))
    return tuple(dict.fromkeys(found)), missing


def _missing(node: str, declared: Declared, name: str, kinds: tuple[str, ...], known: list[str]) -> Finding:
    what = " or ".join(kinds)
    return Finding(
        "parent-missing",
        _line_of(name, declared),
        f"{node.replace(':', ' ')} reads {name}, and there is no {what} of that name{nearest(name, known)}",
        mend=f"mend the name, or declare {name}",
        owner=getattr(declared, "owner", None),
    )


def _line_of(name: str, declared: Declared) -> Place:
    if isinstance(declared, Table):
        word = re.compile(rf"\b{re.escape(name)}\b")
        after_front = declared.sql.find("*/") if declared.sql.lstrip().startswith("/*") else 0
        found = word.search(declared.sql, max(after_front, 0))
        if found:
            return Place(declared.place.file, declared.sql[: found.start()].count("\n") + 1)
    return declared.place


def _owners(ids: dict[str, Declared]) -> dict[str, str | None]:
    """Each node's owner; a feature without one belongs to the first corpus that uses it."""
    owners = {node: declared.owner for node, declared in ids.items()}
    for declared in ids.values():
        if isinstance(declared, Corpus):
            for name in declared.features:
                feature = f"feature:{name}"
                if feature in owners and owners[feature] is None:
                    owners[feature] = declared.owner
    return owners


def _ordered(edges: dict[str, tuple[str, ...]], ids: dict[str, Declared]) -> list[str]:
    """Parents before children; among those that could come next, by kind, then name."""
    sorter = TopologicalSorter(edges)
    try:
        sorter.prepare()
    except CycleError as exc:
        raise _cycle(exc.args[1], ids) from exc
    order: list[str] = []
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heappush(ready, (KINDS.index(node.split(":", 1)[0]), node))
        order.append(heappop(ready)[1])
        sorter.done(order[-1])
    return order


def _cycle(nodes: list[str], ids: dict[str, Declared]) -> ProjectError:
    names = [node.split(":", 1)[1] for node in reversed(nodes)]
    start = names.index(min(names[:-1]))
    path = [*names[start:-1], *names[:start], names[start]]
    declared = next(ids[node] for node in nodes if node.split(":", 1)[1] == path[0])
    return ProjectError.at(
        "cycle",
        _line_of(path[1], declared),
        f"the tables read each other in a circle: {' > '.join(path)}",
        mend="take one of these reads out",
        owner=getattr(declared, "owner", None),
    )
