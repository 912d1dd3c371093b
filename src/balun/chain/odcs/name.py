"""Names of events and columns that SQL, files and references can carry."""

from __future__ import annotations

import re

from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import scalar
from balun.chain.yaml_lines import Mapping

_EVENT = re.compile(r"[^\W\d][\w-]{0,127}")


def read_name(node: Mapping, kind: str, faults: Faults) -> str | None:
    """The name of an event or a column; None where there is none, or none that can be used."""
    found = scalar(node, "name")
    if found is None:
        return None
    name = found.text
    if kind == "event" and not _EVENT.fullmatch(name):
        message = f"{_shown(name)} can't name an event"
        mend = "use letters, digits, _ and -, beginning with a letter; physicalName may hold the source's own name"
        faults.add("name-unusable", found, message, mend=mend)
        return None
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= 255:
        message = f"{_shown(name)} can't name a column"
        faults.add("name-unusable", found, message, mend="use printable text without blanks at its ends")
        return None
    return name


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:39] + "…")
