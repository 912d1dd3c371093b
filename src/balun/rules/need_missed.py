"""A captured column that a model was measured to need comes no more, or in coarser steps than it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from balun.chain.contract import Column, Contract
from balun.chain.model import Model
from balun.chain.needs import Need, step_of
from balun.facts.known import Chain
from balun.finding import Finding
from balun.rules.site import breaks

RULE = "need-missed"


def find(chain: Chain) -> Iterator[Finding]:
    events = {node.name.lower(): node.declared for node in chain.graph.of("event")}
    for node in chain.graph.of("model"):
        model = node.declared
        assert isinstance(model, Model)
        for need in model.needs.needs if model.needs else ():
            missed = _missed(need, events)
            if missed and not any(_captures(events, name) for name in need.others):
                said = f"{model.name} needs {need.words(model.metric)}; {missed}"
                mend = f"capture it so, or fit {model.name} without it: `balun worth {model.name}` says what that costs"
                yield Finding(RULE, need.place, said, breaks=breaks(chain, node), owner=node.owner, mend=mend)


def _missed(need: Need, events: Mapping[str, object]) -> str:
    event = events.get(need.event.lower())
    if not isinstance(event, Contract):
        return f"{need.event} isn't captured"
    column = next((one for one in event.columns if one.name.lower() == need.column.lower()), None)
    if column is None:
        return f"{event.place} captures no {need.column}"
    if need.resolution is None or column.resolution is None or not _is_coarser(column, need.resolution):
        return ""
    return f"{column.place} promises {column.resolution}"


def _captures(events: Mapping[str, object], name: str) -> bool:
    event, _, column = name.lower().partition(".")
    found = events.get(event)
    return isinstance(found, Contract) and column in {one.name.lower() for one in found.columns}


def _is_coarser(column: Column, needed: str) -> bool:
    given, step = step_of(column.resolution or ""), step_of(needed)
    return given is not None and step is not None and given > step
