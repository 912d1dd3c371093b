"""What became of the rows of one node in the next, in a few words."""

from __future__ import annotations

from balun.near.near import Part

_NO_ROWS = "no rows yet"


def through(upper: Part, lower: Part) -> str:
    """`336,776 → 328,521  −8,255`: rows in, rows out, the difference."""
    if lower.node.kind == "surface":
        return str(upper.tested or "not tested yet")
    into, out = upper.counts.rows, lower.counts.rows
    if into is None or out is None:
        return _NO_ROWS if into is None else f"{into:,} → none yet"
    return _went(upper, lower, into, out)


def _went(upper: Part, lower: Part, into: int, out: int) -> str:
    match lower.node.kind:
        case "feature":
            return f"{into:,} rows → values for {out:,} examples"
        case "corpus":
            return _into_corpus(into, lower, own=upper.node.kind != "feature")
        case "model":
            return _split(lower)
    return f"{into:,} → {out:,}  {signed(out - into)}"


def _into_corpus(into: int, lower: Part, *, own: bool) -> str:
    parts = dict(lower.counts.parts)
    examples, unlabelled = parts.get("examples", 0), parts.get("unlabelled", 0)
    before = f"{into:,} → {examples:,} examples" if own else f"{into:,}"
    return f"{before} → {lower.counts.rows:,}" + (f"  −{unlabelled:,} without a label" if unlabelled else "")


def whole(part: Part) -> str:
    """A node's rows and what they are made up of; how they add up is a promise."""
    rows, kind = part.counts.rows, part.node.kind
    if kind == "surface" or rows is None:
        return "" if kind == "surface" else _NO_ROWS
    return _sum(part, rows) or (f"values for {rows:,} examples" if kind == "feature" else f"{rows:,} rows")


def _sum(part: Part, rows: int) -> str:
    """Empty where nothing is told of how they add up."""
    parts = dict(part.counts.parts)
    match part.node.kind if parts else "":
        case "event":
            told = " + ".join(f"{parts.get(name, 0):,} {name}" for name in ("kept", "quarantined", "duplicates"))
            return f"{parts.get('collected', 0):,} collected = {told}"
        case "model":
            return f"{rows:,} = {_split(part)}"
        case "corpus":
            return f"{parts.get('examples', 0):,} examples − {parts.get('unlabelled', 0):,} unlabelled = {rows:,} rows"
    return ""


def _split(part: Part) -> str:
    parts = dict(part.counts.parts)
    return " + ".join(f"{parts[name]:,} {name}" for name in ("train", "test", "embargoed") if name in parts)


def here(part: Part) -> str:
    """What there is of it now, in a word or two."""
    if part.node.kind in {"model", "surface"} or part.counts.rows is None:
        return str(part.tested) if part.tested else whole(part)
    return f"{part.counts.rows:,} rows"


def signed(number: int) -> str:
    """
    >>> signed(-8255), signed(12), signed(0)
    ('−8,255', '+12', '±0')
    """
    return "±0" if not number else f"{'+' if number > 0 else '−'}{abs(number):,}"
