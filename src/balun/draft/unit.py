"""A unit that a column's name tells, such as minutes from `delay_minutes`."""

from __future__ import annotations

from balun.draft.words import tokens

# Words that say a unit wherever they end a name.
_SURE = {
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), "nanosecond"),
    **dict.fromkeys(("us", "micros", "microseconds"), "microsecond"),
    **dict.fromkeys(("ms", "millis", "milliseconds", "msec", "msecs"), "millisecond"),
    **dict.fromkeys(("sec", "secs", "seconds"), "second"),
    **dict.fromkeys(("mins", "minutes"), "minute"),
    **dict.fromkeys(("hr", "hrs", "hours"), "hour"),
    "days": "day", "weeks": "week", "months": "month", "years": "year",
    **dict.fromkeys(("km", "kms", "kilometers", "kilometres"), "km"),
    **dict.fromkeys(("meters", "metres"), "meter"),
    "cm": "cm", "mm": "mm", "ft": "foot", "feet": "foot", "inches": "inch", "miles": "mile",
    "kg": "kg", "kgs": "kg", "grams": "gram", "lb": "pound", "lbs": "pound", "tonnes": "tonne", "oz": "ounce",
    **dict.fromkeys(("pct", "percent", "percentage"), "percent"),
    **dict.fromkeys(("degf", "fahrenheit"), "degF"),
    **dict.fromkeys(("degc", "celsius", "centigrade"), "degC"),
    "kelvin": "kelvin",
    **dict.fromkeys(("lat", "latitude", "lon", "lng", "longitude", "bearing", "azimuth", "degrees"), "degree"),
    "bytes": "byte", "kb": "kilobyte", "mb": "megabyte", "gb": "gigabyte",
    "mph": "mile/hour", "kph": "km/hour", "kmh": "km/hour", "mps": "meter/second", "knots": "knot",
    "hpa": "hPa", "kpa": "kPa", "mbar": "millibar", "millibar": "millibar",
    "kwh": "kilowatt_hour", "kw": "kilowatt", "watts": "watt",
    "hz": "hertz", "khz": "kilohertz", "mhz": "megahertz", "ghz": "gigahertz",
    "liters": "liter", "litres": "liter", "ml": "milliliter", "gallons": "gallon",
}  # fmt: skip
# Short words that say one only behind a word for what is measured.
_LENGTHS = "distance dist length height width depth altitude alt elevation radius size position".split()  # noqa: SIM905
_TIMES = (
    "delay duration elapsed latency wait time age timeout interval lag ttl runtime travel session response".split()  # noqa: SIM905
)
_BEHIND = {
    "m": (_LENGTHS, "meter"),
    "mi": (_LENGTHS, "mile"),
    "in": ([*_LENGTHS, "precip", "rain", "snow"], "inch"),
    "s": (_TIMES, "second"),
    "min": (_TIMES, "minute"),
    "h": (_TIMES, "hour"),
    "d": (_TIMES, "day"),
    "g": (["weight", "mass"], "gram"),
    "f": (["temp", "temperature", "dewpoint", "dewp"], "degF"),
    "c": (["temp", "temperature", "dewpoint", "dewp"], "degC"),
    "k": (["temp", "temperature"], "kelvin"),
    "l": (["volume"], "liter"),
}
_MONEY = frozenset(
    "usd eur gbp jpy chf cad aud cny inr brl sek nok dkk pln mxn krw sgd hkd nzd zar czk huf ils aed thb idr".split()  # noqa: SIM905
)


def unit_of(name: str) -> str | None:
    """The unit that the name of a numeric column tells; of cents without a currency, those of the dollar.

    >>> [unit_of(name) for name in ("latency_ms", "amount_usd", "delayMinutes", "temp_f", "amount_cents", "temp_min")]
    ['millisecond', 'USD', 'minute', 'degF', 'USD_cent', None]
    """
    words = tokens(name)
    if not words:
        return None
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    money = next((word.upper() for word in reversed(words) if word in _MONEY), None)
    if last in {"cent", "cents"}:
        return f"{money or 'USD'}_cent"
    if money and last.upper() == money:
        return money
    if last in _BEHIND and before in _BEHIND[last][0]:
        return _BEHIND[last][1]
    return _SURE.get(last)
