"""`balun` and `python -m balun`."""

from __future__ import annotations

from balun.cli import balun


def main() -> None:
    balun(prog_name="balun")


if __name__ == "__main__":
    main()
