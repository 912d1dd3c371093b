"""What a change does downstream: what breaks, what shifts, and what is proved the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from balun.chain.change import read_change
from balun.chain.contract import Contract
from balun.chain.load import load_graph
from balun.effect import Effect
from balun.errors import UsageError
from balun.impact import Impact, impact

_EXAMPLES = Path(__file__).parent.parent / "examples"
_FLIGHTS = _EXAMPLES / "flights"


def _impact(shop: Path, phrase: str) -> Impact:
    return impact(load_graph(shop), read_change(phrase))


def _verdicts(found: Impact) -> dict[str, str]:
    return {effect.node.name: effect.verdict for effect in found.effects}


def test_dropping_a_column_that_sql_names_breaks_all_below(shop: Path) -> None:
    found = _impact(shop, "drop order.amount")
    assert set(_verdicts(found).values()) == {"breaks"}
    assert found.findings[0].rule == "column-missing"
    assert found.agree == ("data-platform", "ml-returns")


def test_what_doesnt_look_at_a_column_stays_the_same() -> None:
    verdicts = _verdicts(impact(load_graph(_FLIGHTS), read_change("coarsen weather.humid to 10")))
    assert {name for name, verdict in verdicts.items() if verdict == "shifts"} == {
        "weather", "late_departures", "delay", "gate banner",
    }  # fmt: skip


def test_unused_column_can_go_unseen() -> None:
    found = impact(load_graph(_FLIGHTS), read_change("drop departure.arr_delay"))
    assert found.worst == "same"
    assert found.agree == ()


def test_columns_that_shift_are_named(shop: Path) -> None:
    found = _impact(shop, "recode customer.country 'de' to 'DE'")
    assert next(effect.touched for effect in found.effects if effect.node.name == "purchase") == ("country",)


def test_sample_shifts_all_below(shop: Path) -> None:
    assert set(_verdicts(_impact(shop, "sample customer to 10%")).values()) == {"shifts"}


def test_words_alone_change_nothing(shop: Path) -> None:
    found = _impact(shop, "reclassify order.amount to restricted")
    assert found.worst == "same"
    assert found.agree == ()


def test_what_availability_is_made_of_shifts_the_features_that_wait(shop: Path) -> None:
    assert _verdicts(_impact(shop, "coarsen order.placed to 1 day"))["spending"] == "shifts"


def test_an_event_without_an_availability_is_late_by_its_time() -> None:
    found = impact(load_graph(_EXAMPLES / "funnel"), read_change("delay cart by 1 h"))
    assert _verdicts(found)["filled_carts"] == "breaks"  # nothing says any more when an example is known
    assert _verdicts(found)["session"] == "same"


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("drop order.amout", "did you mean amount"),
        ("drop ordr.amount", "did you mean order"),
        ("dropp order.amount", "did you mean drop"),
        ("coarsen order.placed to 5", "a duration such as 1 hour"),
    ],
)
def test_phrase_that_does_not_fit_says_what_would(shop: Path, phrase: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _impact(shop, phrase)


# -- found by `balun prove`, before they were said


def _effects(project: str, phrase: str) -> dict[str, Effect]:
    found = impact(load_graph(_EXAMPLES / project), read_change(phrase))
    return {effect.node.name: effect for effect in found.effects}


def test_a_cast_that_the_binder_puts_on_the_other_side_of_a_join_may_end_the_build() -> None:
    found = _effects("flights", "retype departure.tailnum to BIGINT")
    assert {effect.verdict for effect in found.values()} == {"breaks"}
    assert found["schedule"].why == ("it casts text that it may meet only now",)
    assert found["flown"].why == ("schedule can't be built",)
    assert set(found["late_departures"].columns.values()) == {"breaks"}


def test_a_key_that_is_proved_by_a_promise_breaks_with_it() -> None:
    found = _effects("flights", "rescale departure.minute from minute to second")
    assert (found["schedule"].verdict, found["flown"].verdict) == ("breaks", "breaks")


def test_a_corpus_without_an_example_cannot_be_built() -> None:
    found = _effects("funnel", "recode cart.action 'add' to 'put'")
    assert found["filled_carts"].why == ("no row can be an example any more",)
    assert found["filled_carts"].verdict == "breaks"


def test_a_contract_that_waits_by_a_column_goes_with_it() -> None:
    found = _effects("flights", "drop departure.time_hour")
    assert {effect.verdict for effect in found.values()} == {"breaks"}


def test_values_that_become_one_are_counted_once() -> None:
    found = _effects("orders", "recode orders.channel 'web' to 'app'")
    assert found["customer_value"].columns["channels"] == "shifts"
    assert found["habit"].columns["habit_channels_180d"] == "shifts"


def test_python_that_is_given_nulls_it_never_saw_may_not_bear_them() -> None:
    found = _effects("orders", "nullable order_line.quantity")
    assert found["article_class"].verdict == "breaks"
    assert "it is given nulls in net" in found["article_class"].why


def test_a_decimal_has_room_for_what_it_holds_as_many_times_as_large() -> None:
    """Else no row could keep the contract: a fee of up to 100 EUR is one of up to 10,000 cents."""
    found = _effects("orders", "rescale orders.shipping_fee from EUR to EUR_cent")
    assert found["parcel"].verdict == "same"
    assert found["order_value"].columns["shipping_fee"] == "shifts"
    contract = load_graph(_EXAMPLES / "orders").nodes["event:orders"].declared
    assert isinstance(contract, Contract)
    changed = read_change("rescale orders.shipping_fee from EUR to EUR_cent").edit(contract).column("shipping_fee")
    assert (changed.dtype, changed.maximum) == ("DECIMAL(8,2)", 10_000)
