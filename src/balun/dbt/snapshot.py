"""A snapshot keeps each version of its rows: what it selects, as often as it changed, and when each version held."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
import sqlglot.expressions as exp

_KEPT = """SELECT q.* EXCLUDE (balun_v), q.balun_v.dbt_scd_id AS dbt_scd_id, q.balun_v.dbt_updated_at AS dbt_updated_at,
q.balun_v.dbt_valid_from AS dbt_valid_from, q.balun_v.dbt_valid_to AS dbt_valid_to
FROM (SELECT it.*, UNNEST(dbt_snapshot_as_versions({of})) AS balun_v FROM (SELECT 1) AS it) AS q"""


def versions(tree: exp.Query, config: Mapping[str, object]) -> exp.Query:
    """Rows of one key are many, so keys of what it selects are none of it."""
    key = config.get("unique_key")
    named = (
        [key] if isinstance(key, str) else [one for one in key if isinstance(one, str)] if isinstance(key, list) else []
    )
    updated = config.get("updated_at")
    of = [f"it.{exp.to_identifier(one, quoted=True).sql('duckdb')}" for one in named if one.isidentifier()]
    of += [f"it.{updated}"] if isinstance(updated, str) and updated.isidentifier() else []
    made = sqlglot.parse_one(_KEPT.format(of=", ".join(of)), read="duckdb")
    inner = next(one for one in made.find_all(exp.Subquery) if one.alias == "it")
    inner.set("this", tree)
    assert isinstance(made, exp.Query)
    return made
