"""A seed's columns, from its CSV file where that lies beside the manifest."""

from __future__ import annotations

from pathlib import Path

import duckdb

from balun.dbt.manifest import Resource
from balun.dbt.types import dtype_of


def seed_columns(seed: Resource, root: Path, dialect: str) -> list[tuple[str, str | None]]:
    """Names and types in order; types that the project sets come first. Nothing where the project has no such file."""
    written = seed.config.get("column_types")
    told = {str(name).lower(): str(dtype) for name, dtype in written.items()} if isinstance(written, dict) else {}
    file = root / seed.file
    found: list[tuple[str, str | None]] = []
    if file.is_file() and file.resolve().is_relative_to(root.resolve()):
        with duckdb.connect() as connection:
            try:
                rows = connection.execute("DESCRIBE FROM read_csv(?)", [str(file)]).fetchall()
            except duckdb.Error:
                rows = []
        found = [(row[0], str(row[1])) for row in rows]
    return [(name, dtype_of(told[name.lower()], dialect) if name.lower() in told else dtype) for name, dtype in found]
