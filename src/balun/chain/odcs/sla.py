"""slaProperties: how late an event's rows come, and how often."""

from __future__ import annotations

from balun.chain.duration import Duration
from balun.chain.odcs.field import mappings, text
from balun.chain.yaml_lines import Mapping

_SHORT = {"ly": "latency", "fy": "frequency"}


def promised(tree: Mapping, event: str, word: str) -> str | None:
    """The length of time by which a file promises `latency` or `frequency` of an event, such as `5 min`.

    One that names the event, or a column of it, goes before one that names nothing. None where there is none, and
    where it is no exact length, as a year is.
    """
    found: dict[bool, str] = {}
    for entry in mappings(tree, "slaProperties"):
        named = text(entry, "property") or ""
        if _SHORT.get(named, named) != word:
            continue
        elements = [one.split(".")[0].strip() for one in (text(entry, "element") or "").split(",")]
        length = _length(text(entry, "value"), text(entry, "unit"))
        if length and (event in elements or elements == [""]):
            found.setdefault(event in elements, length)
    return found.get(True) or found.get(False)


def _length(value: str | None, unit: str | None) -> str | None:
    written = f"{value or ''} {unit or ''}".strip()
    try:
        Duration.parse(written)
    except ValueError:
        return None
    return written
