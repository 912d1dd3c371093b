"""A snapshot keeps each version of its rows: what it selects, as often as it changed, and when each version held."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
import sqlglot.expressions as exp

from balun.quoting import quoted

_COLUMNS = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
_KEPT = """SELECT q.* EXCLUDE (balun_v), {columns}
FROM (SELECT it.*, UNNEST(dbt_snapshot_as_versions({of})) AS balun_v FROM (SELECT 1) AS it) AS q"""


def versions(tree: exp.Query, config: Mapping[str, object]) -> exp.Query:
    """Rows of one key are many, so that no key of what it selects is one of it. config: the snapshot's."""
    called = config.get("snapshot_meta_column_names")
    names = called if isinstance(called, dict) else {}
    kept = (*_COLUMNS, "dbt_is_deleted") if config.get("hard_deletes") == "new_record" else _COLUMNS
    columns = ", ".join(f"q.balun_v.{name} AS {quoted(str(names.get(name) or name))}" for name in kept)
    of = ", ".join(f"it.{quoted(name)}" for name in _named(config))
    made = sqlglot.parse_one(_KEPT.format(columns=columns, of=of), read="duckdb")
    inner = next(one for one in made.find_all(exp.Subquery) if one.alias == "it")
    inner.set("this", tree)
    assert isinstance(made, exp.Query)
    return made


def _named(config: Mapping[str, object]) -> list[str]:
    """Columns that say which rows are versions of one, and when one changed."""
    key, updated = config.get("unique_key"), config.get("updated_at")
    named = [*key, updated] if isinstance(key, list) else [key, updated]
    return [one for one in named if isinstance(one, str) and one.isidentifier()]
