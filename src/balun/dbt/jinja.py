"""A model's raw code is rendered where dbt has only parsed it: its Jinja, and the macros that the manifest holds.

Nothing is asked of a warehouse, so macros see what they see when dbt parses. What can't be rendered is unreadable.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jinja2
import jinja2.sandbox
import yaml

from balun.dbt.manifest import Macro, Manifest, Resource
from balun.dbt.sql import UnreadableSql

_PARENTS: Mapping[str, tuple[str, ...]] = {
    "redshift": ("postgres",),
    "databricks": ("spark",),
    "fabric": ("sqlserver",),
}
_QUOTES: Mapping[str, str] = {
    "bigquery": "`", "spark": "`", "databricks": "`", "hive": "`", "mysql": "`", "clickhouse": "`", "athena": '"',
}  # fmt: skip
_TYPES: Mapping[str, str] = {
    "string": "varchar", "integer": "int", "bigint": "bigint", "float": "float", "numeric": "numeric",
    "timestamp": "timestamp", "boolean": "boolean", "date": "date",
}  # fmt: skip
_BIGQUERY: Mapping[str, str] = {
    "string": "string", "integer": "int64", "bigint": "int64", "float": "float64", "boolean": "bool",
}  # fmt: skip
# What templates fail with that ask for more than is known here.
_FAILS = (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
_UNRENDERED = re.compile(r"\{%-?\s*(materialization|test|docs|snapshot|data_test)\b")


class _Returned(Exception):
    """What a macro returns; Jinja has no word for it."""

    def __init__(self, value: object) -> None:
        self.value = value


class Renderer:
    """adapter: the warehouse's. project: its name."""

    def __init__(self, manifest: Manifest) -> None:
        self.project = manifest.project
        self.adapter = manifest.adapter or "postgres"
        self._jinja = jinja2.sandbox.SandboxedEnvironment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
        self._catalog = manifest.catalog
        self._templates: dict[str, jinja2.Template] = {}
        self._variables = _variables(manifest)
        self._macros: dict[tuple[str, str], Macro] = {(one.package, one.name): one for one in manifest.macros}
        self._by_name: dict[str, list[Resource]] = {}
        for one in manifest.resources.values():
            self._by_name.setdefault(one.name.lower(), []).append(one)

    def rendered(self, resource: Resource) -> str:
        """Raises UnreadableSql with what stands in the way."""
        code = re.sub(r"\{%-?\s*(end)?snapshot\b.*?%\}", "", resource.raw)
        rendering = _Rendering(self, resource)
        try:
            return str(self.template(code).render(rendering.context(resource.package)))
        except _Returned as exc:
            return str(exc.value)
        except _FAILS as exc:
            said = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
            line = getattr(exc, "lineno", None)
            raise UnreadableSql(f"its Jinja can't be rendered without dbt: {said}", line) from exc
        except RecursionError as exc:
            raise UnreadableSql("its Jinja calls itself too deep") from exc

    def template(self, code: str) -> jinja2.Template:
        if code not in self._templates:
            self._templates[code] = self._jinja.from_string(code)
        return self._templates[code]

    def macro(self, package: str, name: str) -> Macro | None:
        found = self._macros.get((package, name))
        return None if found is None or _UNRENDERED.search(found.code) else found

    def macros(self) -> Iterable[Macro]:
        return self._macros.values()

    def resource(self, name: str, package: str | None, version: object) -> Resource:
        found = [
            one
            for one in self._by_name.get(name.lower(), ())
            if one.kind != "source" and package in {None, one.package}
        ]
        if version is not None:
            found = [one for one in found if one.version == str(version)]
        if not found:
            raise UnreadableSql(f"it refers to {name}, which the manifest doesn't have")
        return found[-1]

    def source(self, source: str, name: str) -> Resource:
        for one in self._by_name.get(name.lower(), ()):
            if one.kind == "source" and one.source == source:
                return one
        raise UnreadableSql(f"it reads the source {source}.{name}, which the manifest doesn't have")

    def columns(self, of: Resource) -> list[tuple[str, str]]:
        told = {column.name.lower(): (column.name, column.dtype or "") for column in of.columns}
        told |= {name.lower(): (name, dtype) for name, dtype in self._catalog.get(of.id, ())}
        return list(told.values())

    def variable(self, package: str, name: str, default: object) -> object:
        for scope in (package, ""):
            if name in self._variables.get(scope, {}):
                return self._variables[scope][name]
        if default is _MISSING:
            raise UnreadableSql(f"var {name} has no value that the manifest's folder tells")
        return default


