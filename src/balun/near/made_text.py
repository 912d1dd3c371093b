"""How a node is made, as text for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from balun.map.fitted_text import wrapped
from balun.near.making import Making
from balun.near.near import Part

_ARGUMENT = re.compile(r"\w+=(?:\[[^\]]*\]|\"[^\"]*\"|[\w.]+\([^()]*\)),?")
_HOLD = "\x00"
_BRIEF = 20  # lines of the code of a node beside it


def made_whole(part: Part, width: int) -> Iterator[Text]:
    yield from _words(part.making, width)
    yield from _code(part.making, width)
    if part.making.compiled:
        yield Text("  compiled to DuckDB SQL, long: --json has it as `made.compiled`", "dim")


def made_briefly(part: Part, width: int) -> Iterator[Text]:
    title = Text.assemble("  ", (f"{part.node.kind} ", "dim"), (part.node.name, "bold"))
    yield title.append(f"   {part.node.owner or 'no owner'}   {part.node.declared.place}", "dim")
    description = getattr(part.node.declared, "description", None)
    yield from (Text(f"  {line}") for line in wrapped(description or "", width - 2) if line)
    yield from _words(part.making, width)
    code = list(_code(part.making, width))
    yield from code[:_BRIEF]
    if len(code) > _BRIEF:
        yield Text(f"  … {len(code) - _BRIEF} more lines: `balun near {part.node.name}` has them", "dim")


def _words(making: Making, width: int) -> Iterator[Text]:
    longest = max((len(what) for what, _ in making.words), default=0)
    for what, how in making.words:
        first, *more = wrapped(how, width - longest - 4)
        yield Text.assemble("  ", (f"{what:<{longest}}", "dim"), f"  {first}")
        yield from (Text(" " * (longest + 4) + part) for part in more)


def _code(making: Making, width: int) -> Iterator[Text]:
    for line in (making.code or "").splitlines():
        indent = re.match(r"\s*", line)
        assert indent is not None
        start = f"  {indent[0]}"
        if cell_len(line) + 2 <= width:
            yield Text(f"  {line}".rstrip(), "cyan")
            continue
        first, *more = _broken(line.strip(), width - len(start) - 2)
        yield Text(start + first, "cyan")
        yield from (Text(f"{start}  {part}", "cyan") for part in more)


def _broken(line: str, width: int) -> list[str]:
    """Broken so that an argument stays whole where there is room for it."""

    def held(found: re.Match[str]) -> str:
        return found[0] if len(found[0]) > width else found[0].replace(" ", _HOLD)

    return [part.replace(_HOLD, " ") for part in wrapped(_ARGUMENT.sub(held, line), width)]
