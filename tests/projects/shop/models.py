from sklearn.linear_model import LogisticRegression

import balun as bl
from features import returns

risk = bl.model(
    "risk",
    corpus=returns,
    owner="ml-returns",
    estimator=LogisticRegression(),
    metric="roc_auc",
    split=bl.by_time(test="20d"),
)
checkout_page = bl.surface("checkout page", uses=risk, owner="checkout")