_MISSING = object()


def _variables(manifest: Manifest) -> dict[str, dict[str, object]]:
    """By package, and for all under an empty name: the project's own come before those of packages."""
    found: dict[str, dict[str, object]] = {"": {}}
    files = sorted(manifest.root.glob("dbt_packages/*/dbt_project.yml"))
    for file in [*files, manifest.root / "dbt_project.yml"]:
        try:
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        variables = told.get("vars") if isinstance(told, dict) else None
        package = str(told.get("name")) if isinstance(told, dict) else ""
        for name, value in variables.items() if isinstance(variables, dict) else ():
            if isinstance(value, dict):
                found.setdefault(str(name), {}).update(value)
            scope = package if file in files else ""
            found.setdefault(scope, {})[str(name)] = value
    return found


class _Rendering:
    """One model's rendering: what its Jinja and the macros it calls may name."""

    def __init__(self, renderer: Renderer, resource: Resource) -> None:
        self._of = renderer
        self._resource = resource
        self.adapter = renderer.adapter
        self._contexts: dict[str, dict[str, Any]] = {}
        self._modules: dict[str, Any] = {}

    def context(self, package: str) -> dict[str, Any]:
        """What stands in a package's code: dbt's own macros, the project's, the package's, and each package's name."""
        if package in self._contexts:
            return self._contexts[package]
        context: dict[str, Any] = self._words(package)
        self._contexts[package] = context
        order = ["dbt", *(f"dbt_{one}" for one in reversed(self._kinds()[:-1])), self._of.project, package]
        packages: dict[str, dict[str, object]] = {}
        for macro in self._of.macros():
            if self._of.macro(macro.package, macro.name) is not None:
                packages.setdefault(macro.package, {})[macro.name] = self._called(macro)
        for name, own in packages.items():
            own.update(_overrides(name))
        for name in order:
            context.update(packages.get(name, {}))
        context.update({name: _Package(**own) for name, own in packages.items() if name not in context})
        # dbt's own macros are called `dbt.…`, those of the warehouse with them.
        whole: dict[str, object] = {}
        for name in order[:-2]:
            whole.update(packages.get(name, {}))
        context["dbt"] = _Package(**whole)
        context.update(self._words(package))
        return context

    def _called(self, macro: Macro) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            if macro.name in {"is_incremental", "should_full_refresh"}:
                return False
            # Jinja keeps names that begin with an underscore to their own template.
            name = f"own{macro.name}" if macro.name.startswith("_") else macro.name
            code = re.sub(rf"\bmacro\s+{macro.name}\b", f"macro {name}", macro.code)
            if code not in self._modules:
                self._modules[code] = self._of.template(code).make_module(self.context(macro.package))
            try:
                return getattr(self._modules[code], name)(*args, **named)
            except _Returned as exc:
                return exc.value

        return call

    def _kinds(self) -> list[str]:
        return [self.adapter, *_PARENTS.get(self.adapter, ()), "default"]

    def dispatched(self, package: str) -> Callable[..., object]:
        def dispatch(macro_name: str, macro_namespace: str | None = None, **_: object) -> object:
            spaces = [
                self._of.project,
                macro_namespace or package,
                "dbt",
                *(f"dbt_{one}" for one in self._kinds()[:-1]),
            ]
            for kind in self._kinds():
                for space in spaces:
                    found = self._of.macro(space, f"{kind}__{macro_name}")
                    if found is not None:
                        return self._called(found)
            raise UnreadableSql(f"there is no macro {macro_name} for {self.adapter}")

        return dispatch

    def columns(self, relation: object = None, **_: object) -> list[_Column]:
        """Those that the manifest or the catalog names."""
        if not isinstance(relation, Relation):
            return []
        return [_Column(name, dtype) for name, dtype in self._of.columns(relation.resource)]

    def relation(self, resource: Resource) -> Relation:
        return Relation(resource, _QUOTES.get(self.adapter, '"'))

    def _words(self, package: str) -> dict[str, Any]:
        """What dbt itself puts into a template."""
        return {
            "ref": lambda *names, v=None, version=None: self.relation(
                self._of.resource(names[-1], names[0] if len(names) > 1 else None, v if v is not None else version)
            ),
            "source": lambda source, name: self.relation(self._of.source(source, name)),
            "var": _Variables(lambda name, default: self._of.variable(package, name, default)),
            "env_var": _environment,
            "config": _Config(self._resource.config),
            "this": self.relation(self._resource),
            "model": {"name": self._resource.name, "alias": self._resource.relation[-1], "tags": [], "meta": {},
                      "unique_id": self._resource.id, "package_name": self._resource.package,
                      "config": dict(self._resource.config)},
            "target": {"name": "dev", "profile_name": "dev", "schema": "dev", "database": "dev", "dbname": "dev",
                       "project": "dev", "dataset": "dev", "type": self.adapter, "threads": 1, "warehouse": "dev",
                       "user": "dev", "role": "dev", "target_name": "dev"},
            "adapter": _Adapter(self, package),
            "api": _Package(Column=_Package(translate_type=self._type), Relation=_Package(create=lambda **_: "")),
            "is_incremental": lambda: False,
            "execute": False,
            "return": _return,
            "log": _nothing, "print": _nothing, "statement": _nothing,
            "run_query": _no_result, "load_result": _no_result,
            "exceptions": _Package(raise_compiler_error=_raised, warn=_nothing, raise_not_implemented=_raised),
            "modules": _Package(
                datetime=_Package(datetime=datetime.datetime, date=datetime.date, timedelta=datetime.timedelta),
                re=_Package(sub=re.sub, match=re.match, search=re.search, findall=re.findall, split=re.split),
                pytz=_Package(timezone=lambda _: datetime.UTC, utc=datetime.UTC),
                itertools=_Package(chain=lambda *some: [one for part in some for one in part]),
            ),
            "run_started_at": datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
            "invocation_id": "0", "dbt_version": "1.10.0", "project_name": self._of.project,
            "flags": _Package(WHICH="compile", FULL_REFRESH=False, INDIRECT_SELECTION="eager"),
            "graph": {"nodes": {}, "sources": {}}, "selected_resources": [], "builtins": _Package(),
            "tojson": lambda value, *_: json.dumps(value, default=str),
            "fromjson": lambda text, *_: json.loads(text),
            "toyaml": lambda value, *_: yaml.safe_dump(value),
            "fromyaml": lambda text, *_: yaml.safe_load(text),
            "local_md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "set": lambda some, *_: list(dict.fromkeys(some)), "set_strict": lambda some: list(dict.fromkeys(some)),
            "zip": _zipped, "zip_strict": _zipped,
        }  # fmt: skip

    def _type(self, name: str) -> str:
        told = _BIGQUERY if self.adapter == "bigquery" else {}
        return told.get(name.lower()) or _TYPES.get(name.lower(), name)


