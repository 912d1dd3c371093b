"""The text of a mends file: a mend put behind the others, or taken out; all else stays as it is written."""

from __future__ import annotations

import re

from balun.chain.mend import Mend
from balun.chain.yaml_lines import Sequence, parse_yaml
from balun.errors import UsageError
from balun.finding import Place

_HEAD = """\
# Mends of raw rows of {event} that were set aside: `balun run` applies them.
mends:
"""


def with_mend(text: str | None, event: str, mend: Mend) -> str:
    """text: of the file; None: there is none yet."""
    head = _HEAD.format(event=event) if text is None else text
    if text is not None and not _lines(text):
        head = re.sub(r"^mends:.*$", "mends:", text, flags=re.MULTILINE)
    lines = head.rstrip("\n").split("\n")
    indent = _indent(text) if text is not None else 2
    return "\n".join([*lines, *(f"{' ' * indent}{line}" for line in _written(mend))]) + "\n"


def without_mend(text: str, number: int) -> str | None:
    """Without the mend of that number, from 1; None where no other is left. Raises UsageError where it isn't there."""
    starts = _lines(text)
    if not 1 <= number <= len(starts):
        raise UsageError(f"there is no mend {number}; there are {len(starts)}")
    if len(starts) == 1:
        return None
    lines = text.split("\n")
    first = starts[number - 1] - 1
    last = starts[number] - 1 if number < len(starts) else _end(lines, first, _indent(text))
    return "\n".join(lines[:first] + lines[last:])


def _lines(text: str) -> list[int]:
    """The line that each mend begins at, from 1. Raises UsageError where two share one."""
    listed = parse_yaml(text, Place("mends")).entries.get("mends")
    starts = [item.line for item in listed.items] if isinstance(listed, Sequence) else []
    rows = text.split("\n")
    if len(set(starts)) < len(starts) or any(not rows[at - 1].lstrip().startswith("- ") for at in starts):
        raise UsageError("the mends don't begin on lines of their own: change the file by hand")
    return starts


def _indent(text: str) -> int:
    starts = _lines(text)
    row = text.split("\n")[starts[-1] - 1] if starts else "  "
    return len(row) - len(row.lstrip())


def _end(lines: list[str], first: int, indent: int) -> int:
    """The first line after a mend that isn't its own."""
    for at in range(first + 1, len(lines)):
        row = lines[at]
        if row.strip() and len(row) - len(row.lstrip()) <= indent:
            return at
    return len(lines)


def _written(mend: Mend) -> list[str]:
    sets = [f"    {_quoted(column)}: {_quoted(sql)}" for column, sql in mend.sets]
    more = [f"  {key}: {_quoted(value)}" for key, value in (("where", mend.where), ("why", mend.why)) if value]
    return ["- set:", *sets, *more]


def _quoted(text: str) -> str:
    """As YAML writes it: plain where it is one word.

    >>> _quoted("dep_delay"), _quoted("value-high"), _quoted("replace(a, ',', '.')"), _quoted("no")
    ('dep_delay', 'value-high', '"replace(a, \\',\\', \\'.\\')"', '"no"')
    """
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_ESCAPED.get(letter, letter) for letter in text) + '"'


_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
