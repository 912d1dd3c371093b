"""Lines of compiled SQL are found again in the file that it was made of."""

from __future__ import annotations

from difflib import SequenceMatcher


def raw_lines(compiled: str, raw: str) -> list[int | None]:
    """For each line of `compiled`, that of `raw`, counted from 1; None where it can't be told.

    >>> raw_lines("select a\\nfrom db.orders", "{{ config() }}\\nselect a\\nfrom {{ ref('orders') }}")
    [2, 3]
    """
    made, wrote = ([line.strip() for line in text.splitlines()] for text in (compiled, raw))
    found: list[int | None] = [None] * len(made)
    for what, start, end, low, high in SequenceMatcher(None, made, wrote, autojunk=False).get_opcodes():
        if what == "equal" or (what == "replace" and end - start == high - low):
            for at in range(start, end):
                found[at] = low + at - start + 1
        elif what == "replace":
            for at in range(start, end):  # a macro became several lines: the line that calls it
                found[at] = min(low + at - start, high - 1) + 1
    return found
