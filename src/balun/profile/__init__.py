"""What a set of rows looks like, column by column, in a few kilobytes."""

from balun.profile.profile import LEVELS, ColumnProfile, Counted, Profile

__all__ = ["LEVELS", "ColumnProfile", "Counted", "Profile"]
