"""The types that a column of text may turn out to have, in the order in which they are preferred."""

from __future__ import annotations

from dataclasses import dataclass

from balun.chain.contract import LogicalType

_PLAIN_INTEGER = r"-?(0|[1-9][0-9]*)(\.0*)?"
_PLAIN_NUMBER = r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?"
ZONED = r":[0-9.]+ ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)\"?$"


@dataclass(frozen=True)
class Kind:
    """time_format: a strptime pattern; None: ISO 8601. looks: what its whole text must look like besides being read.

    A number with a zero or a plus before it is a code, and stays text: as a number it would lose them.
    """

    logical: LogicalType
    dtype: str
    time_format: str | None = None
    looks: str | None = None


BOOLEAN = Kind("boolean", "BOOLEAN", looks="(?i:true|false|yes|no|t|f|y|n)")
INTEGER = Kind("integer", "BIGINT", looks=_PLAIN_INTEGER)
HUGE = Kind("integer", "HUGEINT", looks=_PLAIN_INTEGER)
NUMBER = Kind("number", "DOUBLE", looks=_PLAIN_NUMBER)
DATE = Kind("date", "DATE")
TIME = Kind("time", "TIME")
TIMESTAMP = Kind("timestamp", "TIMESTAMP WITH TIME ZONE")
OBJECT = Kind("object", "JSON", looks=r"(?s:\s*\{.*)")
ARRAY = Kind("array", "JSON", looks=r"(?s:\s*\[.*)")
TEXT = Kind("string", "VARCHAR")
# JSON values of several kinds: as text only JSON strings are read.
MIXED = Kind("object", "JSON")

OF_CSV = (BOOLEAN, INTEGER, HUGE, NUMBER, DATE, TIME, TIMESTAMP)
OF_JSON = (BOOLEAN, INTEGER, HUGE, NUMBER, DATE, TIME, TIMESTAMP, OBJECT, ARRAY, TEXT, MIXED)
# Whoever wrote text into a Parquet file could have written numbers: only times are often kept as text.
OF_PARQUET = (DATE, TIMESTAMP)

_DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%y",
)  # fmt: skip
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_WHOLE = (
    "%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p", "%Y%m%dT%H%M%S%z", "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S", "%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip
# Two digits of a year would be read from four of them, and eight digits are a date only where the name says so.
_LOOKS = {"%Y%m%d%H%M%S": "[12][0-9]{13}"}

OTHER_DATES = tuple(Kind("date", "DATE", form) for form in _DAYS)
OTHER_TIMES = tuple(
    Kind("timestamp", "TIMESTAMP WITH TIME ZONE", form, _LOOKS.get(form))
    for form in (*(f"{day} {clock}" for day in _DAYS for clock in _CLOCKS), *_WHOLE)
)
DIGITS_DATE = Kind("date", "DATE", "%Y%m%d", "(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")


def is_zoned(kind: Kind) -> bool:
    return kind.time_format is not None and kind.time_format.lower().endswith("%z")
