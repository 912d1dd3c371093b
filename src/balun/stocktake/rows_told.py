"""What there is and how clean it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from rich.text import Text

from balun.fit.drawn import number
from balun.stocktake.amount import Amount
from balun.stocktake.cleanness import Cleanness
from balun.stocktake.clusters import Clusters
from balun.stocktake.coverage import RARE_ROWS, Coverage
from balun.stocktake.grid import MOST, Drawn, grid, short
from balun.stocktake.words import counted, none_or, share


def amount_told(amount: Amount) -> Drawn:
    gone = f", {counted(amount.unlabelled, 'row')} without a label" if amount.unlabelled else ""
    when = f", {amount.first:%Y-%m-%d} to {amount.last:%Y-%m-%d}" if amount.first and amount.last else ""
    late = f", {amount.embargoed:,} in neither (label not known by then)" if amount.embargoed else ""
    yield f"{counted(amount.rows, 'row')}{when}{gone}"
    yield f"{amount.training:,} to train on, {amount.test:,} to test on{late}"
    if amount.entity and amount.rows:
        top = "the largest hundredth of them" if amount.entities >= 200 else "the largest"
        yield (
            f"{amount.entities:,} entities ({', '.join(amount.entity)}): rows of each {amount.median_rows:,.0f} at the "
            f"median, {amount.most_rows:,} at most; {top} has {share(amount.top_share)}"
        )
    if amount.balance:
        told = ", ".join(f"{one.value} {share(one.share)}{_beside(one.test_share)}" for one in amount.balance[:MOST])
        more = len(amount.balance) - MOST
        yield f"label {amount.label}: {told}{f', and {more} more' if more > 0 else ''}"
    if amount.quantiles:
        told = ", ".join(f"{_quantile(one.share)} {number(one.value)}" for one in amount.quantiles)
        yield f"label {amount.label}: {told}"
    yield from _nulls(amount)


def _quantile(part: float) -> str:
    return {0.0: "least", 0.5: "median", 1.0: "greatest"}.get(part, f"{part:.0%}".replace("%", " %"))


def _beside(test: float) -> str:
    return "" if isnan(test) else f" ({share(test)} of the test)"


def _nulls(amount: Amount) -> Drawn:
    empty = [one for one in amount.nulls if one.share > 0 or one.test_share > 0]
    if not empty:
        yield f"no input of {amount.inputs} is ever null" if amount.inputs else "no inputs"
        return
    told = ", ".join(f"{one.input} {share(one.share)}{_moved(one.share, one.test_share)}" for one in empty[:MOST])
    more = len(empty) - MOST
    yield f"null: {told}{f', and {more} more inputs' if more > 0 else ''}"


def _moved(one: float, test: float) -> str:
    """The test's share only where it differs enough to be looked at."""
    apart = isfinite(one) and isfinite(test) and abs(one - test) > 0.05
    return f" ({share(test)} of the test)" if apart else ""


def diverse_told(clusters: Sequence[Clusters], coverage: Sequence[Coverage], amount: Amount) -> Drawn:
    for one in clusters:
        yield (
            f"rows of one {one.by} are alike in their label (intraclass correlation {one.alike:.3f}): "
            f"{amount.training:,} rows of {one.count:,} tell its mean as well as {one.effective:,.0f} independent ones"
            if one.effect > 1.005
            else f"rows of one {one.by} are no more alike in their label than any others"
        )
    if coverage:
        table = grid("input", "slices", "as good as", "largest", "", f"under {RARE_ROWS} rows")
        for cover in coverage[:MOST]:
            table.add_row(
                *map(Text, (short(cover.input), f"{cover.slices:,}", f"{cover.effective:,.1f}")),
                Text(short(cover.largest.value)),
                Text(share(cover.largest.rows / max(amount.training, 1))),
                Text(f"{cover.rare:,}" if cover.rare else ""),
            )
        yield table
        if len(coverage) > MOST:
            yield f"the {MOST} least even of {len(coverage)} inputs; --json has all"
    yield from _unseen(coverage, amount)


def _unseen(coverage: Sequence[Coverage], amount: Amount) -> Drawn:
    new = sorted((one for one in coverage if one.unseen_rows), key=lambda one: -one.unseen_rows)
    for one in new[:MOST]:
        names = ", ".join(f"{part.value} ({part.test_rows:,})" for part in one.unseen)
        yield f"{one.input} of {counted(one.unseen_rows, 'test row')} is new to training: {names}"
    beyond = sorted((one for one in coverage if one.outside), key=lambda one: -one.outside)
    if beyond:
        told = ", ".join(f"{one.input} {one.outside:,}" for one in beyond[:MOST])
        yield f"test rows beyond all that training has of a number: {told}"
    if coverage and not new and not beyond and amount.test:
        yield "training has each value and spans each number that the test has"


def twins_told(clean: Cleanness, amount: Amount) -> Drawn:
    if clean.events_again:
        who = ", ".join(amount.entity)
        yield (
            f"{counted(clean.events_again, 'row')} of a {who} at a time that has one already; "
            f"{clean.events_conflicts:,} training rows stand beside another label"
        )
    yield (
        f"training rows with the same inputs as an earlier one: {none_or(clean.repeats)}"
        f"{_torn(clean.repeats, clean.repeat_conflicts)}; nearly the same as another: {none_or(clean.near)}"
        f"{_torn(clean.near, clean.near_conflicts)}"
    )
    if clean.test_rows:
        yield (
            f"test rows with the same inputs as a training row: {none_or(clean.test_repeats)}"
            f"{_part(clean.test_repeats, clean.test_rows)}; nearly the same: {none_or(clean.test_near)}"
            f"{_part(clean.test_near, clean.test_rows)}"
        )
        if clean.seen is not None:
            yield (
                f"{share(clean.seen / clean.test_rows)} of the test rows are of a {', '.join(amount.entity)} that "
                "training has; no row is in both, for the split is by time"
            )


def _part(count: int, of: int) -> str:
    return f" ({share(count / of)})" if count else ""


def _torn(count: int, conflicts: int) -> str:
    return f" ({conflicts:,} beside one with another label)" if count else ""
