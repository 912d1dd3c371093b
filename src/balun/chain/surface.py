"""A surface: a place in the product where models' answers, or tables, show."""

from __future__ import annotations

from dataclasses import dataclass

from balun.finding import Place


@dataclass(frozen=True)
class Surface:
    """uses: names of models. tables: names of tables and events that it shows as they are.

    may: the highest classification of what may show here; None: nobody says.
    """

    name: str
    uses: tuple[str, ...]
    owner: str | None
    place: Place
    may: str | None = None
    description: str | None = None
    tables: tuple[str, ...] = ()
