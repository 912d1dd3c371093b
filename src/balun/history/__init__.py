"""What each run left: which snapshot of which event or table, when, and what its rows looked like."""

from balun.history.history import Entry, History, keep

__all__ = ["Entry", "History", "keep"]
