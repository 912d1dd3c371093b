"""Links in the terminal: numbers, pairs side by side, a cluster and what holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from rich.table import Table
from rich.text import Text

from balun.linking.told import Explained, Linked, Pair, Planned

if TYPE_CHECKING:
    from rich.console import Console


def draw(found: Linked, console: Console) -> None:
    for line in _numbers(found):
        console.print(line, soft_wrap=True)
    for title, pairs in (("Sure", found.sure), ("Unsure", found.unsure), ("Rejected", found.rejected)):
        if pairs:
            console.print(Text(f"\n{title}", "bold"))
        for pair in pairs:
            draw_pair(pair, console)


def _numbers(found: Linked) -> Iterator[Text]:
    info = found.info
    yield Text.assemble(("link ", ""), (found.name, "bold"), f"   {found.linking}")
    rows = cast("Sequence[int]", info["records"])
    counts = " × ".join(f"{one:,}" for one in rows)
    yield Text(f"{counts} records, {_count(info, 'compared')} of {_count(info, 'possible')} pairs compared")
    chosen = "chosen" if info["threshold_chosen"] else "given"
    yield Text(
        f"threshold {float(str(info['threshold'])):.3g} ({chosen}): {_count(info, 'matches')} pairs linked, "
        f"estimated precision {_share(info['precision'])}, recall {_share(info['recall'])}"
        + (f", {info['labels']} pairs judged" if info["labels"] else "")
    )
    sizes = cast("Mapping[str, int]", info["clusters"])
    yield Text("clusters by size: " + ", ".join(f"{size}: {many:,}" for size, many in sizes.items()))
    yield Text("What agreeing weighs, in bits:")
    for one in cast("Sequence[Mapping[str, Sequence[object]]]", info["evidence"]):
        steps = cast("Sequence[Mapping[str, object]]", one["levels"])
        told = ", ".join(f"{step['level']} {float(str(step['weight'])):+.1f}" for step in steps)
        yield Text(f"  {' + '.join(map(str, one['columns']))}: {told}")


def _count(info: Mapping[str, object], name: str) -> str:
    return f"{int(str(info[name])):,}"


def _share(value: object) -> str:
    return f"{float(str(value)):.1%}"


def draw_plan(found: Planned, console: Console) -> None:
    console.print(f"{' × '.join(f'{one:,}' for one in found.rows)} records, {found.possible:,} pairs", highlight=False)
    console.print("columns: " + ", ".join(f"{name} ({kind})" for name, kind in found.kinds.items()), highlight=False)
    table = Table("records that agree on", "pairs", box=None, header_style="bold", pad_edge=False)
    table.columns[1].justify = "right"
    for rule in found.plan.rules:
        table.add_row(rule.label, f"{rule.pairs:,}")
    for _, label in found.plan.nearest:
        table.add_row(f"nearest by {label}", f"≤ {5 * sum(found.rows):,}")
    console.print(table)
    missed = "not known" if found.plan.missed is None else f"about {found.plan.missed:.2%}"
    console.print(f"of matches the rules miss: {missed}; pairs at most {found.plan.budget:,}", highlight=False)
    for rule in found.plan.refused:
        console.print(f"too many: {rule.label}, {rule.pairs:,} pairs", highlight=False)


def draw_pair(pair: Pair, console: Console) -> None:
    """Two records side by side, and what each column weighs."""
    left, right = ", ".join(pair.left), ", ".join(pair.right)
    table = Table("", left, right, "", box=None, header_style="bold", pad_edge=True)
    table.columns[3].justify = "right"
    weights = dict(pair.evidence)
    for name, one, other in pair.values:
        weight = weights.get(name) if name in weights else _part(weights, name)
        style = "" if one == other else "yellow"
        bits = "" if weight is None else f"{weight:+.1f}"
        table.add_row(Text(name), Text(one or "·", style), Text(other or "·", style), Text(bits, "dim"))
    verdict = "linked" if pair.linked else "not linked"
    console.print(table)
    console.print(f"  probability {pair.probability:.3g}, weight {pair.weight:+.1f}: {verdict}", highlight=False)


def _part(weights: Mapping[str, float], name: str) -> float | None:
    """Of a column that is compared together with others: shown once, at the first of them."""
    return next((weight for label, weight in weights.items() if label.split(" + ")[0] == name), None)


def draw_explained(found: Explained, console: Console) -> None:
    members = "; ".join(", ".join(one) for one in found.members)
    console.print(Text.assemble((f"{found.name} {', '.join(found.key)}", "bold"), f": with {members}"))
    for pair in found.pairs:
        console.print()
        draw_pair(pair, console)
    if not found.pairs:
        console.print("no other record is like it")
