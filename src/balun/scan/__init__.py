"""Events read once and held against their contract: kept, set aside with all reasons, or counted as duplicates."""

from balun.scan.collected import Collected, Reason
from balun.scan.scan import collect, quarantined
from balun.scan.source import source_files

__all__ = ["Collected", "Reason", "collect", "quarantined", "source_files"]
