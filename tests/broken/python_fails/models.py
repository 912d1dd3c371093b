from features import returns

import balun as bl

risk = bl.model("risk", corpus=returns, estimator=None, metric="roc_auc", split=bl.by_time(test="20 dys"))
