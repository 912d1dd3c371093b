"""What a column's name tells of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

_ID = frozenset(
    "id ids sk uuid guid key code sku slug number num nr no iata icao faa isbn ean hash token tailnum ref".split()  # noqa: SIM905
)
_MEASURED = (
    "age alt altitude amount average avg balance cost count delay depth discount distance duration elapsed fare fee "
    "height humidity latency lat latitude length lon longitude lng max mean median min pct percent pressure price "
    "probability propensity qty quantity rate ratio score seats share size speed std sum surcharge tax temp "
    "temperature tip tips tolls total value visib volume wait weight width"
)
_MEASURE = frozenset(_MEASURED.split())
_CODES = frozenset("zip zipcode postcode postal plz phone telephone fax mobile msisdn iban".split())  # noqa: SIM905
_MOMENTS = frozenset("date day time timestamp at on ts datetime hour created updated".split())  # noqa: SIM905


_KEYS = frozenset({"id", "key", "code", "no", "number", "sk"})
_SHORTEST, _SHORTEST_WHOLE = 4, 6


@cache
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case.

    >>> tokens("delayMinutes"), tokens("HTTPStatus_code2")
    (('delay', 'minutes'), ('http', 'status', 'code', '2'))
    """
    return tuple(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+", name))


def counted(count: int, noun: str) -> str:
    """
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def singular(name: str) -> str:
    """
    >>> singular("flights"), singular("companies"), singular("glass"), singular("boxes")
    ('flight', 'company', 'glass', 'box')
    """
    for ending, other in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.endswith(ending):
            return name.removesuffix(ending) + other
    return name.removesuffix("s") if not name.endswith(("ss", "us", "is")) else name


def names_one(column: str, event: str) -> bool:
    """Whether a column seems to tell one row of its event from another.

    >>> names_one("ride_id", "ride"), names_one("flight", "flights"), names_one("km", "ride")
    (True, True, False)
    """
    words = tokens(column)
    return bool(words) and (words[-1] in _ID or words[-1].endswith("id") or column.lower() == singular(event.lower()))


def names_event(column: str, event: str) -> bool:
    """Whether a column's name is that of an event, or ends in it, whatever says behind it that it is a key.

    >>> names_event("billing_customer_id", "customers"), names_event("id", "customers")
    (True, False)
    >>> names_event("cust_id", "customers"), names_event("nationkey", "nation")
    (True, True)
    """
    given, named = tokens(column), tokens(singular(event))
    if given and given[-1] in _KEYS:
        given = given[:-1]
        return bool(given) and (_ends(given, named) or "".join(given) == "".join(named))
    joined, whole = "".join(given), "".join(named)
    return bool(given) and (given[-len(named) :] == named or joined in {whole, *(whole + key for key in _KEYS)})


def names_key(column: str, key: str, event: str) -> bool:
    """Whether a column's name ends in that of the event's key, or in the event's own.

    >>> names_key("pickup_location_id", "LocationID", "zones"), names_key("id", "id", "zones")
    (True, False)
    >>> names_key("bill_addr_sk", "address_sk", "place")
    True
    """
    wanted, given = tokens(key), tokens(column)
    ends = _ends(given, wanted) if len(wanted) > 1 else given[-1:] == wanted
    plain = wanted in {(), *((word,) for word in _KEYS)}
    whole = "".join(wanted)
    # Shorter ones are found at the end of many a word.
    grown = len(whole) >= _SHORTEST_WHOLE and "".join(given).endswith(whole)
    return ((ends or grown) and not plain) or names_event(column, event)


def _ends(given: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a name ends in the words of another, where a word may be cut short."""
    last = given[-len(wanted) :]
    return len(last) == len(wanted) and all(_is_short(one, other) for one, other in zip(last, wanted, strict=True))


def _is_short(one: str, other: str) -> bool:
    """
    >>> _is_short("addr", "address"), _is_short("at", "attempt")
    (True, False)
    """
    return one == other or (len(one) >= _SHORTEST and other.startswith(one))


def bare_names(columns: Sequence[str], event: str) -> tuple[str, ...]:
    """Names without the letters that all of an event's columns begin with, unless these are its own name.

    >>> bare_names(["l_orderkey", "l_partkey"], "lineitem"), bare_names(["order_id", "line"], "lines")
    (('orderkey', 'partkey'), ('order_id', 'line'))
    >>> bare_names(["item_id", "item_kind"], "items_2024")
    ('item_id', 'item_kind')
    """
    starts = {name.split("_", 1)[0].lower() for name in columns}
    own = {form for word in tokens(event) for form in (word, singular(word))}
    parted = len(columns) > 1 and len(starts) == 1 and not starts & own
    parted = parted and all(name.partition("_")[2] for name in columns)
    return tuple(name.split("_", 1)[1] if parted else name for name in columns)


def is_measure(column: str) -> bool:
    """Whether a column seems to measure something, and so is no part of a key."""
    return not _MEASURE.isdisjoint(tokens(column))


def is_code(column: str) -> bool:
    """Whether its digits aren't a number, as those of a zip code."""
    return not _CODES.isdisjoint(tokens(column)) or "zip" in column.lower()


def is_moment(column: str) -> bool:
    """Whether a column seems to hold a time."""
    return not _MOMENTS.isdisjoint(tokens(column))
