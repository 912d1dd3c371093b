"""Whether so many rows of an event were set aside that a run stops before it publishes."""

from __future__ import annotations

from collections.abc import Mapping

from balun.chain.contract import Contract
from balun.chain.limit import Limit
from balun.finding import Finding


def over_limit(contract: Contract, default: Limit | None, counts: Mapping[str, int]) -> Finding | None:
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
