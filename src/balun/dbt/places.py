"""Where a dbt project's own files say things."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from balun.dbt.manifest import Manifest, Resource
from balun.finding import Place


@dataclass
class Places:
    manifest: Manifest
    _lines: dict[str, list[str]] = field(default_factory=dict)

    def of(self, resource: Resource) -> Place:
        """A model's file; of a source the line that names it, where the file can be read."""
        file = self.file(resource.file, resource.package)
        if resource.kind != "source":
            return Place(file)
        return Place(file, self._line(file, resource.name, 0))

    def column(self, of: Place, name: str) -> Place:
        """The line that names a column, in the file that documents it."""
        return Place(of.file, self._line(of.file, name, of.line or 0) or of.line) if of.line else of

    def file(self, path: str, package: str = "") -> str:
        path = path.replace("\\", "/")
        known = package in {"", self.manifest.project}
        return path if known else f"dbt_packages/{package}/{path}"

    def _line(self, file: str, name: str, after: int) -> int | None:
        if file not in self._lines:
            self._lines[file] = self._read(file)
        word = re.compile(rf"\s*(?:-\s*)?name:\s*[\"']?{re.escape(name)}[\"']?\s*(?:#.*)?", flags=re.IGNORECASE)
        lines = self._lines[file]
        return next((at for at in range(after + 1, len(lines) + 1) if word.fullmatch(lines[at - 1])), None)

    def _read(self, file: str) -> list[str]:
        path = self.manifest.root / file
        try:
            inside = path.resolve().is_relative_to(self.manifest.root.resolve())
            return path.read_text(encoding="utf-8").splitlines() if inside else []
        except (OSError, UnicodeDecodeError, ValueError):
            return []
