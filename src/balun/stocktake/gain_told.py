"""What more rows would bring and what fewer lose, in words."""

from __future__ import annotations

from rich.text import Text

from balun.fit.drawn import columns, number
from balun.stocktake.curve import Curve
from balun.stocktake.grid import MOST, Drawn, grid, short
from balun.stocktake.sample import Sample
from balun.stocktake.wanted import Wants
from balun.stocktake.words import changed, decimals_of, percent, share, signed


def curve_told(curve: Curve, fits: int) -> Drawn:
    table = grid("training rows", curve.metric, "", "draws")
    told = columns([(one.metric, one.low, one.high) for one in curve.points])
    for one, pair in zip(curve.points, told, strict=True):
        table.add_row(f"{one.rows:,}", *pair, f"{one.draws}")
    yield table
    reach = f"the fits stop at {fits:,} rows (--rows); " if fits < curve.rows else ""
    sign = 1 if curve.greater_is_better else -1
    gained = changed(sign * curve.gain, *sorted((sign * curve.low, sign * curve.high)))
    yield f"twice the rows ({curve.twice:,}): {curve.metric} {gained}; {_worth(curve)}"
    yield (
        f"{reach}the law behind it is {_law(curve)}; more rows of the same kind are meant, and no law is sure to hold"
    )


def _law(curve: Curve) -> str:
    minus = curve.greater_is_better == (curve.factor > 0)
    factor = f"{'−' if minus else '+'} {number(abs(curve.factor))}·n^−{curve.power:.2f}"
    return f"{curve.metric} = {number(curve.limit)} {factor}"


def _worth(curve: Curve) -> str:
    least = 0.5 * 10.0 ** -decimals_of(max(curve.high - curve.gain, curve.gain - curve.low))
    if curve.low > least:
        return "more rows of the same kind would help"
    return "more rows of the same kind would do harm" if curve.high < -least else "it may be none"


def wants_told(wants: Wants) -> Drawn:
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
            f"whole's down by {percent(best.gain, wants.whole)}"
        )
    else:
        yield f"of {wants.looked_at} slices none is sure to gain from more rows; these come nearest"
    table = grid("slice", "rows", "of training", "of the test", "error", "twice the rows", f"{wants.next_rows:,} more")
    for one in wants.slices[:MOST]:
        half = (one.high - one.gain) / wants.whole * 100
        table.add_row(
            Text(short(f"{one.column} {one.value}")), f"{one.rows:,}", share(one.share), share(one.test_share),
            number(one.error), f"{signed(-one.gain / wants.whole * 100, half)} %",
            f"−{percent(one.next_gain, wants.whole)}",
        )  # fmt: skip
    yield table
    yield (
        f"error is the {wants.loss} in the slice; what more rows bring is in % of the whole's, {number(wants.whole)}; "
        f"{wants.looked_at} slices were looked at; it is the most to hope for, since elsewhere rows grew too"
    )


def sample_told(sample: Sample) -> Drawn:
    where = f", written to {sample.file}" if sample.file else ""
    yield f"{sample.rows:,} of {sample.of:,} training rows{where}; strata: {sample.strata} ({sample.strata_count:,})"
    yield (
        f"each stands for {sample.least_weight:,.1f} to {sample.most_weight:,.1f} rows (column weight), "
        + ("which the fit takes" if sample.weighted else "which this estimator's fit doesn't take")
    )
    table = grid("fitted on", "rows", "metric", "", "the sample's gain")
    own = columns([(one.metric, one.low, one.high) for one in sample.judged])
    gains = ["", *(changed(one.gain, one.gain_low, one.gain_high) for one in sample.judged[1:])]
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
