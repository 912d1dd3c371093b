"""dbt's manifest.json becomes plain data: what of it a chain is made of. Unknown keys are passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from balun.errors import ProjectError, UsageError
from balun.finding import Finding, Place

Told = Mapping[str, object]
_NOTHING: Told = {}
_READ = ("model", "seed", "snapshot", "source")


@dataclass(frozen=True)
class Documented:
    """A column that the project's YAML names. dtype: as it is written there, in the warehouse's words."""

    name: str
    dtype: str | None = None
    description: str | None = None
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """What SQL can read: a model, seed, snapshot or source.

    relation: database, schema and name as the warehouse knows them; what isn't told is left out.
    code: what dbt made of `raw`, or None where it has only parsed it. language: `sql` or `python`.
    parents: ids of what dbt says it reads.
    """

    id: str
    kind: str
    name: str
    package: str
    relation: tuple[str, ...]
    file: str
    raw: str = ""
    code: str | None = None
    language: str = "sql"
    materialized: str = ""
    columns: tuple[Documented, ...] = ()
    constraints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    owner: str | None = None
    description: str | None = None
    parents: tuple[str, ...] = ()
    source: str | None = None
    version: str | None = None
    config: Told = field(default_factory=dict)


@dataclass(frozen=True)
class Test:
    """A test that holds of all rows or fails the build. of: what it is about. arguments: as the YAML gives them."""

    name: str
    of: str
    column: str | None
    arguments: Told


@dataclass(frozen=True)
class Exposure:
    name: str
    owner: str | None
    file: str
    description: str | None
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Macro:
    name: str
    package: str
    code: str


@dataclass(frozen=True)
class Manifest:
    """adapter: the warehouse's, such as `snowflake`. root: the project's folder. catalog: by resource, columns."""

    project: str
    adapter: str
    file: Path
    root: Path
    resources: Mapping[str, Resource]
    tests: tuple[Test, ...]
    exposures: tuple[Exposure, ...]
    macros: tuple[Macro, ...]
    catalog: Mapping[str, tuple[tuple[str, str], ...]]
    variables: Told


def find_manifest(path: Path) -> Path:
    """The manifest itself, or that of a project's folder, or of its target folder. Raises UsageError."""
    if path.is_file():
        return path
    for file in (path / "manifest.json", path / "target" / "manifest.json"):
        if file.is_file():
            return file
    if not path.exists():
        raise UsageError(f"there is no {path}")
    raise UsageError(
        f"there is no manifest.json in {path} or its target folder: run `dbt compile` or `dbt parse` there"
    )


def read_manifest(file: Path) -> Manifest:
    """Raises ProjectError where it is no manifest, with all that keeps it from being read."""
    told = _json(file)
    metadata = _map(told, "metadata")
    schema = _text(metadata, "dbt_schema_version") or ""
    if not isinstance(told.get("nodes"), dict) or (schema and "manifest" not in schema):
        what = f"is {schema.rsplit('/', 1)[-1] or 'JSON'}" if schema else "has no nodes"
        raise _refused(file, f"{what}, so it is no manifest of dbt's", "name the manifest.json that dbt writes")
    root = file.parent.parent if file.parent.name == "target" else file.parent
    adapter = _text(metadata, "adapter_type") or ""
    groups = {
        _text(group, "name"): _owner(_map(group, "owner")) or _text(group, "name")
        for group in _maps(told, "groups").values()
    }
    nodes = {**_maps(told, "nodes"), **_maps(told, "sources")}
    faults: list[Finding] = []
    resources = {}
    for id_, node in nodes.items():
        if node.get("resource_type") in _READ and _enabled(node):
            try:
                resources[id_] = _resource(id_, node, groups)
            except ValueError as exc:
                faults.append(
                    Finding("manifest-invalid", Place(file.name), f"{id_} {exc}", mend="let dbt write it anew")
                )
    if faults:
        raise ProjectError(faults)
    return Manifest(
        project=_text(metadata, "project_name") or root.resolve().name,
        adapter=adapter,
        file=file,
        root=root,
        resources=resources,
        tests=tuple(_tests(nodes, resources)),
        exposures=tuple(_exposures(told)),
        macros=tuple(
            Macro(_text(one, "name") or "", _text(one, "package_name") or "", _text(one, "macro_sql") or "")
            for one in _maps(told, "macros").values()
        ),
        catalog=_catalog(file.with_name("catalog.json")),
        variables=_map(metadata, "vars"),
    )


def _json(file: Path) -> Told:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except OSError as exc:
        raise _refused(file, f"can't be read: {exc.strerror}", "make it readable") from exc
    except UnicodeDecodeError as exc:
        raise _refused(file, "is not UTF-8 text", "let dbt write it anew") from exc
    except json.JSONDecodeError as exc:
        raise _refused(file, f"is no JSON: {exc.msg}", "let dbt write it anew", exc.lineno) from exc
    except RecursionError as exc:
        raise _refused(file, "is nested too deep", "let dbt write it anew") from exc
    if not isinstance(told, dict):
        raise _refused(file, "holds no object, so it is no manifest of dbt's", "name the manifest.json that dbt writes")
    return told


def _refused(file: Path, message: str, mend: str, line: int | None = None) -> ProjectError:
    return ProjectError.at("manifest-invalid", Place(file.name, line), message, mend=mend)


