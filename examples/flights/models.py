"""The delay model and where its answer shows."""

from sklearn.ensemble import HistGradientBoostingClassifier

import balun as bl
from features import late

delay = bl.model(
    "delay",
    corpus=late,
    owner="ml-delays",
    description="The chance that a departure leaves more than half an hour late.",
    estimator=HistGradientBoostingClassifier(learning_rate=0.05, max_iter=300, early_stopping=False),
    metric="roc_auc",
    split=bl.by_time(test="60d"),
    slices=["origin", "carrier"],
)

gate_banner = bl.surface(
    "gate banner", uses=delay, owner="gate-app", description="A word of warning on the screen at the gate."
)
