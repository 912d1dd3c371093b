import balun as bl

spending = bl.aggregate("purchase", by="customer", at="placed", over="7d", amount=bl.sum("ammount"))
returns = bl.corpus(
    "returns",
    owner="ml-returns",
    examples="SELECT customer, placed AS at, returned FROM purchase",
    label="retuned",
    features=[spending],
)
