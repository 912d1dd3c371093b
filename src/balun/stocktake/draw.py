"""A corpus's stock in the terminal: what matters in words, the numbers below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import floor, isfinite, isnan, log10
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from balun.fit.drawn import columns, number
from balun.map.fitted_text import wrapped
from balun.stocktake.amount import Amount
from balun.stocktake.cleanness import Cleanness
from balun.stocktake.clusters import Clusters
from balun.stocktake.coverage import RARE_ROWS, Coverage
from balun.stocktake.curve import Curve
from balun.stocktake.noise import SURE, Noise, Suspect
from balun.stocktake.outliers import BOUND, Outliers
from balun.stocktake.sample import Sample
from balun.stocktake.stocktake import Stocktake
from balun.stocktake.wanted import Wants
from balun.stocktake.words import counted, share

if TYPE_CHECKING:
    from rich.console import Console

_MOST = 8
_NAME = 36
Drawn = Iterator[str | Table]


def draw(found: Stocktake, console: Console) -> None:
    """Never wider than the console."""
    model = f", by model {found.model}" if found.model else ""
    console.print(
        Text.assemble(("corpus ", "dim"), (found.corpus, "bold"), f"   {found.owner or 'no owner'}{model}"),
        overflow="fold",
    )
    for title, parts in _sections(found):
        body = list(parts)
        if not body:
            continue
        console.print()
        console.print(Text(title, "bold"))
        for part in body:
            _put(part, console)
    if found.notes:
        console.print()
    for note in found.notes:
        _put(f"note: {note}", console, indent=0)


def _put(part: str | Table, console: Console, indent: int = 2) -> None:
    if isinstance(part, str):
        for at, line in enumerate(wrapped(part, console.width - indent - 2)):
            console.print(Text(" " * (indent + 2 * (at > 0)) + line), no_wrap=True, overflow="ellipsis")
    else:
        console.print(Padding(part, (0, 0, 0, indent)))


def _sections(found: Stocktake) -> Iterator[tuple[str, Iterable[str | Table]]]:
    yield "How much", _amount(found.amount)
    yield "How diverse", _diverse(found.clusters, found.coverage, found.amount)
    yield "How clean", _clean(found)
    yield "Learning curve", _curve(found.curve, found.fits) if found.curve else ()
    yield "What to capture more of", _wants(found.wants) if found.wants else ()
    yield "Sample", _sample(found.sample) if found.sample else ()


def _amount(amount: Amount) -> Drawn:
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
        told = ", ".join(f"{one.value} {share(one.share)}{_beside(one.test_share)}" for one in amount.balance[:_MOST])
        more = len(amount.balance) - _MOST
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
    told = ", ".join(f"{one.input} {share(one.share)}{_moved(one.share, one.test_share)}" for one in empty[:_MOST])
    more = len(empty) - _MOST
    yield f"null: {told}{f', and {more} more inputs' if more > 0 else ''}"


def _moved(one: float, test: float) -> str:
    """The test's share only where it differs enough to be looked at."""
    apart = isfinite(one) and isfinite(test) and abs(one - test) > 0.05
    return f" ({share(test)} of the test)" if apart else ""


def _diverse(clusters: Sequence[Clusters], coverage: Sequence[Coverage], amount: Amount) -> Drawn:
    for one in clusters:
        yield (
            f"rows of one {one.by} are alike in their label (intraclass correlation {one.alike:.3f}): "
            f"{amount.training:,} rows of {one.count:,} tell its mean as well as {one.effective:,.0f} independent ones"
            if one.effect > 1.005
            else f"rows of one {one.by} are no more alike in their label than any others"
        )
    if coverage:
        table = _grid("input", "slices", "as good as", "largest", "", f"under {RARE_ROWS} rows")
        for cover in coverage[:_MOST]:
            table.add_row(
                *map(Text, (_short(cover.input), f"{cover.slices:,}", f"{cover.effective:,.1f}")),
                Text(_short(cover.largest.value)),
                Text(share(cover.largest.rows / max(amount.training, 1))),
                Text(f"{cover.rare:,}" if cover.rare else ""),
            )
        yield table
        if len(coverage) > _MOST:
            yield f"the {_MOST} least even of {len(coverage)} inputs; --json has all"
    yield from _unseen(coverage, amount)


def _unseen(coverage: Sequence[Coverage], amount: Amount) -> Drawn:
    new = sorted((one for one in coverage if one.unseen_rows), key=lambda one: -one.unseen_rows)
    for one in new[:_MOST]:
        names = ", ".join(f"{part.value} ({part.test_rows:,})" for part in one.unseen)
        yield f"{one.input} of {counted(one.unseen_rows, 'test row')} is new to training: {names}"
    beyond = sorted((one for one in coverage if one.outside), key=lambda one: -one.outside)
    if beyond:
        told = ", ".join(f"{one.input} {one.outside:,}" for one in beyond[:_MOST])
        yield f"test rows beyond all that training has of a number: {told}"
    if coverage and not new and not beyond and amount.test:
        yield "training has each value and spans each number that the test has"