def _resource(id_: str, node: Told, groups: Mapping[str | None, str | None]) -> Resource:
    """Raises ValueError where it says too little."""
    kind, name = str(node["resource_type"]), _text(node, "name")
    if not name:
        raise ValueError("has no name")
    config = _map(node, "config")
    own = _text(node, "identifier") if kind == "source" else _text(node, "alias")
    relation = tuple(part for part in (_text(node, "database"), _text(node, "schema")) if part)
    group = groups.get(_text(node, "group") or _text(config, "group"))
    version = node.get("version")
    return Resource(
        id=id_,
        kind=kind,
        name=name,
        package=_text(node, "package_name") or "",
        relation=(*relation, own or name),
        file=_text(node, "original_file_path") or _text(node, "path") or "manifest.json",
        raw=_text(node, "raw_code") or _text(node, "raw_sql") or "",
        code=_text(node, "compiled_code") or _text(node, "compiled_sql"),
        language=_text(node, "language") or "sql",
        materialized=_text(config, "materialized") or "",
        columns=tuple(_documented(name, one) for name, one in _maps(node, "columns").items()),
        constraints=_constraints(node),
        owner=_owner_of(node, config) or group,
        description=_text(node, "description") or None,
        parents=_depends(node),
        source=_text(node, "source_name"),
        version=None if version is None else str(version),
        config=config,
    )


def _documented(name: str, one: Told) -> Documented:
    kinds = (_text(constraint, "type") for constraint in _list(one, "constraints"))
    return Documented(
        _text(one, "name") or name,
        _text(one, "data_type"),
        _text(one, "description") or None,
        tuple(kind for kind in kinds if kind),
    )


def _constraints(node: Told) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for one in _list(node, "constraints"):
        columns = one.get("columns")
        if isinstance(columns, list) and all(isinstance(name, str) for name in columns):
            found.append((_text(one, "type") or "", tuple(columns)))
    return tuple(found)


def _tests(nodes: Mapping[str, Told], resources: Mapping[str, Resource]) -> Iterator[Test]:
    """Those that look at every row and fail the build."""
    for node in nodes.values():
        metadata, config = _map(node, "test_metadata"), _map(node, "config")
        name = _text(metadata, "name")
        if node.get("resource_type") != "test" or not name or not _enabled(node) or not _is_strict(config):
            continue
        arguments = _map(metadata, "kwargs")
        arguments = {**arguments, **_map(arguments, "arguments")}
        of = _text(node, "attached_node") or _tested(node, arguments)
        if of in resources and of is not None:
            yield Test(name, of, _text(node, "column_name") or _text(arguments, "column_name"), arguments)


def _is_strict(config: Told) -> bool:
    severity = (_text(config, "severity") or "error").lower()
    when = (_text(config, "error_if") or "!= 0").replace(" ", "")
    return severity == "error" and when == "!=0" and not config.get("where") and config.get("limit") is None


def _tested(node: Told, arguments: Told) -> str | None:
    """What a test is about, where the manifest is too old to say: the last of what it depends on, or the only one.

    A test of relationships names the other first.
    """
    parents = _depends(node)
    named = re.search(
        r"(?:ref|source)\(\s*['\"]([^'\"]+)['\"](?:\s*,\s*['\"]([^'\"]+)['\"])?", str(arguments.get("model"))
    )
    if named:
        last = (named[2] or named[1]).lower()
        return next((one for one in parents if one.lower().split(".")[-1] == last), None)
    return parents[0] if len(parents) == 1 else None


def _exposures(told: Told) -> Iterator[Exposure]:
    for id_, node in _maps(told, "exposures").items():
        if _enabled(node):
            yield Exposure(
                _text(node, "name") or id_.split(".")[-1],
                _owner(_map(node, "owner")) or _owner_of(node, _map(node, "config")),
                _text(node, "original_file_path") or "manifest.json",
                _text(node, "description") or None,
                _depends(node),
            )


def _catalog(file: Path) -> dict[str, tuple[tuple[str, str], ...]]:
    """By resource, columns and the warehouse's types, in order; nothing where dbt wrote no docs."""
    if not file.is_file():
        return {}
    told = _json(file)
    found = {}
    for id_, node in {**_maps(told, "nodes"), **_maps(told, "sources")}.items():
        columns = sorted(_maps(node, "columns").items(), key=lambda pair: _number(pair[1].get("index")))
        found[id_] = tuple((_text(one, "name") or name, _text(one, "type") or "") for name, one in columns)
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _owner_of(node: Told, config: Told) -> str | None:
    for told in (_map(config, "meta"), _map(node, "meta"), _map(node, "source_meta")):
        owner = told.get("owner")
        if isinstance(owner, list) and owner:
            owner = owner[0]
        if isinstance(owner, dict):
            owner = _owner(owner)
        if isinstance(owner, str) and owner:
            return owner
    return None


def _owner(told: Told) -> str | None:
    return _text(told, "name") or _text(told, "email") or None


def _enabled(node: Told) -> bool:
    return _map(node, "config").get("enabled", True) is not False


def _depends(node: Told) -> tuple[str, ...]:
    named = _map(node, "depends_on").get("nodes")
    return tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) else ()


def _text(told: Told, key: str) -> str | None:
    value = told.get(key)
    return value if isinstance(value, str) and value else None


def _map(told: Told, key: str) -> Told:
    value = told.get(key)
    return cast("Told", value) if isinstance(value, dict) else _NOTHING


def _maps(told: Told, key: str) -> dict[str, Told]:
    """What is an object of objects; newer manifests may hold lists of them."""
    return {str(name): one for name, one in _map(told, key).items() if isinstance(one, dict)}


def _list(told: Told, key: str) -> list[Told]:
    value = told.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
