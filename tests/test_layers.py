"""Data flows one way: a room imports only what stands above it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

_SOURCE = Path(__file__).parent.parent / "src" / "balun"
_ROOMS = (
    "finding", "errors", "told", "quoting", "digest", "kept", "chain", "engine", "relational", "facts", "dbt",
    "rules", "snapshot", "profile", "scan", "draft", "fit", "linking", "plan", "held", "build", "settled",
    "history", "run", "status", "quarantine", "tested", "difference", "check", "effect", "advice", "impact",
    "against", "prove", "worth", "minimize", "report", "map", "joins", "scanned", "drift", "near", "mends", "why",
    "stocktake", "project", "terminal", "cli", "__main__",
)  # fmt: skip


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def _imported(file: Path) -> set[str]:
    """Rooms imported when the program runs; imports for types alone don't count, nor those inside functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("balun"):
            found |= {_room(f"{node.module}.{alias.name}") for alias in node.names}
    return found


@pytest.mark.parametrize("file", sorted(_SOURCE.rglob("*.py")), ids=lambda file: file.relative_to(_SOURCE).as_posix())
def test_imports_point_upwards(file: Path) -> None:
    room = file.relative_to(_SOURCE).with_suffix("").parts[0]
    if room in {"__init__", "cli"}:
        return
    place = _ROOMS.index(room)
    below = {other for other in _imported(file) if other in _ROOMS and _ROOMS.index(other) > place}
    assert not below, f"{file.name} imports from below: {below}"


def test_every_room_is_listed() -> None:
    rooms = {path.stem for path in _SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} <= set(_ROOMS)
