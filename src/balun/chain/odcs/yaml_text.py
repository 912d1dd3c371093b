"""Plain data as YAML that YAML 1.1 and 1.2 read alike, with comments at the ends of lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

_SAFE = re.compile(r"[A-Za-z_](?:[\w ./()*%+-]*[\w./()*%+-])?", flags=re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WORDS = frozenset("true false null yes no on off y n".split())  # noqa: SIM905


@dataclass(frozen=True)
class Noted:
    """A value with a comment behind it."""

    value: Value
    comment: str


Value: TypeAlias = "str | int | float | Decimal | bool | Sequence[Value] | Mapping[str, Value] | Noted"


def yaml_text(tree: Mapping[str, Value]) -> str:
    """The document; lists of scalars stand in one line.

    >>> print(yaml_text({"id": "a", "country": Noted("NO", "a guess"), "of": ["x", 1], "s": [{"x": 0.5}]}), end="")
    id: a
    country: "NO"  # a guess
    of: [x, 1]
    s:
      - x: 0.5
    """
    return "\n".join(_mapping(tree, "")) + "\n"


def _mapping(tree: Mapping[str, Value], indent: str) -> list[str]:
    lines: list[str] = []
    for key, value in tree.items():
        lines.extend(_entry(f"{indent}{_text(key)}:", value, indent))
    return lines


def _entry(head: str, value: Value, indent: str) -> list[str]:
    if isinstance(value, Noted):
        first, *rest = _entry(head, value.value, indent)
        return [f"{first}  # {' '.join(value.comment.split())}", *rest]
    if isinstance(value, Mapping):
        return [head, *_mapping(value, f"{indent}  ")]
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [f"{head} {_scalar(value)}"]
    if any(isinstance(item, Mapping) for item in value):
        return [head, *(line for item in value for line in _item(item, f"{indent}  "))]
    return [f"{head} [{', '.join(_scalar(item) for item in value)}]"]


def _item(item: Value, indent: str) -> list[str]:
    assert isinstance(item, Mapping)
    first, *rest = _mapping(item, f"{indent}  ")
    return [f"{indent}- {first.lstrip()}", *rest]


def _scalar(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case float():
            return _float(value)
        case Decimal():
            return format(value, "f")
    return str(value)


def _float(value: float) -> str:
    """YAML 1.1 takes 1e+16 for text: it wants a point."""
    written = repr(value)
    return written.replace("e", ".0e", 1) if "e" in written and "." not in written else written


def _text(value: str) -> str:
    if _SAFE.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return '"' + "".join(_character(character) for character in value) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
