"""Contracts drafted from data: what the rows show, written down for a person to read and mend."""

from balun.draft.drafting import Drafted, draft

__all__ = ["Drafted", "draft"]
