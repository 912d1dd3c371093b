"""A tree's parts by their kind, found in one walk."""

from __future__ import annotations

from typing import TypeVar, cast

import sqlglot.expressions as exp

E = TypeVar("E", bound=exp.Expr)


class Parts:
    def __init__(self, tree: exp.Expr) -> None:
        self._kinds: dict[type, list[exp.Expr]] = {}
        for part in tree.walk(bfs=False):
            self._kinds.setdefault(type(part), []).append(part)

    def of(self, *kinds: type[E]) -> list[E]:
        return [cast("E", part) for kind in kinds for part in self._kinds.get(kind, ())]
