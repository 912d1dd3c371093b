"""A table that SQL could say too."""

import pyarrow as pa
import pyarrow.compute as pc

import balun as bl


@bl.table(reads="purchase", columns={"order_id": "BIGINT", "big": "BOOLEAN"}, key="order_id", owner="data-platform")
def big(purchase: pa.Table) -> pa.Table:
    """Orders over 50."""
    return pa.table({"order_id": purchase["order_id"], "big": pc.greater(purchase["amount"], 50)})
