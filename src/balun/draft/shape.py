"""What a file says of itself before its rows are read: format, columns, what parts them, and whether it names them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Place
from balun.quoting import literal
from balun.scan.lines import Record, lines, records, unpacked
from balun.scan.unreadable import unreadable

FORMATS: dict[str, Literal["parquet", "csv", "json"]] = {
    ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_PACKED = frozenset({".gz", ".zst", ".zip"})
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_LINES = 200
_TYPED = re.compile(r"[+-]?[0-9]+([.,:/-][0-9]+)*|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*|")


@dataclass(frozen=True)
class Shape:
    """columns: names with the types that a Parquet file gives them; VARCHAR in CSV; none yet in JSON.

    header: whether the first line names them; where it doesn't, they are `column1`, `column2` and so on.
    """

    format: Literal["parquet", "csv", "json"]
    columns: tuple[tuple[str, str], ...] = ()
    delimiter: str = ","
    header: bool = True


def format_of(file: Path) -> Literal["parquet", "csv", "json"] | None:
    """
    >>> format_of(Path("a.CSV.gz")), format_of(Path("a.txt")), format_of(Path("a.parquet.gz"))
    ('csv', None, None)
    """
    endings = [suffix.lower() for suffix in file.suffixes]
    packed = bool(endings) and endings[-1] in _PACKED
    kind = FORMATS.get((endings[:-1] if packed else endings or [""])[-1]) if len(endings) > packed else None
    return None if packed and kind == "parquet" else kind


def bare_name(file: Path) -> str:
    """The name without what tells the format.

    >>> bare_name(Path("data/rides.2024.csv.gz"))
    'rides.2024'
    """
    name = file.name
    for _ in range(2):
        ending = Path(name).suffix
        if ending.lower() in _PACKED or ending.lower() in FORMATS:
            name = name.removesuffix(ending)
    return name


def shape_of(file: Path, name: str, engine: Engine) -> Shape:
    """name: as messages call the file. Raises ProjectError where it can't be read or holds nothing."""
    kind = format_of(file)
    assert kind is not None
    with mendable(name, kind):
        if file.stat().st_size == 0:
            raise empty(name)
        if kind == "json":
            return Shape(kind)
        return Shape(kind, _parquet_columns(file, engine)) if kind == "parquet" else _csv(file, name)


def empty(name: str) -> ProjectError:
    return ProjectError.at("data-empty", Place(name), "there are no rows", mend="capture some, or leave the file out")


def mendable(name: str, kind: str) -> AbstractContextManager[None]:
    """What reading a file may meet, as an error for the user."""
    return unreadable(Place(name), f"can't be read as {kind}", mend=f"write {name} again, or leave it out")


def holds_records(file: Path) -> bool:
    """Whether a JSON file is an array, or its first line an object; a file that can't be read is told of later."""
    try:
        with unpacked(file) as stream:
            first = next((text for text in lines(stream) if not text.isspace()), "").strip()
    except (OSError, ValueError, EOFError):
        return True
    return not first or first.startswith("[") or _is_object(first)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _parquet_columns(file: Path, engine: Engine) -> tuple[tuple[str, str], ...]:
    path = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file))
    select = f"SELECT * FROM read_parquet({literal(path)}, hive_partitioning = false)"
    return tuple((str(row[0]), str(row[1])) for row in engine.connection.execute(f"DESCRIBE {select}").fetchall())


def _csv(file: Path, name: str) -> Shape:
    with unpacked(file) as stream:
        text = list(islice(lines(stream), _SAMPLE_LINES))
    split = {sign: list(records(iter(text), sign)) for sign in _DELIMITERS}
    delimiter = _delimiter(split, "\t" if re.search(r"\.tsv\b", file.name.lower()) else ",")
    found = split[delimiter]
    if not found:
        raise empty(name)
    first, rest = found[0], found[1:]
    header = _is_header(first, rest)
    fields = first.fields or (first.line,)
    names = fields if header else [f"column{number}" for number in range(1, len(fields) + 1)]
    return Shape("csv", tuple((_shown(one), "VARCHAR") for one in names), delimiter, header)


def _delimiter(split: dict[str, list[Record]], usual: str) -> str:
    """What parts most lines into as many fields as the first; the usual one where none does better."""

    def fit(sign: str) -> tuple[int, int, bool]:
        widths = Counter(len(record.fields) for record in split[sign])
        width = len(split[sign][0].fields) if split[sign] else 0
        return (widths[width] if width > 1 else 0), width, sign == usual

    # A comma may stand in the text of a file that semicolons part: then it parts fewer lines alike.
    return max(_DELIMITERS, key=fit) if any(fit(sign)[0] for sign in split) else usual


def _is_header(first: Record, rest: Sequence[Record]) -> bool:
    """No header is: a number or time in a column of such, and no text over one."""
    typed = [at for at, field in enumerate(first.fields) if field.strip() and _TYPED.fullmatch(field.strip())]
    return not typed or any(
        _all_typed(rest, at) for at, field in enumerate(first.fields) if at not in typed and field.strip()
    )


def _all_typed(rest: Sequence[Record], at: int) -> bool:
    below = [record.fields[at].strip() for record in rest if at < len(record.fields)]
    return any(below) and all(_TYPED.fullmatch(field) for field in below)


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
