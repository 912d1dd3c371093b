"""What a unit makes impossible: nothing is colder than absolute zero, and no place lies north of the pole.

No more than that: a delay may be negative, a share more than a hundred percent, and a height below the sea.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from balun.chain.contract import Contract
from balun.scan.promises import Promise
from balun.scan.reading import family

_COLDEST = {
    "kelvin": 0.0,
    "K": 0.0,
    "degC": -273.15,
    "celsius": -273.15,
    "degree_Celsius": -273.15,
    "degF": -459.67,
    "fahrenheit": -459.67,
    "degree_Fahrenheit": -459.67,
}
_DEGREES = frozenset({"degree", "degrees", "deg", "arcdegree"})
# Of a name in parts: pickup_latitude, lat, destLon. West of Greenwich is written -180 to 0, or 180 to 360.
_PLACES = ((r"lat|latitude", -90.0, 90.0, "a latitude"), (r"lon|lng|long|longitude", -180.0, 360.0, "a longitude"))
_SHARES = r"humidity|probability"
_NUMBERS = frozenset({"integer", "float", "decimal"})


def implausible(contract: Contract) -> Iterator[Promise]:
    for at, column in enumerate(contract.columns):
        limits = _limits(column.name, column.unit) if family(column.dtype) in _NUMBERS else None
        if limits is None:
            continue
        low, high, what = limits
        over = "" if high is None else f" OR t{at} > {high}"
        yield Promise(
            "value-impossible", column.name, f"{column.name} must be possible: {what}", f"t{at} < {low}{over}"
        )


def _limits(name: str, unit: str | None) -> tuple[float, float | None, str] | None:
    """
    >>> _limits("temp", "degC"), _limits("dest_lat", "degree"), _limits("dep_delay", "minute")
    ((-273.15, None, 'nothing is colder than -273.15 degC'), (-90.0, 90.0, 'a latitude is from -90 to 90'), None)
    """
    if unit in _COLDEST:
        return _COLDEST[unit], None, f"nothing is colder than {_COLDEST[unit]:g} {unit}"
    if unit in _DEGREES:
        for words, low, high, what in _PLACES:
            if _named(name, words):
                return low, high, f"{what} is from {low:g} to {high:g}"
    if unit == "percent" and _named(name, _SHARES):
        return 0.0, 100.0, "it is from 0 to 100 percent"
    return None


def _named(name: str, words: str) -> bool:
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return re.search(rf"(^|[^a-z])({words})([^a-z]|$)", parts) is not None
