"""customProperties: what ODCS has no word for. Others' own are left alone, unless they look like ours misspelt."""

from __future__ import annotations

import difflib

from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import mappings
from balun.chain.yaml_lines import Mapping, Node, Scalar

FILE = ("owner",)
SERVER = ("package", "header", "null", "paths", "delimiter", "events", "user")
EVENT = ("available", "sampling", "quarantineLimit")
COLUMN = ("unit", "resolution", "available", "zone")
_ELSEWHERE = {
    "unit": "a property",
    "resolution": "a property",
    "available": "an object or a property",
    "sampling": "an object",
    "quarantineLimit": "an object",
    "zone": "a property",
}


def customs(node: Mapping, known: tuple[str, ...], faults: Faults) -> dict[str, Node]:
    """The values of the known ones by their names."""
    found: dict[str, Node] = {}
    for entry in mappings(node, "customProperties"):
        name, value = entry.entries.get("property"), entry.entries.get("value")
        if not isinstance(name, Scalar) or value is None:
            continue
        if name.text not in known:
            _judge(name, known, faults)
        elif name.text in found:
            faults.add("key-twice", name, f"{name.text} stands twice", mend="keep one of them")
        elif isinstance(value, Scalar) and value.value is None and name.text != "null":
            faults.wrong(value, f"{name.text} is empty", mend=f"give {name.text} a value, or delete it")
        else:
            found[name.text] = value
    return found


def custom_text(found: dict[str, Node], name: str, faults: Faults) -> Scalar | None:
    """The one of that name, where it is a scalar; a list or a mapping is a finding."""
    value = found.get(name)
    if value is None or isinstance(value, Scalar):
        return value
    faults.wrong(value, f"{name} holds a list or a mapping; it must be one value", mend=f"give {name} one value")
    return None


def _judge(name: Scalar, known: tuple[str, ...], faults: Faults) -> None:
    if name.text in _ELSEWHERE:
        message = f"{name.text} is a custom property of {_ELSEWHERE[name.text]}, and means nothing here"
        faults.add("key-unknown", name, message, mend=f"move it to {_ELSEWHERE[name.text]}")
        return
    ours = {one.lower(): one for one in known}
    near = [ours[one] for one in difflib.get_close_matches(name.text.lower(), ours, n=1, cutoff=0.82)]
    if near:
        message = f"unknown custom property {name.text} (did you mean {near[0]}?)"
        faults.add("key-unknown", name, message, mend=f"write {near[0]}, or a name that is less like it")
