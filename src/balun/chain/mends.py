"""Mends of an event's raw rows: `contracts/EVENT.mends.yaml`, kept beside the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from balun.chain.contract import Contract
from balun.chain.mend import WORDS, Mend
from balun.chain.yaml_lines import Mapping, Node, Scalar, read_yaml
from balun.chain.yaml_lines import Sequence as Listed
from balun.errors import ProjectError, nearest
from balun.finding import Finding, Place

ENDING = ".mends.yaml"
_TOP, _KEYS = ("owner", "mends"), ("where", "set", "why")


@dataclass(frozen=True)
class Mends:
    """Of one event, from top to bottom. owner: whose they are; None: the contract's owner."""

    event: str
    owner: str | None
    mends: tuple[Mend, ...]
    place: Place


def is_mends(file: Path) -> bool:
    return file.name.endswith(ENDING)


def read_mends(file: Path, folder: Path) -> Mends:
    """Raises ProjectError with all that is wrong, at its line; what needs the contract is `faults_of`'s to find."""
    place = Place(file.relative_to(folder).as_posix())
    tree = read_yaml(file, place)
    faults = _Faults(place.file)
    faults.unknown(tree, _TOP, "the file")
    listed = tree.entries.get("mends")
    items: Sequence[Node] = listed.items if isinstance(listed, Listed) else ()
    if not isinstance(listed, Listed):
        faults.add(tree.line_of("mends"), "mends is no list", "write `mends: []` where there are none")
    owner = tree.entries.get("owner")
    if owner is not None and not (isinstance(owner, Scalar) and owner.text):
        faults.add(tree.line_of("owner"), "owner is no name", "write the team that answers for these mends")
    whose = owner.text if isinstance(owner, Scalar) else None
    mends = tuple(mend for item in items if (mend := _mend(item, whose, faults)))
    if faults.found:
        raise ProjectError(faults.found)
    return Mends(file.name.removesuffix(ENDING), whose, mends, place)


def faults_of(mends: Sequence[Mend], contract: Contract) -> list[Finding]:
    """What the contract tells is wrong with them: columns that it hasn't, and SQL that isn't one plain expression."""
    names = [column.name for column in contract.columns]
    return [fault for mend in mends for fault in _faults_of(mend, names, contract)]


def _faults_of(mend: Mend, names: list[str], contract: Contract) -> list[Finding]:
    from balun.chain.mend_sql import fault_of  # DuckDB is slow to import, and few projects have mends

    faults = _Faults(mend.place.file, mend.owner or contract.owner)
    line = mend.place.line or 1
    known = {name.lower() for name in names}
    for column, sql in mend.sets:
        if column.lower() not in known:
            message = f"{contract.name} has no column {column}{nearest(column, names)}"
            faults.add(line, message, "name a column of the contract")
        elif why := fault_of(sql, names):
            faults.add(line, f"what {column} is set to {why}", "write one SQL expression over the raw columns")
    if mend.where is not None and mend.rule is None and (why := fault_of(mend.where, names)):
        faults.add(line, f"where {why}", "write a reason such as value-unreadable, or SQL over the raw columns")
    if mend.rule and mend.rule[1] and mend.rule[1].lower() not in known:
        message = f"{contract.name} has no column {mend.rule[1]}{nearest(mend.rule[1], names)}"
        faults.add(line, message, "name a column of the contract")
    return faults.found


@dataclass
class _Faults:
    file: str
    owner: str | None = None
    found: list[Finding] = field(default_factory=list)

    def add(self, line: int, message: str, mend: str) -> None:
        self.found.append(Finding("mend-unusable", Place(self.file, line), message, mend=mend, owner=self.owner))

    def unknown(self, node: Mapping, known: tuple[str, ...], what: str) -> None:
        for key in node.entries:
            if key not in known:
                words = f"unknown key {key} in {what}{nearest(key, known)}"
                self.add(node.line_of(key), words, f"use {', '.join(known)}")


def _mend(item: Node, owner: str | None, faults: _Faults) -> Mend | None:
    before = len(faults.found)
    if not isinstance(item, Mapping):
        faults.add(item.line, "a mend is no mapping", "write it as {set: {column: SQL}, where: reason, why: text}")
        return None
    faults.unknown(item, _KEYS, "a mend")
    sets = item.entries.get("set")
    if not isinstance(sets, Mapping) or not sets.entries:
        faults.add(item.line_of("set"), "a mend sets nothing", "write `set: {column: SQL}`")
        return None
    told = [(column, _text(value, f"set of {column}", faults)) for column, value in sets.entries.items()]
    where, why = (_text(item.entries[key], key, faults) if key in item.entries else None for key in ("where", "why"))
    twice = {column.lower() for column, _ in told}
    if len(twice) < len(told):
        faults.add(item.line_of("set"), "a column is set twice", "set each column once")
    if len(faults.found) > before:
        return None
    return Mend(tuple(told), Place(faults.file, item.line), where, why, owner)


def _text(node: Node, what: str, faults: _Faults) -> str:
    if isinstance(node, Scalar) and node.text.strip():
        return node.text.strip()
    faults.add(node.line, f"{what} is no text", f"write {WORDS.get(what, 'a SQL expression')}")
    return ""
