"""A table that SQL could say too."""

import pyarrow as pa
import pyarrow.compute as pc

import balun as bl


@bl.table(
    reads="purchase",
    columns={"order_id": "BIGINT", "placed": "TIMESTAMP WITH TIME ZONE", "big": "BOOLEAN"},
    key="order_id",
    at="placed",
    available={"big": "placed"},  # it reads no column that is known later
    owner="data-platform",
)
def big(purchase: pa.Table) -> pa.Table:
    """Orders over 50."""
    big = pc.greater(purchase["amount"], 50)
    return pa.table({"order_id": purchase["order_id"], "placed": purchase["placed"], "big": big})
