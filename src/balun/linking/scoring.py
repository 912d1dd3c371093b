"""Splink: levels of agreement of pairs, and their match weights; needs `balun[link]`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from balun.errors import UsageError
from balun.linking.comparing import Group, Weights, settings

if TYPE_CHECKING:
    from balun.linking.records import Records

MISSING = "matching without a key needs Splink: pip install 'balun[link]'"


def ready() -> None:
    """Raises UsageError where Splink isn't installed."""
    if find_spec("splink") is None:
        raise UsageError(MISSING)


def score(
    records: Records, groups: Sequence[Group], pairs: str, into: str, *,
    weights: Weights | None = None, prior: float = 1e-4, least: float | None = None,
) -> None:  # fmt: skip
    """Write the table `into`: a row a pair of the table `pairs`, with `gamma_C`, `mw_C` … and `match_weight`.

    pairs: `join_key_l`, `join_key_r`, `match_key`. gamma: −1 where a value is null, else the levels counted from
    the weakest, 0. least: leaves out pairs of a lower match weight.
    """
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(connection=records.connection)
    frame = api.register("records", dataset_display_name="records")
    linker = Linker(frame, settings(groups, weights, prior), log_level=None, validate_settings=False)
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
    found = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    records.connection.execute(f"CREATE OR REPLACE TABLE {into} AS SELECT * FROM {found.physical_name}")
    api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
