from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import balun as bl


def test_rows_come_as_arrow_polars_and_pandas(ran: bl.Project) -> None:
    part = ran["purchase"]
    assert isinstance(part.rows(), pa.Table)
    assert part.rows(5).num_rows == 5
    assert part.pl().height == len(part.df()) == 1500


def test_feature_rows_are_those_of_its_examples(ran: bl.Project) -> None:
    rows = ran["spending"].pl()
    assert rows.columns == [
        "example", "spending_orders_7d", "spending_orders_30d", "spending_amount_7d", "spending_amount_30d",
        "spending_returned_7d", "spending_returned_30d",
    ]  # fmt: skip
    assert rows["example"].to_list() == list(range(1500))


def test_returns_count_only_when_they_are_known(ran: bl.Project) -> None:
    """Over seven days no return can be known yet, since one is known a week after its order."""
    rows = ran["spending"].pl()
    assert rows["spending_returned_7d"].null_count() == 1500
    assert rows["spending_returned_30d"].null_count() < 1500


def test_features_against_a_loop(ran: bl.Project) -> None:
    corpus = ran["returns"].pl()
    orders = ran["purchase"].pl()
    for row in corpus.sample(25, seed=1).iter_rows(named=True):
        mine = orders.filter(
            (pl.col("customer") == row["customer"])
            & (pl.col("placed") < row["at"])
            & (pl.col("placed") >= row["at"] - pl.duration(days=30))
        )
        assert row["spending_orders_30d"] == mine.height
        assert row["spending_amount_30d"] == (mine["amount"].sum() if mine.height else None)


def test_model_predicts_and_refuses_rows_that_miss_an_input(ran: bl.Project) -> None:
    fitted = ran["risk"].fitted()
    rows = ran["returns"].pl(20)
    assert len(fitted.predict(rows)) == 20
    with pytest.raises(bl.BalunError, match="country"):
        fitted.predict(rows.drop("country"))


def test_result_names_its_corpus(ran: bl.Project) -> None:
    result = ran["risk"].result
    corpus = ran.store.current("corpus:returns")
    assert corpus is not None
    assert result.snapshot == corpus.name
    assert result.low <= result.value <= result.high


def test_walk_up_and_down(ran: bl.Project) -> None:
    assert [part.node.id for part in ran["purchase"].parents] == ["event:order", "event:customer"]
    assert "model:risk" in [part.node.id for part in ran["returns"].children]


def test_rows_of_what_has_none_is_a_plain_error(ran: bl.Project) -> None:
    with pytest.raises(bl.BalunError, match="has no rows"):
        ran["checkout page"].rows()


def test_rows_before_a_run_is_a_plain_error(shop: Path) -> None:
    with pytest.raises(bl.BalunError, match="run the project first"):
        bl.load(shop)["purchase"].rows()


def test_public_names_are_in_all_and_documented() -> None:
    for name in bl.__all__:
        assert getattr(bl, name).__doc__ or name in {"mean", "sum", "min", "max", "count_distinct"}, name
