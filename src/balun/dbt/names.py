"""What each resource of a dbt project is called in the chain, and what SQL calls it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from balun.dbt.manifest import Resource


def node_names(resources: Iterable[Resource]) -> dict[str, str]:
    """By id: its own name where that is one resource's alone; else with its source, version or package before it."""
    resources = list(resources)
    count = Counter(one.name.lower() for one in resources)
    models = {one.name.lower() for one in resources if one.kind != "source"}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in sorted(resources, key=lambda one: (one.kind == "source", one.id)):
        plain = one.name
        if one.version is not None:
            plain = f"{one.name}_v{one.version}"
        elif one.kind == "source" and (one.name.lower() in models or count[one.name.lower()] > 1):
            plain = f"{one.source}__{one.name}"
        elif one.kind != "source" and plain.lower() in taken:
            plain = f"{one.package}__{one.name}"
        while plain.lower() in taken:
            plain = f"{plain}_"
        taken.add(plain.lower())
        found[one.id] = plain
    return found


class Relations:
    """What a table's name in compiled SQL stands for."""

    def __init__(self, resources: Mapping[str, Resource], names: Mapping[str, str]) -> None:
        self._by_parts: dict[tuple[str, ...], set[str]] = {}
        for id_, one in resources.items():
            parts = tuple(part.lower() for part in one.relation)
            for at in range(len(parts)):
                self._by_parts.setdefault(parts[at:], set()).add(names[id_])
            if one.materialized == "ephemeral" or one.kind == "model":
                for alias in {one.name.lower(), parts[-1]}:
                    self._by_parts.setdefault((f"__dbt__cte__{alias}",), set()).add(names[id_])

    def find(self, parts: tuple[str, ...]) -> str | None:
        """The node of that relation; of a name without its schema only where there is one such."""
        lower = tuple(part.lower() for part in parts)
        for at in range(len(lower)):
            found = self._by_parts.get(lower[at:])
            if found is not None and len(found) == 1 and (at == 0 or self._is_shorter(lower, at)):
                return next(iter(found))
        return None

    def _is_shorter(self, parts: tuple[str, ...], at: int) -> bool:
        """The project may know its relations without their database; then one more part in SQL says nothing else."""
        return not any(len(known) >= len(parts) and known[-len(parts) + at :] == parts[at:] for known in self._by_parts)
