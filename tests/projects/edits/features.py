"""What is known of a rider before a ride."""

from sklearn.linear_model import Ridge

import balun as bl

spent = bl.aggregate("paid", by="email", at="started_at", over="30d", fare=bl.sum("fare"), rides=bl.count())
rides = bl.corpus(
    "rides",
    owner="ml",
    examples="SELECT email, distance, started_at, started_at + INTERVAL 10 MINUTE AS at, fare FROM paid",
    label="fare",
    features=[bl.columns("distance"), spent],
)
price = bl.model(
    "price",
    corpus=rides,
    owner="ml",
    estimator=Ridge(),
    metric="neg_root_mean_squared_error",
    split=bl.by_time(test="30d"),
)
quote = bl.surface("quote", uses=price, owner="checkout")
