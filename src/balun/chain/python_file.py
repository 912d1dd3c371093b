"""The project's Python files are imported, and what they declare is collected by the names it is bound to."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from balun.chain.code import code_of
from balun.chain.corpus import Corpus
from balun.chain.declare import DeclaredCorpus, DeclaredLink, DeclaredModel, DeclaredSurface, DeclaredTable
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.link import Linking, LinkTable
from balun.chain.model import Model
from balun.chain.sql_table import parents_of
from balun.chain.surface import Surface
from balun.chain.table import PythonTable
from balun.errors import ProjectError
from balun.finding import Finding, Place

Named = tuple[str, Aggregate | Latest | PythonTable | Corpus | Model | Surface]


@dataclass(frozen=True)
class Bound:
    """A declaration and the name that the file's variable gives it."""

    variable: str
    declared: object
    module: str


def read_python(root: Path) -> list[Named]:
    """All that `*.py` in the project's folder and in `tables/` declare. Raises ProjectError."""
    files = [*sorted(root.glob("*.py")), *sorted((root / "tables").glob("*.py"))]
    bound: list[Bound] = []
    with _own_modules(root):
        for file in files:
            bound.extend(_declared(file, root))
    return _named(bound, root)


def bindings(root: Path) -> dict[str, tuple[str, str]]:
    """By id, the module and the variable that models and features can be imported by. Raises ProjectError."""
    with _own_modules(root):
        bound = [one for file in sorted(root.glob("*.py")) for one in _declared(file, root)]
    found: dict[str, tuple[str, str]] = {}
    for one in bound:
        if isinstance(one.declared, DeclaredModel):
            id_, place = f"model:{one.declared.name}", one.declared.place
        elif isinstance(one.declared, Aggregate | Latest):
            id_, place = f"feature:{one.variable}", one.declared.place
        else:
            continue
        if id_ not in found or Path(place.file).stem == one.module:
            found[id_] = one.module, one.variable
    return found


@contextmanager
def _own_modules(root: Path) -> Iterator[None]:
    """Let the project's files import each other, and leave `sys` as it was: each project may have a `features.py`."""
    folders = [str(root), str(root / "tables")]
    stems = {file.stem for folder in folders for file in Path(folder).glob("*.py")}
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name in stems}
    writes = sys.dont_write_bytecode
    sys.path[:0], sys.dont_write_bytecode = folders, True
    try:
        yield
    finally:
        for folder in folders:
            sys.path.remove(folder)
        sys.dont_write_bytecode = writes
        for name in stems & set(sys.modules):
            del sys.modules[name]
        sys.modules.update(hidden)


def _declared(file: Path, root: Path) -> list[Bound]:
    try:
        importlib.invalidate_caches()
        module = importlib.import_module(file.stem)
    except ProjectError as exc:
        raise ProjectError(replace(found, place=_inside(found.place, root)) for found in exc.findings) from exc
    except (Exception, SystemExit) as exc:  # the user's own code may raise anything
        raise _raised(exc, file, root) from exc
    kinds = (Aggregate, Latest, DeclaredCorpus, DeclaredModel, DeclaredSurface, DeclaredTable, DeclaredLink)
    return [Bound(name, value, file.stem) for name, value in vars(module).items() if isinstance(value, kinds)]


def _raised(exc: BaseException, file: Path, root: Path) -> ProjectError:
    place = Place(file.relative_to(root).as_posix())
    if isinstance(exc, SyntaxError) and exc.filename:
        place = _inside(Place(exc.filename, exc.lineno), root)
        return ProjectError.at("python-syntax", place, str(exc.msg), mend="mend the Python")
    if isinstance(exc, ImportError) and exc.name:
        mend = f"install what provides {exc.name}, or mend the import"
    else:
        mend = "mend the Python; a project's files only declare, so that nothing should fail here"
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        if Path(frame.filename).is_relative_to(root):
            place = _inside(Place(frame.filename, frame.lineno), root)
            break
    return ProjectError.at("python-failed", place, f"{type(exc).__name__}: {exc}", mend=mend)


def _inside(place: Place, root: Path) -> Place:
    file = Path(place.file)
    return Place(file.relative_to(root).as_posix(), place.line) if file.is_relative_to(root) else place


