"""What two revisions of a project differ in, and what that does to everything downstream."""

from balun.against.against import WORDS, Against, against, of_impact
from balun.against.revision import project_at

__all__ = ["WORDS", "Against", "against", "of_impact", "project_at"]
