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
    examples="SELECT order_id, customer, placed AS at, amount, channel, country, big, returned FROM purchase JOIN big USING (order_id)",
    label="returned",
    entity="customer",
    features=[bl.columns("amount", "country", "big"), spending, before],
)
