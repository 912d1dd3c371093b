"""Rows that were set aside come back: by a mend that is written down, or by the contract as it is now."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.chain.mend import Mend
from balun.chain.mends import ENDING, faults_of, is_mends, read_mends
from balun.errors import Busy, UsageError
from balun.finding import Place
from balun.quarantine.mends_text import with_mend, without_mend
from balun.quarantine.preview import Preview, preview
from balun.quarantine.quarantine import Quarantine
from balun.run import Report, Watch, run


@dataclass(frozen=True)
class Released:
    """What was said beforehand, and what a run made of it. file: where the mend stands; None: none was written."""

    preview: Preview
    file: Path | None
    report: Report

    def as_json(self) -> dict[str, object]:
        return {
            "preview": self.preview.as_json(),
            "file": str(self.file) if self.file else None,
            "run": self.report.as_json(),
        }


def mend_of(contract: Contract, sets: Sequence[str], where: str | None, why: str | None) -> Mend:
    """From `column = SQL`. Raises UsageError for what isn't so, ProjectError for SQL that can't be used."""
    told = []
    for text in sets:
        column, sign, sql = text.partition("=")
        if not sign or not column.strip() or not sql.strip():
            raise UsageError(f'{text} sets nothing: write it as "column = SQL over the raw columns"')
        told.append((_named(contract, column.strip().strip('"')), sql.strip()))
    mend = Mend(tuple(told), Place("--set"), where, why)
    faults = faults_of([mend], contract)
    if faults:
        raise UsageError("; ".join(f"{one.message}; {one.mend}" for one in faults))
    return mend


def _named(contract: Contract, name: str) -> str:
    """As the contract writes it."""
    try:
        return contract.column(name).name
    except KeyError:
        return name


def release(graph: Graph, part: Quarantine, mend: Mend | None, *, watch: Watch | None = None) -> Released:
    """Writes the mend down, unless it is there already, and makes what hangs on it.

    mend: None: the contract was mended, and its rows are read again. Raises UsageError where the mend would let no row
    in, Busy where another run works on the project; then nothing is written.
    """
    part = replace(part, contract=_as_written(graph, part.contract))
    new = None if mend is None or any(one.is_like(mend) for one in part.contract.mends) else mend
    told = preview(part, new)
    if new is not None and not told.admitted:
        raise UsageError(f"no row of {part.event} would be kept that wasn't: nothing is written")
    if new is None:
        return Released(told, None, run(graph.config.folder, watch=watch))
    file = graph.config.folder / mends_file(graph, part.contract)
    before = file.read_text(encoding="utf-8") if file.exists() else None
    written = write_mend(graph, part.contract, new)
    try:
        return Released(told, written, run(graph.config.folder, watch=watch))
    except Busy:
        _replace(file, before)
        raise


def _as_written(graph: Graph, contract: Contract) -> Contract:
    """With the mends that its file holds by now."""
    file = graph.config.folder / mends_file(graph, contract)
    return replace(contract, mends=read_mends(file, graph.config.folder).mends if file.exists() else ())


def write_mend(graph: Graph, contract: Contract, mend: Mend) -> Path:
    """Behind the event's other mends. Returns the file, relative to the project's folder."""
    folder = graph.config.folder
    file = mends_file(graph, contract)
    text = (folder / file).read_text(encoding="utf-8") if (folder / file).exists() else None
    _replace(folder / file, with_mend(text, contract.name, mend))
    read = read_mends(folder / file, folder).mends
    if not read or not read[-1].is_like(mend):  # the file is written in a way that can't be added to
        _replace(folder / file, text)
        raise UsageError(f"{file} can't be added to: write the mend into it by hand")
    return file


def drop_mend(graph: Graph, node: Node, number: int) -> Path:
    """Takes a mend out of the event's file, and deletes a file that has no other. Returns it."""
    contract = node.declared
    if not isinstance(contract, Contract):
        raise UsageError(f"{node.id} is no event; only events have mends")
    folder, file = graph.config.folder, mends_file(graph, contract)
    if not (folder / file).exists():
        raise UsageError(f"{contract.name} has no mends")
    before = read_mends(folder / file, folder).mends
    text = (folder / file).read_text(encoding="utf-8")
    _replace(folder / file, without_mend(text, number))
    left = read_mends(folder / file, folder).mends if (folder / file).exists() else ()
    if [one.words() for one in left] != [one.words() for at, one in enumerate(before, 1) if at != number]:
        _replace(folder / file, text)
        raise UsageError(f"{file} can't be taken apart: delete the mend by hand")
    return file


def mends_file(graph: Graph, contract: Contract) -> Path:
    """The event's file of mends, relative to the project's folder: where it is, or where it belongs."""
    folder = graph.config.folder
    found = [file for file in sorted((folder / "contracts").rglob(f"*{ENDING}")) if is_mends(file)]
    own = [file for file in found if file.name == f"{contract.name}{ENDING}"]
    if own:
        return own[0].relative_to(folder)
    return Path(contract.place.file).parent / f"{contract.name}{ENDING}"


def _replace(file: Path, text: str | None) -> None:
    """Whole or not at all; None deletes it."""
    if text is None:
        file.unlink(missing_ok=True)
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
