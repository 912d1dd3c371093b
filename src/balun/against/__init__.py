"""What two revisions of a project differ in, and what that does to everything downstream."""

from balun.against.against import Against, against, of_impact

__all__ = ["Against", "against", "of_impact"]
