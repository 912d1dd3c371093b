"""What a change costs the models downstream, in their own metric: it is replayed on history."""

from balun.worth.cost import Cost
from balun.worth.needs import needs_of
from balun.worth.revision import with_costs
from balun.worth.table import Captured, Rung, Table, table
from balun.worth.worth import Worth, worth

__all__ = ["Captured", "Cost", "Rung", "Table", "Worth", "needs_of", "table", "with_costs", "worth"]
