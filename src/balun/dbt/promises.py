"""What a dbt project's tests and constraints promise: each build tests it, so it is assumed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from balun.dbt.manifest import Manifest, Resource, Test

_REF = re.compile(r"(?:ref|source)\(\s*['\"]([^'\"]+)['\"](?:\s*,\s*['\"]([^'\"]+)['\"])?")


@dataclass
class Promises:
    """Of one resource, columns by their names in small letters. unique: each makes rows unique, nulls aside."""

    required: set[str] = field(default_factory=set)
    unique: list[tuple[str, ...]] = field(default_factory=list)
    allowed: dict[str, tuple[str | int | float | bool, ...]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """The shortest that makes rows unique and is never null."""
        keys = [one for one in self.unique if self.required >= set(one)]
        return min(keys, key=len, default=())


def promises_of(manifest: Manifest, names: Mapping[str, str]) -> dict[str, Promises]:
    found = {id_: Promises() for id_ in manifest.resources}
    for test in manifest.tests:
        _test(found[test.of], test, manifest, names)
    for id_, resource in manifest.resources.items():
        for kind, columns in _constraints(resource):
            _constraint(found[id_], kind, columns)
    return found


def _constraints(resource: Resource) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Those of an enforced contract; dbt and the warehouse let the others be."""
    contract = resource.config.get("contract")
    if isinstance(contract, dict) and contract.get("enforced"):
        yield from ((kind, (column.name,)) for column in resource.columns for kind in column.constraints)
        yield from resource.constraints


def _constraint(found: Promises, kind: str, columns: tuple[str, ...]) -> None:
    """Warehouses keep `not_null`; most let the others be broken."""
    if kind == "not_null":
        found.required.update(name.lower() for name in columns)


def _test(found: Promises, test: Test, manifest: Manifest, names: Mapping[str, str]) -> None:
    column = _plain(test.column) if test.column else None
    match test.name:
        case "not_null" if column:
            found.required.add(column)
        case "unique" if column:
            found.unique.append((column,))
        case "unique_combination_of_columns":
            columns = test.arguments.get("combination_of_columns")
            plain = [_plain(one) for one in columns if isinstance(one, str)] if isinstance(columns, list) else []
            if plain and all(plain):
                found.unique.append(tuple(name for name in plain if name))
        case "accepted_values" if column:
            values = test.arguments.get("values")
            if isinstance(values, list) and test.arguments.get("quote", True) is not False:
                found.allowed[column] = tuple(str(one) for one in values if one is not None)
            elif isinstance(values, list) and all(isinstance(one, int | float | bool) for one in values):
                found.allowed[column] = tuple(values)
        case "relationships" if column:
            to, at = _named(str(test.arguments.get("to")), manifest), _plain(str(test.arguments.get("field")))
            if to is not None and at:
                found.references[column] = f"{names[to]}.{at}"


def _plain(column: str) -> str | None:
    """A column's name; None for an expression, which some tests take too."""
    name = column.strip().strip('"`[]')
    return name.lower() if re.fullmatch(r"[\w ]+", name) else None


def _named(to: str, manifest: Manifest) -> str | None:
    found = _REF.search(to)
    if found is None:
        return None
    name, source = (found[2] or found[1]), (found[1] if found[2] and "source(" in to else None)
    ids = [
        id_
        for id_, one in manifest.resources.items()
        if one.name == name and (one.source == source if source else one.kind != "source")
    ]
    return ids[0] if len(ids) == 1 else None