def _clean(found: Stocktake) -> Drawn:
    if found.cleanness:
        yield from _twins(found.cleanness, found.amount)
    if found.noise:
        yield from _noise(found.noise)
    if found.outliers:
        yield from _outliers(found.outliers, found.amount.label)


def _twins(clean: Cleanness, amount: Amount) -> Drawn:
    if clean.events_again:
        who = ", ".join(amount.entity)
        yield (
            f"{counted(clean.events_again, 'row')} of a {who} at a time that has one already; "
            f"{clean.events_conflicts:,} training rows stand beside another label"
        )
    yield (
        f"training rows with the same inputs as an earlier one: {_none(clean.repeats)}"
        f"{_torn(clean.repeats, clean.repeat_conflicts)}; nearly the same as another: {_none(clean.near)}"
        f"{_torn(clean.near, clean.near_conflicts)}"
    )
    if clean.test_rows:
        yield (
            f"test rows with the same inputs as a training row: {_none(clean.test_repeats)}"
            f"{_part(clean.test_repeats, clean.test_rows)}; nearly the same: {_none(clean.test_near)}"
            f"{_part(clean.test_near, clean.test_rows)}"
        )
        if clean.seen is not None:
            yield (
                f"{share(clean.seen / clean.test_rows)} of the test rows are of a {', '.join(amount.entity)} that "
                "training has; no row is in both, for the split is by time"
            )


def _none(count: int) -> str:
    return f"{count:,}" if count else "none"


def _part(count: int, of: int) -> str:
    return f" ({share(count / of)})" if count else ""


def _torn(count: int, conflicts: int) -> str:
    return f" ({conflicts:,} beside one with another label)" if count else ""


def _noise(noise: Noise) -> Drawn:
    yield (
        f"confident learning puts {share(noise.rate)} of the labels in doubt ({noise.doubted:,} of {noise.rows:,} "
        f"rows, each judged by a model fitted without it on {noise.fitted_rows:,})"
    )
    if not noise.doubted:
        return
    yield _verdict(noise)
    yield from _suspects(noise.suspects, "its probability")


def _verdict(noise: Noise) -> str:
    sure = f"the model is sure of {noise.sure:,} of them ({SURE:.0%} or more)".replace("%", " %")
    if noise.sure < noise.doubted / 2:
        median = f"{noise.certainty:.0%}".replace("%", " %")
        return (
            f"most of that is likely chance, not error: the model gives the other class {median} at the median; "
            f"{noise.sure:,} of these rows get it at {SURE * 100:.0f} % or more"
        )
    return f"{sure}: read those; what the inputs can't tell counts too, so the share is the most it can be"


def _outliers(outliers: Outliers, label: str) -> Drawn:
    yield (
        f"training rows over {BOUND:.0f} robust deviations (of {number(outliers.deviation)}) from what a model fitted "
        f"without them on {outliers.fitted_rows:,} says of {label}: {_none(outliers.beyond)}"
        f"{'; a label with a long tail has such rows by nature' if outliers.beyond else ''}"
    )
    yield from _suspects(outliers.suspects, "deviations")


def _suspects(suspects: Sequence[Suspect], doubt: str) -> Drawn:
    if not suspects:
        return
    names = [name for name, _ in suspects[0].key]
    table = _grid("most doubtful", *names, "label", "model says", doubt)
    for one in suspects[:_MOST]:
        told = f"{one.doubt:.3f}" if one.doubt <= 1 else f"{one.doubt:,.1f}"
        table.add_row(Text(f"row {one.row}"), *(Text(_short(value)) for _, value in one.key), one.label, one.said, told)
    yield table


def _curve(curve: Curve, fits: int) -> Drawn:
    table = _grid("training rows", curve.metric, "", "draws")
    told = columns([(one.metric, one.low, one.high) for one in curve.points])
    for one, pair in zip(curve.points, told, strict=True):
        table.add_row(f"{one.rows:,}", *pair, f"{one.draws}")
    yield table
    reach = f"the fits stop at {fits:,} rows (--rows); " if fits < curve.rows else ""
    sign = 1 if curve.greater_is_better else -1
    gained = _changed(sign * curve.gain, *sorted((sign * curve.low, sign * curve.high)))
    yield f"twice the rows ({curve.twice:,}): {curve.metric} {gained}; {_worth(curve)}"
    yield (
        f"{reach}the law behind it is {_law(curve)}; more rows of the same kind are meant, and no law is sure to hold"
    )


def _law(curve: Curve) -> str:
    minus = curve.greater_is_better == (curve.factor > 0)
    factor = f"{'−' if minus else '+'} {number(abs(curve.factor))}·n^−{curve.power:.2f}"
    return f"{curve.metric} = {number(curve.limit)} {factor}"