class _Package:
    """Names behind a dot. Jinja keeps off what begins with an underscore, unless it is found as an item."""

    def __init__(self, **names: object) -> None:
        self._names = names

    def __getitem__(self, name: str) -> object:
        return self._names[name]


class _Config:
    """`config(…)` says how a model is built, and puts nothing into its SQL."""

    def __init__(self, told: Mapping[str, object]) -> None:
        self._told = told

    def __call__(self, *_: object, **__: object) -> str:
        return ""

    def get(self, name: str, default: object = None, **_: object) -> object:
        return self._told.get(name, default)

    require = get

    def persist_relation_docs(self) -> bool:
        return False

    persist_column_docs = persist_relation_docs


class _Variables:
    def __init__(self, find: Callable[[str, object], object]) -> None:
        self._find = find

    def __call__(self, name: str, default: object = _MISSING) -> object:
        return self._find(name, default)

    def has_var(self, name: str) -> bool:
        return self._find(name, None) is not None


class _Adapter:
    def __init__(self, rendering: _Rendering, package: str) -> None:
        self.dispatch = rendering.dispatched(package)
        self.type = lambda: rendering.adapter
        sign = _QUOTES.get(rendering.adapter, '"')
        self.quote = lambda name: f"{sign}{name}{sign}"
        self.get_columns_in_relation = rendering.columns
        self.get_relation = lambda *_, **__: None
        self.check_schema_exists = lambda *_, **__: False
        self.get_missing_columns: Callable[..., list[object]] = lambda *_, **__: []
        self.already_exists = lambda *_, **__: False


