"""ODCS writes formats of times as Java does, `yyyy-MM-dd HH:mm:ss`; DuckDB reads them by strptime."""

from __future__ import annotations

import re

_PARTS = {
    "yyyy": "%Y", "uuuu": "%Y", "YYYY": "%Y", "yy": "%y", "uu": "%y",
    "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m",
    "dd": "%d", "d": "%-d", "DD": "%d", "DDD": "%j",
    "EEEE": "%A", "EEE": "%a", "EE": "%a", "E": "%a",
    "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "a": "%p",
    "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S",
    "SSSSSSSSS": "%n", "SSSSSS": "%f", "SSS": "%g",
    "XXX": "%z", "XX": "%z", "X": "%z", "xxx": "%z", "xx": "%z", "x": "%z", "Z": "%z", "ZZ": "%z", "ZZZ": "%z",
    "VV": "%Z",
}  # fmt: skip
_JAVA = {part: letters for letters, part in reversed(_PARTS.items())}
_TOKEN = re.compile(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'")
_ISO = re.compile(
    r"%Y-%m-%d([T ]%H:%M(:%S(\.(%g|%f|%n))?)?)?(%z)?$|%H:%M:%S$",
)


def strptime_pattern(format: str) -> str | None:  # noqa: A002 - ODCS's own word
    """The strptime pattern of a Java format; None where ISO 8601, as any reader takes it, is what is meant.

    Raises ValueError that names the letters it can't read.

    >>> strptime_pattern("dd/MM/yyyy HH:mm"), strptime_pattern("yyyy-MM-dd'T'HH:mm:ssXXX")
    ('%d/%m/%Y %H:%M', None)
    >>> strptime_pattern("yyyy-MM-dd GG")
    Traceback (most recent call last):
    ValueError: GG is no part of a time that can be read
    """
    pattern = "".join(_part(found) for found in _TOKEN.finditer(format))
    if "%" not in pattern.replace("%%", ""):
        raise ValueError(f"{format!r} holds no part of a time")
    parts = re.findall(r"%-?([A-Za-z])", pattern)
    if "M" in parts and not {"H", "I"} & set(parts):
        raise ValueError(f"{format!r} has minutes and no hours; MM are months, mm are minutes")
    if len(set(parts)) < len(parts):
        raise ValueError(f"{format!r} reads the same part twice")
    return None if _ISO.match(pattern) else pattern


def java_format(pattern: str) -> str:
    """The Java format of a strptime pattern that `strptime_pattern` gives.

    >>> java_format("%d/%m/%Y at %-H:%M")
    "dd/MM/yyyy 'at' H:mm"
    """
    tokens = re.findall(r"%%|%-?[A-Za-z]|[A-Za-z']+|[^%A-Za-z']+", pattern)
    return "".join(_JAVA.get(token) or _literal(token) for token in tokens)


def _literal(text: str) -> str:
    text = text.replace("%%", "%")
    return "'" + text.replace("'", "''") + "'" if re.search(r"[A-Za-z']", text) else text


def _part(found: re.Match[str]) -> str:
    token = found[0]
    if token == "''":
        return "'"
    if token == "'":
        raise ValueError("a quote is opened and never closed")
    if found[1] is not None:
        return found[1].replace("''", "'").replace("%", "%%")
    if token in _PARTS:
        return _PARTS[token]
    if token == "T":  # Java wants it in quotes; the standard's own examples leave them out
        return "T"
    if token[0].isalpha():
        raise ValueError(f"{token} is no part of a time that can be read")
    return token.replace("%", "%%")
