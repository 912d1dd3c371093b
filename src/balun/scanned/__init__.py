"""`balun scan`: an event's source, or a table's rows, held against all that is promised of them; nothing is made."""

from balun.scanned.draw import draw
from balun.scanned.result import Check, Scanned
from balun.scanned.scan import Asked, scan

__all__ = ["Asked", "Check", "Scanned", "draw", "scan"]