class Relation:
    """What `ref` and `source` return: its text is the name that SQL reads."""

    def __init__(self, resource: Resource, quote: str) -> None:
        self.resource = resource
        parts = [None, None, *resource.relation]
        self.database, self.schema, self.identifier = parts[-3], parts[-2], parts[-1]
        self.name = self.table = self.identifier
        self.type = "view" if resource.materialized == "view" else "table"
        self.is_view, self.is_table, self.is_cte = self.type == "view", self.type == "table", False
        self._quote = quote

    def __str__(self) -> str:
        return ".".join(
            f"{self._quote}{one}{self._quote}" for one in (self.database, self.schema, self.identifier) if one
        )

    def render(self) -> str:
        return str(self)

    def include(self, **_: object) -> Relation:
        return self

    quote = include

    def without_identifier(self) -> str:
        return ".".join(one for one in (self.database, self.schema) if one)


class _Column:
    """What an adapter tells of a column."""

    def __init__(self, name: str, dtype: str) -> None:
        self.name = self.column = name
        self.dtype = self.data_type = dtype
        self.quoted = f'"{name}"'

    def is_string(self) -> bool:
        return any(word in self.dtype.lower() for word in ("char", "text", "string"))

    def is_integer(self) -> bool:
        return "int" in self.dtype.lower()

    def is_float(self) -> bool:
        return any(word in self.dtype.lower() for word in ("float", "double", "real"))

    def is_numeric(self) -> bool:
        return any(word in self.dtype.lower() for word in ("numeric", "decimal", "number"))

    def is_number(self) -> bool:
        return self.is_integer() or self.is_float() or self.is_numeric()


class _NoResult:
    """What a query returns that isn't asked."""

    rows: tuple[object, ...] = ()
    columns: tuple[object, ...] = ()

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Any:
        return iter(())


def _zipped(*some: Iterable[object]) -> list[tuple[object, ...]]:
    return list(zip(*some, strict=False))


def _no_result(*_: object, **__: object) -> _NoResult:
    return _NoResult()


def _nothing(*_: object, **__: object) -> str:
    return ""


def _return(value: object = None) -> object:
    raise _Returned(value)


def _raised(message: object = "", *_: object, **__: object) -> object:
    raise UnreadableSql(f"its Jinja refuses: {message}")


def _environment(name: str, default: object = _MISSING) -> object:
    if default is _MISSING:
        raise UnreadableSql(f"it needs the environment variable {name}, which has no default")
    return default


# -- macros that ask the warehouse for its columns, and can be told without


def _overrides(package: str) -> dict[str, Callable[..., object]]:
    if package == "dbt_utils":
        return {
            "star": _star,
            "union_relations": _union,
            "get_column_values": lambda *_, default=None, **__: default or [],
            "_is_relation": _nothing,
            "_is_ephemeral": _nothing,
            "get_relations_by_pattern": lambda *_, **__: [],
            "get_relations_by_prefix": lambda *_, **__: [],
            "date_spine": _date_spine,
        }
    if package == "fivetran_utils":
        return {"fill_staging_columns": _filled}
    return {}


def _star(*given: object, **named: object) -> str:
    """Of what it reads; columns of a star needn't be known here."""
    alias = named.get("relation_alias") or (given[1] if len(given) > 1 else "")
    if any(named.get(word) for word in ("prefix", "suffix")) or len(given) > 3:
        raise UnreadableSql("dbt_utils.star with a prefix needs the warehouse's columns: run `dbt compile`")
    without = named.get("except") or (given[2] if len(given) > 2 else ())
    listed = ", ".join(map(str, without)) if isinstance(without, list | tuple) else ""
    return f"{f'{alias}.' if alias else ''}*" + (f" EXCEPT ({listed})" if listed else "")


def _union(relations: Iterable[object], *_: object, **named: object) -> str:
    source = named.get("source_column_name", "_dbt_source_relation")
    told = [
        f"select *{f', cast({chr(39)}{one}{chr(39)} as varchar) as {source}' if source else ''} from {one}"
        for one in relations
    ]
    return f"({' union all by name '.join(told)})"


def _date_spine(datepart: str, *_: object, **__: object) -> str:
    """The days between: those of a table that nobody declares, which is told no more of than its one column."""
    return f"select date_{datepart} from dbt_utils_{datepart}s"


def _filled(*_: object, staging_columns: Iterable[Mapping[str, Any]] = (), **__: object) -> str:
    """Each staging column as if the source had it; the macro puts null where it has not."""
    told = [f"{one['name']} as {one.get('alias') or one['name']}" for one in staging_columns]
    return ",\n".join(told)
