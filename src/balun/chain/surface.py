"""A surface: a place in the product where models' answers show."""

from __future__ import annotations

from dataclasses import dataclass

from balun.finding import Place


@dataclass(frozen=True)
class Surface:
    """may: the highest classification of what may show here; None: nobody says."""

    name: str
    uses: tuple[str, ...]
    owner: str | None
    place: Place
    may: str | None = None
    description: str | None = None