def _worth(curve: Curve) -> str:
    least = 0.5 * 10.0 ** -_decimals(max(curve.high - curve.gain, curve.gain - curve.low))
    if curve.low > least:
        return "more rows of the same kind would help"
    return "more rows of the same kind would do harm" if curve.high < -least else "it may be none"


def _changed(value: float, low: float, high: float) -> str:
    """With one half width where the two are alike.

    >>> _changed(0.004, 0.002, 0.006), _changed(-0.008, -0.06, -0.001)
    ('+0.0040 ± 0.0020', '−0.008 (−0.060 to −0.001)')
    """
    below, above = value - low, high - value
    if not min(below, above) > max(below, above) / 2:
        decimals = _decimals(max(below, above))
        told = [f"{one:+,.{decimals}f}".replace("-", "−") for one in (value, low, high)]
        return f"{told[0]} ({told[1]} to {told[2]})"
    return _signed(value, max(below, above))


def _decimals(half: float) -> int:
    return max(1 - floor(log10(half)), 0) if isfinite(half) and half > 0 else 4


def _signed(value: float, half: float) -> str:
    """With as many digits as its interval can bear.

    >>> _signed(0.00412, 0.0018), _signed(-12.3, 4.0)
    ('+0.0041 ± 0.0018', '−12.3 ± 4.0')
    """
    if not isfinite(half) or half <= 0:
        return f"{'+' if value >= 0 else '−'}{number(abs(value))}"
    decimals = _decimals(half)
    return f"{'+' if value >= 0 else '−'}{abs(value):,.{decimals}f} ± {half:,.{decimals}f}"


def _wants(wants: Wants) -> Drawn:
    if not wants.slices or wants.whole <= 0:
        yield f"no slice of {wants.looked_at} errs more than the whole and learns from rows: capture more of all alike"
        return
    best = wants.slices[0]
    if not wants.apart:
        yield f"nothing sets {wants.looked_at} slices apart in what rows bring: capture more of all alike"
        return
    if best.low > 0:
        yield (
            f"first of all {best.column} {best.value}: its {wants.loss} is {number(best.error)}, the whole's "
            f"{number(wants.whole)}, and it has {share(best.share)} of the training rows; twice as many would take the "
            f"whole's down by {_percent(best.gain, wants.whole)}"
        )
    else:
        yield f"of {wants.looked_at} slices none is sure to gain from more rows; these come nearest"
    table = _grid("slice", "rows", "of training", "of the test", "error", "twice the rows", f"{wants.next_rows:,} more")
    for one in wants.slices[:_MOST]:
        half = (one.high - one.gain) / wants.whole * 100
        table.add_row(
            Text(_short(f"{one.column} {one.value}")), f"{one.rows:,}", share(one.share), share(one.test_share),
            number(one.error), f"{_signed(-one.gain / wants.whole * 100, half)} %",
            f"−{_percent(one.next_gain, wants.whole)}",
        )  # fmt: skip
    yield table
    yield (
        f"error is the {wants.loss} in the slice; what more rows bring is in % of the whole's, {number(wants.whole)}; "
        f"{wants.looked_at} slices were looked at; it is the most to hope for, since elsewhere rows grew too"
    )


def _percent(part: float, whole: float) -> str:
    """Two digits.

    >>> _percent(0.000098, 0.096), _percent(0.02, 0.096)
    ('0.10 %', '21 %')
    """
    value = part / whole * 100
    return f"{value:.{max(1 - floor(log10(value)), 0) if value > 0 else 0}f} %"


def _sample(sample: Sample) -> Drawn:
    where = f", written to {sample.file}" if sample.file else ""
    yield f"{sample.rows:,} of {sample.of:,} training rows{where}; strata: {sample.strata} ({sample.strata_count:,})"
    yield (
        f"each stands for {sample.least_weight:,.1f} to {sample.most_weight:,.1f} rows (column weight), "
        + ("which the fit takes" if sample.weighted else "which this estimator's fit doesn't take")
    )
    table = _grid("fitted on", "rows", "metric", "", "the sample's gain")
    own = columns([(one.metric, one.low, one.high) for one in sample.judged])
    gains = ["", *(_changed(one.gain, one.gain_low, one.gain_high) for one in sample.judged[1:])]
    for one, pair, gain in zip(sample.judged, own, gains, strict=True):
        table.add_row(one.name, f"{one.rows:,}", *pair, gain)
    yield table
    yield _sample_verdict(sample)


def _sample_verdict(sample: Sample) -> str:
    loss = sample.judged[2]
    lost = "loses nothing that can be measured" if loss.gain_high >= 0 else "loses to all rows"
    if sample.better:
        return f"better than as many rows at random; it {lost}"
    if sample.worse:
        return f"worse than as many rows at random: take those; it {lost}"
    return f"no better than as many rows at random, as far as {sample.draws} draws can tell; it {lost}"


def _grid(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    left = {"input", "slice", "fitted on", "most doubtful", "largest"}
    for at, name in enumerate(names):
        table.add_column(name, justify="left" if at == 0 or name in left else "right", overflow="fold")
    return table


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
