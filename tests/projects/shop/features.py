import balun as bl

spending = bl.aggregate(
    "purchase",
    by="customer",
    at="placed",
    over=["7d", "30d"],
    orders=bl.count(),
    amount=bl.sum("amount"),
    returned=bl.rate("returned"),
)
before = bl.latest("purchase", by="customer", at="placed", columns=["amount", "channel"])

returns = bl.corpus(
    "returns",
    owner="ml-returns",
    examples="""
        SELECT p.order_id, p.customer, p.placed AS at, p.amount, p.country, b.big, b.placed AS big_known, p.returned
        FROM purchase AS p JOIN big AS b USING (order_id)
    """,
    label="returned",
    entity="customer",
    features=[bl.columns("amount", "country", "big"), spending, before],
)
