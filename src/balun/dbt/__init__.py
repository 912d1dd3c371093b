"""dbt projects as they are: what dbt wrote of one becomes a chain."""

from balun.dbt.project import load_dbt

__all__ = ["load_dbt"]
