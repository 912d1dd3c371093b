"""Whether so many rows of an event were set aside, or all, that a run stops before it publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from balun.chain.contract import Contract
from balun.chain.limit import Limit
from balun.finding import Finding


def over_limit(contract: Contract, default: Limit | None, counts: Mapping[str, Any]) -> Finding | None:
    """default: the project's. counts: as `Collected.as_json` gives them; duplicates are no fault of a row's own."""
    limit = contract.limit or default
    quarantined, collected = counts["quarantined"], counts["collected"]
    if limit is None or not limit.exceeded(quarantined, collected):
        return None
    place = (contract.limit.place if contract.limit else None) or contract.place
    whose = "" if contract.limit else f", the project's limit ({limit.place})"
    share = f"{quarantined / collected:.2%}"
    return Finding(
        "quarantine-limit",
        place,
        f"{quarantined:,} of {collected:,} rows of {contract.name} are set aside ({share}); "
        f"at most {limit.most(collected):,} may be: {limit.written}{whose}",
        mend=f"look at them with `balun quarantine {contract.name}`, mend what captures the event, the contract or the "
        "rows, or raise the limit",
        owner=contract.owner,
    )


def nothing_kept(contract: Contract, counts: Mapping[str, Any]) -> Finding:
    """Every row was set aside: the contract and the data are of different minds."""
    reason = counts["reasons"][0]
    place = contract.column(reason["column"]).place if reason["column"] else contract.place
    return Finding(
        "nothing-kept",
        place,
        f"none of the {counts['collected']:,} rows keeps the promises of {contract.name}: "
        f"{reason['message']}, and isn't in {reason['rows']:,}",
        mend="mend the contract, or what captures the event",
        owner=contract.owner,
    )
