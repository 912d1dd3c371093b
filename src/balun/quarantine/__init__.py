"""What runs set aside: shown, grouped, sampled, and released after a mend."""

from balun.quarantine.find import Overview, overview, quarantine_of
from balun.quarantine.grouping import WAYS, Group
from balun.quarantine.preview import Preview, preview
from balun.quarantine.quarantine import Quarantine
from balun.quarantine.release import Released, drop_mend, mend_of, release

__all__ = [
    "WAYS",
    "Group",
    "Overview",
    "Preview",
    "Quarantine",
    "Released",
    "drop_mend",
    "mend_of",
    "overview",
    "preview",
    "quarantine_of",
    "release",
]
