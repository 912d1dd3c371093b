"""`python -m balun.worth.helper FOLDER`: answers questions of what changes cost, for the process that started it."""

from __future__ import annotations

import sys
from pathlib import Path

from balun.worth.asked import answer_all

if __name__ == "__main__":
    answer_all(Path(sys.argv[1]))