def _named(bound: list[Bound], root: Path) -> list[Named]:
    """Names for what has none: a feature is called as its variable, wherever it was bound first."""
    features: dict[int, str] = {}
    named: list[Named] = []
    faults: list[Finding] = []
    seen: set[int] = set()
    for item in bound:
        if id(item.declared) in seen:
            continue  # imported from the file that declares it
        seen.add(id(item.declared))
        if isinstance(item.declared, DeclaredLink):
            named.append((item.variable, _link(item.variable, item.declared, root)))
        if isinstance(item.declared, Aggregate | Latest):
            features[id(item.declared)] = item.variable
            named.append((item.variable, replace(item.declared, place=_inside(item.declared.place, root))))
    for declared in {id(item.declared): item.declared for item in bound}.values():
        try:
            named.extend(_settled(declared, features, root))
        except ProjectError as exc:
            faults.extend(exc.findings)
    if faults:
        raise ProjectError(faults)
    return named


def _settled(declared: object, features: dict[int, str], root: Path) -> list[Named]:
    match declared:
        case DeclaredTable():
            return [(declared.function.__name__, _python_table(declared, root))]
        case DeclaredCorpus():
            return [(declared.name, _corpus(declared, features, root))]
        case DeclaredModel():
            return [
                (
                    declared.name,
                    Model(
                        name=declared.name,
                        corpus=declared.corpus.name,
                        owner=declared.owner,
                        estimator=declared.estimator,
                        metric=declared.metric,
                        split=declared.split,
                        place=_inside(declared.place, root),
                        slices=declared.slices,
                        seed=declared.seed,
                        may=declared.may,
                        classification=declared.classification,
                        description=declared.description,
                    ),
                )
            ]
        case DeclaredSurface():
            uses = tuple(one.name for one in declared.uses if not isinstance(one, str))
            tables = tuple(one for one in declared.uses if isinstance(one, str))
            place = _inside(declared.place, root)
            about = (declared.may, declared.description, tables)
            return [(declared.name, Surface(declared.name, uses, declared.owner, place, *about))]
    return []


def _python_table(declared: DeclaredTable, root: Path) -> PythonTable:
    place = _inside(declared.place, root)
    source = Path(declared.place.file).read_text(encoding="utf-8")
    return PythonTable(
        name=declared.function.__name__,
        owner=declared.owner,
        place=place,
        function=declared.function,
        parents=declared.reads,
        columns=declared.columns,
        code=code_of(source),
        key=declared.key,
        at=declared.at,
        available=declared.available,
        required=declared.required,
        units=declared.units,
        classification=declared.classification,
        description=declared.description,
        promises=declared.promises,
    )


def _link(name: str, declared: DeclaredLink, root: Path) -> LinkTable:
    """Without its key and columns, which are its parents' to say."""
    linking = declared.linking
    return LinkTable(
        name=name,
        owner=declared.owner,
        place=_inside(declared.place, root),
        function=_balun_links,
        parents=linking.sides,
        columns=(),
        code=_link_code(linking),
        classification=declared.classification,
        description=declared.description,
        linking=linking,
    )


def _balun_links(**_: object) -> object:
    raise AssertionError("a link is made by balun.linking")


def _link_code(linking: Linking) -> str:
    """The declaration as it could be written; what isn't said is as it is by default.

    >>> _link_code(Linking("customers", None, (("name", None), ("born", "date"))))
    "bl.link('customers', on={'name': None, 'born': 'date'})"
    """
    told = [repr(side) for side in linking.sides]
    on = dict(linking.on) if any(kind for _, kind in linking.on) else [name for name, _ in linking.on]
    told.append(f"on={on!r}")
    for name in ("block", "threshold", "precision", "one_to_one", "seed"):
        value = getattr(linking, name)
        if value != Linking.__dataclass_fields__[name].default:
            told.append(f"{name}={value!r}")
    return f"bl.link({', '.join(told)})"


def _corpus(declared: DeclaredCorpus, features: dict[int, str], root: Path) -> Corpus:
    place = _inside(declared.place, root)
    names: list[str | Columns] = []
    for feature in declared.features:
        if isinstance(feature, Columns):
            names.append(replace(feature, place=_inside(feature.place, root)))
        elif isinstance(feature, Aggregate | Latest) and id(feature) in features:
            names.append(features[id(feature)])
        elif isinstance(feature, Aggregate | Latest):
            raise ProjectError.at(
                "feature-unnamed",
                _inside(feature.place, root),
                f"a feature of corpus {declared.name} has no name",
                mend="assign it to a variable of the file; the variable is its name",
            )
        else:
            raise ProjectError.at(
                "value-wrong",
                place,
                f"features of corpus {declared.name} hold {type(feature).__name__}, no feature",
                mend="list what bl.aggregate(), bl.latest() and bl.columns() returned",
            )
    return Corpus(
        name=declared.name,
        owner=declared.owner,
        examples=declared.examples,
        label=declared.label,
        features=tuple(names),
        parents=parents_of(declared.examples, place),
        place=place,
        at=declared.at,
        entity=declared.entity,
        label_available=declared.label_available,
        description=declared.description,
    )
