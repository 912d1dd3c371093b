"""Writes the manifest that dbt would write of a small project in tests/dbt: its SQL compiled, or only parsed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_PROJECTS = Path(__file__).parent / "dbt"
_QUOTE = {"bigquery": "`"}
Told = dict[str, Any]


def dbt_project(name: str, into: Path, *, compiled: bool = True) -> Path:
    """A copy of the project with its target/manifest.json, whose path is returned."""
    root = into / name
    shutil.copytree(_PROJECTS / name, root)
    told = yaml.safe_load((root / "project.yml").read_text(encoding="utf-8"))
    (root / "dbt_project.yml").write_text(
        yaml.safe_dump({"name": name, "vars": told.get("vars", {})}), encoding="utf-8"
    )
    manifest = _manifest(root, told, compiled=compiled)
    (root / "target").mkdir()
    file = root / "target" / "manifest.json"
    file.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return file


def _manifest(root: Path, told: Told, *, compiled: bool) -> Told:
    relations = dict(_relations(told))
    nodes: Told = {}
    for kind in ("models", "seeds", "snapshots"):
        for one in told.get(kind, ()):
            node = _node(root, told["name"], kind[:-1], one, relations)
            nodes[node["unique_id"]] = node
    for node in list(nodes.values()) if compiled else ():
        if node["resource_type"] != "seed" and node["language"] == "sql":
            node["compiled_code"] = _compiled(node, told, relations, nodes)
    sources = {
        f"source.{told['name']}.{one['source']}.{one['name']}": _source(told["name"], one) for one in told["sources"]
    }
    for id_, node in {**nodes, **sources}.items():
        nodes |= dict(_tests(id_, node, told["name"]))
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "adapter_type": told["adapter"],
            "project_name": told["name"],
        },
        "nodes": nodes,
        "sources": sources,
        "macros": {},
        "exposures": {
            f"exposure.{told['name']}.{one['name']}": {
                "name": one["name"],
                "owner": {"name": one["owner"], "email": None},
                "original_file_path": "models/exposures.yml",
                "depends_on": {"nodes": [_id(told["name"], name, nodes) for name in one["uses"]]},
            }
            for one in told["exposures"]
        },
    }


def _relations(told: Told) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in told["sources"]:
        yield f"{one['source']}.{one['name']}", ("raw", one["source"], one["name"])
    for kind in ("models", "seeds", "snapshots"):
        yield from ((one["name"], ("prod", "analytics", one["name"])) for one in told.get(kind, ()))


def _id(project: str, name: str, nodes: Mapping[str, Told]) -> str:
    return next(id_ for id_ in nodes if id_.startswith(("model.", "seed.", "snapshot.")) and id_.endswith(f".{name}"))


def _node(root: Path, project: str, kind: str, one: Told, relations: Mapping[str, tuple[str, ...]]) -> Told:
    database, schema, alias = relations[one["name"]]
    file = next(root.rglob(f"{one['name']}.{ {'seed': 'csv'}.get(kind, '*') }"))
    config = {key: one[key] for key in ("materialized", "unique_key", "updated_at", "column_types") if key in one}
    return {
        "unique_id": f"{kind}.{project}.{one['name']}",
        "resource_type": kind,
        "name": one["name"],
        "alias": alias,
        "database": database,
        "schema": schema,
        "package_name": project,
        "original_file_path": file.relative_to(root).as_posix(),
        "raw_code": "" if kind == "seed" else file.read_text(encoding="utf-8"),
        "language": one.get("language", "sql"),
        "config": {"materialized": "table", "meta": one.get("meta", {}), **config},
        "columns": {column["name"]: column for column in one.get("columns", ())},
        "depends_on": {"nodes": [f"model.{project}.{parent}" for parent in one.get("parents", ())]},
    }


def _source(project: str, one: Told) -> Told:
    return {
        "resource_type": "source",
        "name": one["name"],
        "source_name": one["source"],
        "identifier": one["name"],
        "database": "raw",
        "schema": one["source"],
        "package_name": project,
        "original_file_path": "project.yml",
        "columns": {column["name"]: column for column in one.get("columns", ())},
        "meta": one.get("meta", {}),
        "config": {"enabled": True},
    }


def _tests(id_: str, node: Told, project: str) -> Iterator[tuple[str, Told]]:
    for column in node["columns"].values():
        for test in column.get("tests", ()):
            name, arguments = (test, {}) if isinstance(test, str) else next(iter(test.items()))
            key = f"test.{project}.{name}_{node['name']}_{column['name']}"
            yield (
                key,
                {
                    "resource_type": "test",
                    "name": key,
                    "test_metadata": {"name": name, "kwargs": {"column_name": column["name"], **arguments}},
                    "column_name": column["name"],
                    "attached_node": id_,
                    "config": {"severity": "ERROR", "enabled": True},
                    "depends_on": {"nodes": [id_]},
                },
            )


def _compiled(node: Told, told: Told, relations: Mapping[str, tuple[str, ...]], nodes: Mapping[str, Told]) -> str:
    """What `dbt compile` makes of it: names for `ref` and `source`, no Jinja, and what it reads that is ephemeral."""
    import jinja2

    quote = _QUOTE.get(told["adapter"], '"')
    ephemeral = {one["name"] for one in told["models"] if one.get("materialized") == "ephemeral"}
    inlined: list[str] = []

    def ref(name: str) -> str:
        if name in ephemeral:
            inlined.append(name)
            return f"__dbt__cte__{name}"
        return ".".join(f"{quote}{part}{quote}" for part in relations[name])

    code = re.sub(r"\{% (end)?snapshot.*?%\}\n", "", node["raw_code"])
    text = (
        jinja2.Environment()
        .from_string(code)
        .render(
            ref=ref,
            source=lambda source, name: ref(f"{source}.{name}"),
            config=lambda **_: "",
            var=lambda name: told["vars"][name],
            is_incremental=lambda: False,
        )
    )
    for name in inlined:
        inner = _compiled(next(one for one in nodes.values() if one["name"] == name), told, relations, nodes)
        first = f"with __dbt__cte__{name} as (\n{inner}\n)"
        text = re.sub(r"^\s*with\b", f"{first},", text, count=1) if re.match(r"\s*with\b", text) else f"{first}\n{text}"
    return str(text)
