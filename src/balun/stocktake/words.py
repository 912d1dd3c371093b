"""Counts, shares and changes in words."""

from __future__ import annotations

from math import floor, isfinite, isnan, log10

from balun.fit.drawn import number


def counted(count: int, what: str) -> str:
    """
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def share(value: float) -> str:
    """Never 0 % of what is there, nor 100 % of what isn't all.

    >>> share(0.0), share(0.0004), share(0.123), share(0.9999), share(1.0)
    ('0 %', 'under 0.1 %', '12.3 %', 'over 99.9 %', '100 %')
    """
    if isnan(value):
        return "–"
    if 0 < value < 0.001:
        return "under 0.1 %"
    if 0.999 < value < 1:
        return "over 99.9 %"
    return f"{value:.1%}".removesuffix("%").removesuffix(".0") + " %"


def none_or(count: int) -> str:
    return f"{count:,}" if count else "none"


def changed(value: float, low: float, high: float) -> str:
    """With one half width where the two are alike.

    >>> changed(0.004, 0.002, 0.006), changed(-0.008, -0.06, -0.001)
    ('+0.0040 ± 0.0020', '−0.008 (−0.060 to −0.001)')
    """
    below, above = value - low, high - value
    if not min(below, above) > max(below, above) / 2:
        decimals = decimals_of(max(below, above))
        told = [f"{one:+,.{decimals}f}".replace("-", "−") for one in (value, low, high)]
        return f"{told[0]} ({told[1]} to {told[2]})"
    return signed(value, max(below, above))


def signed(value: float, half: float) -> str:
    """With as many digits as its interval can bear.

    >>> signed(0.00412, 0.0018), signed(-12.3, 4.0)
    ('+0.0041 ± 0.0018', '−12.3 ± 4.0')
    """
    if not isfinite(half) or half <= 0:
        return f"{'+' if value >= 0 else '−'}{number(abs(value))}"
    decimals = decimals_of(half)
    return f"{'+' if value >= 0 else '−'}{abs(value):,.{decimals}f} ± {half:,.{decimals}f}"


def percent(part: float, whole: float) -> str:
    """Two digits.

    >>> percent(0.000098, 0.096), percent(0.02, 0.096)
    ('0.10 %', '21 %')
    """
    value = part / whole * 100
    return f"{value:.{max(1 - floor(log10(value)), 0) if value > 0 else 0}f} %"


def decimals_of(half: float) -> int:
    return max(1 - floor(log10(half)), 0) if isfinite(half) and half > 0 else 4
