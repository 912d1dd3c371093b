"""Balun keeps what a product captures matched with what its models need.

`bl.load(folder)` opens a project; the other names are what a project's own files declare.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from balun.chain.declare import (
    aggregate,
    by_time,
    columns,
    corpus,
    count,
    count_distinct,
    first,
    last,
    latest,
    link,
    max,
    mean,
    min,
    model,
    rate,
    sql,
    std,
    sum,
    surface,
    table,
)
from balun.errors import BalunError, ProjectError

if TYPE_CHECKING:
    from balun.project import Project as Project
    from balun.project import load as load

__version__ = "0.1.0"
__all__ = [
    "BalunError",
    "Project",
    "ProjectError",
    "aggregate",
    "by_time",
    "columns",
    "corpus",
    "count",
    "count_distinct",
    "first",
    "last",
    "latest",
    "link",
    "load",
    "max",
    "mean",
    "min",
    "model",
    "rate",
    "sql",
    "std",
    "sum",
    "surface",
    "table",
]


def __getattr__(name: str) -> object:
    # What touches rows is imported when it is first used: `balun --help` and a project's own files don't need it.
    if name in {"Project", "load"}:
        return getattr(import_module("balun.project"), name)
    raise AttributeError(f"module 'balun' has no attribute {name!r}")
