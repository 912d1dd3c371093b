"""Values of a mapping's keys, typed; None where a key is missing, null or of another type.

Wrong types are the schema's to find (schema.py), so that each is found once, and what else is wrong is found as well.
"""

from __future__ import annotations

from balun.chain.yaml_lines import Mapping, Node, Scalar, Sequence


def get(node: Mapping, key: str) -> Node | None:
    """The key's value, unless it is null."""
    value = node.entries.get(key)
    return None if isinstance(value, Scalar) and value.value is None else value


def text(node: Mapping, key: str) -> str | None:
    """As written: `1.0` stays `1.0`, and `NO` stays `NO`."""
    value = get(node, key)
    return value.text if isinstance(value, Scalar) else None


def scalar(node: Mapping, key: str) -> Scalar | None:
    value = get(node, key)
    return value if isinstance(value, Scalar) else None


def flag(node: Mapping, key: str) -> bool | None:
    value = get(node, key)
    return value.flag if isinstance(value, Scalar) else None


def whole(node: Mapping, key: str) -> int | None:
    value = get(node, key)
    number = value.value if isinstance(value, Scalar) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def mapping(node: Mapping, key: str) -> Mapping:
    """An empty one where there is none."""
    value = node.entries.get(key)
    return value if isinstance(value, Mapping) else Mapping(node.line_of(key))


def items(node: Mapping, key: str) -> list[Node]:
    value = node.entries.get(key)
    return value.items if isinstance(value, Sequence) else []


def mappings(node: Mapping, key: str) -> list[Mapping]:
    return [item for item in items(node, key) if isinstance(item, Mapping)]


def scalars(node: Mapping, key: str) -> list[Scalar]:
    """The scalars of a list, or the one scalar that stands for a list of one."""
    value = get(node, key)
    if isinstance(value, Scalar):
        return [value]
    return [item for item in items(node, key) if isinstance(item, Scalar)]
