"""The command line: a verb parses its words, calls, and prints."""

from balun.cli import cleaning, judging, looking, loop, pricing, watching
from balun.cli.group import balun

__all__ = ["balun", "cleaning", "judging", "looking", "loop", "pricing", "watching"]
