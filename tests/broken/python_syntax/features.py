import balun as bl

spending = bl.aggregate("purchase", by="customer"
