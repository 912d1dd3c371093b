"""Units: what pint knows, and currencies, each a dimension of its own."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from balun.errors import nearest

if TYPE_CHECKING:
    import pint

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = tuple(_CODES.split())

_USUAL = (
    "s second seconds min minute minutes h hour hours d day days week weeks month year years ms millisecond "
    "milliseconds us microsecond microseconds ns nanosecond m meter meters metre metres km kilometer kilometre "
    "cm mm mile miles mi foot feet ft inch inches yard nautical_mile g gram kg kilogram pound lb ounce oz tonne "
    "degC degF kelvin celsius fahrenheit degree degrees radian percent dimensionless count bit byte bytes kilobyte "
    "megabyte gigabyte hertz Hz watt kilowatt kilowatt_hour joule volt ampere pascal hectopascal hPa kPa bar millibar "
    "mbar knot knots mph kph liter litre liters litres milliliter gallon"
)
COMMON = frozenset(_USUAL.split())
"""Known without asking pint, which takes half a second to load; a test asks it."""

_WORD = r"[A-Za-zµμΩ°%][A-Za-z0-9_µμΩ°]*"
_POWER = r"(?:\s*(?:\*\*|\^)\s*-?[1-9])?"
_FACTOR = rf"{_WORD}{_POWER}"
_UNIT = re.compile(rf"\s*(?:1\s*/\s*)?{_FACTOR}(?:\s*[*/]\s*{_FACTOR}){{0,9}}\s*")
_NO_UNITS = frozenset({"nan", "inf", "infinity", "none", "null", "pi"})


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[float]:
    """pint's registry with the currencies: `EUR`, and `EUR_cent` for a hundredth of one."""
    import pint

    units: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    for code in CURRENCIES:
        units.define(f"{code} = [currency_{code}]")
        units.define(f"{code}_cent = 0.01 * {code}")
    return units


def check_unit(unit: str) -> None:
    """Raises ValueError where it is no unit, with what may have been meant.

    >>> check_unit("mile/hour"), check_unit("EUR"), check_unit("kg * m / s**2")
    (None, None, None)
    >>> check_unit("minuts")
    Traceback (most recent call last):
    ValueError: minuts is no unit (did you mean minutes or minute or min?)
    """
    if re.fullmatch(r"[-+.\d\seE]+", unit):
        raise ValueError(f"{unit.strip() or 'nothing'} is a number, and no unit")
    if len(unit) > 200 or not _UNIT.fullmatch(unit):
        raise ValueError(f"{unit[:40]!r} is no unit; write one such as minute, EUR or mile/hour")
    for word in re.findall(_WORD, unit):
        if word not in COMMON and not _is_currency(word) and not _pint_knows(word):
            raise ValueError(f"{word} is no unit{nearest(word, [*sorted(COMMON), *CURRENCIES])}")


def _is_currency(word: str) -> bool:
    return word.removesuffix("_cent") in CURRENCIES


def _pint_knows(word: str) -> bool:
    return word.lower() not in _NO_UNITS and word in registry()
