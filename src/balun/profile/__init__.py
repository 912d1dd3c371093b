"""What a set of rows looks like, column by column, in a few kilobytes."""

from balun.profile.of_rows import profile_of
from balun.profile.profile import LEVELS, ColumnProfile, Counted, Profile

__all__ = ["LEVELS", "ColumnProfile", "Counted", "Profile", "profile_of"]
