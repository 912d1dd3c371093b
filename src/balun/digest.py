"""A short name for what a value says: the same for the same value in every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from hashlib import blake2b

_PLAIN = (type(None), bool, int, float, str, bytes, Decimal, Fraction, datetime, date, time, timedelta)


def digest(*values: object) -> bytes:
    """Sixteen bytes. Raises TypeError for what isn't data, as a function isn't.

    >>> digest(frozenset({"a", "b"})) == digest(frozenset({"b", "a"})), digest(1) == digest(True)
    (True, False)
    """
    return blake2b(_told(values, {}).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _told(value: object, seen: dict[int, str]) -> str:
    """seen: what was told of objects before, by identity; they outlive the walk, being parts of what is told."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return repr(value)
    found = seen.get(id(value))
    if found is None:
        found = _anew(value, kind, seen)
        if kind not in _PLAIN:
            seen[id(value)] = found
    return found


def _anew(value: object, kind: type, seen: dict[int, str]) -> str:
    if kind in _PLAIN:
        return f"{kind.__name__}:{value!r}"
    if isinstance(value, tuple | list):
        return f"{kind.__name__}({','.join([_told(one, seen) for one in value])})"
    if isinstance(value, frozenset | set):
        return f"set({','.join(sorted([_told(one, seen) for one in value]))})"
    if isinstance(value, Mapping):
        return f"map({','.join([f'{_told(one, seen)}={_told(other, seen)}' for one, other in value.items()])})"
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}"
    if is_dataclass(value):
        parts = [_told(getattr(value, one.name), seen) for one in fields(value)]
        return f"{kind.__module__}.{kind.__qualname__}({','.join(parts)})"
    raise TypeError(f"{kind.__name__} is no data")
