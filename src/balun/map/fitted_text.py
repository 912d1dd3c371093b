"""Text that fits a terminal: cut, wrapped at words."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size


def cut(text: str, width: int) -> str:
    """Exactly that wide, with … for what is cut off.

    >>> cut("departure", 6), cut("a", 3)
    ('depar…', 'a  ')
    """
    plain = " ".join(text.split())
    return set_cell_size(plain, width) if cell_len(plain) <= width else set_cell_size(plain, width - 1) + "…"


def wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words; a word that is wider alone is broken.

    >>> wrapped("one, two, three", 9), wrapped("a departure", 6)
    (['one, two,', 'three'], ['a', 'depart', 'ure'])
    """
    lines = [""]
    for word in (part for whole in text.split() for part in chop_cells(whole, width)):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
