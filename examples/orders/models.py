"""How long a delivery takes, and where it is told."""

from sklearn.ensemble import HistGradientBoostingRegressor

import balun as bl
from features import placed

transit = bl.model(
    "transit",
    corpus=placed,
    owner="ml-delivery",
    description="Days from an order to its delivery.",
    estimator=HistGradientBoostingRegressor(learning_rate=0.08, max_iter=60, max_leaf_nodes=10, early_stopping=False),
    metric="mae",
    split=bl.by_time(test="45d"),
    slices=["country", "warehouse"],
)

basket = bl.surface(
    "delivery date", uses=transit, owner="shop", description="The day that is named in the basket and in the mail."
)
