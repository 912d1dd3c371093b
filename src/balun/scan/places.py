"""Where the contract's columns stand in files that name their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from balun.chain.contract import Column, Contract
from balun.errors import ProjectError, nearest
from balun.finding import Finding

Header = tuple[str, ...]


def places_of(contract: Contract, headers: Sequence[Header], names: Sequence[str]) -> list[tuple[int, ...]]:
    """Of each file the numbers of the contract's columns; zeros where it has no header.

    names: the files', in messages. Raises ProjectError with each column that is missing or stands twice, once each.
    """
    faults: dict[str, Finding] = {}
    places = []
    for header, name in zip(headers, names, strict=True):
        for column, fault in _faults(contract, header, name) if header else ():
            faults.setdefault(column, fault)
        places.append(tuple(_position(column.name, header) or 0 for column in contract.columns))
    if faults:
        raise ProjectError(faults.values())
    return places


def extra(contract: Contract, headers: Sequence[Header]) -> tuple[str, ...]:
    """The columns that the contract doesn't name, in the order in which they are met."""
    known = _names(contract)
    seen = dict.fromkeys(name for header in headers for name in header)
    return tuple(name for name in seen if _position(name, known) is None)


def refuse_empty(contract: Contract, headers: Sequence[Header], names: Sequence[str]) -> None:
    """A file without a byte is as good as one without rows, as long as another has some."""
    if not any(headers):
        raise empty(contract, f"{names[0]} is empty" if len(names) == 1 else "all files are empty")


def empty(contract: Contract, message: str) -> ProjectError:
    place = contract.source.place if contract.source else contract.place
    return ProjectError.at(
        "data-empty",
        place,
        f"{message}: there are no rows of {contract.name}",
        mend="capture some, or mend the path in the contract's server",
        owner=contract.owner,
    )


def _faults(contract: Contract, header: Header, name: str) -> Iterator[tuple[str, Finding]]:
    """By the column's name."""
    free = [one for one in header if _position(one, _names(contract)) is None]
    for column in contract.columns:
        at = _position(column.name, header)
        if at is None:
            message = f"{name} has no column {column.name}{nearest(column.name, free)}"
            mend = f"capture {column.name} again, or change the contract with those who use it"
            yield column.name, _fault("column-missing", contract, column, message, mend)
        elif header.count(header[at]) > 1:
            message = f"{name} has more than one column {column.name}"
            mend = "rename one of them where the file is written"
            yield column.name, _fault("column-twice", contract, column, message, mend)


def _fault(rule: str, contract: Contract, column: Column, message: str, mend: str) -> Finding:
    return Finding(rule, column.place, message, mend=mend, owner=contract.owner)


def _names(contract: Contract) -> Header:
    return tuple(column.name for column in contract.columns)


def _position(name: str, header: Header) -> int | None:
    """By the very name, else by one that differs in case alone, as SQL finds it."""
    if name in header:
        return header.index(name)
    return next((at for at, one in enumerate(header) if one.lower() == name.lower()), None)
