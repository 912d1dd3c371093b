"""Results as plain data, for JSON."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from datetime import datetime


def told(value: object) -> object:
    """Dataclasses as dicts, tuples as lists, times in ISO 8601; what is no finite number is null.

    >>> told((1, math.nan, {"a": (2,)}))
    [1, None, {'a': [2]}]
    """
    if is_dataclass(value):
        return {one.name: told(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {name: told(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [told(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
