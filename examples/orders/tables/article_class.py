"""Articles by what they bring: A for those that make up the first 80 %, B for up to 95 %, C for the rest."""

from collections import defaultdict

import pyarrow as pa

import balun as bl


@bl.table(
    reads="line_value",
    columns={"sku": "VARCHAR", "revenue": "DOUBLE", "class": "VARCHAR"},
    key="sku",
    required=["revenue", "class"],
    units={"revenue": "EUR"},
    owner="purchasing",
)
def article_class(line_value: pa.Table) -> pa.Table:
    revenue: dict[str, float] = defaultdict(float)
    for sku, net in zip(line_value["sku"].to_pylist(), line_value["net"].to_pylist(), strict=True):
        revenue[sku] += net
    ranked = sorted(revenue.items(), key=lambda one: (-one[1], one[0]))
    total, before, classes = sum(revenue.values()), 0.0, []
    for _, value in ranked:
        classes.append("A" if before < 0.8 * total else "B" if before < 0.95 * total else "C")
        before += value
    return pa.table({"sku": [sku for sku, _ in ranked], "revenue": [value for _, value in ranked], "class": classes})
