"""The chance that a cart is paid, and where it shows."""

from sklearn.ensemble import HistGradientBoostingClassifier

import balun as bl
from features import filled

paying = bl.model(
    "paying",
    corpus=filled,
    owner="growth",
    description="The chance that a cart is paid within two hours of its first product.",
    estimator=HistGradientBoostingClassifier(learning_rate=0.06, max_iter=80, max_leaf_nodes=8, early_stopping=False),
    metric="roc_auc",
    split=bl.by_time(test="14d"),
    slices=["plan", "came_channel"],
)

nudge = bl.surface("cart nudge", uses=paying, owner="web", description="Who is offered free shipping in the cart.")
