"""YAML as a tree that keeps the line of each key and value, and the text of each scalar as it was written.

PyYAML's own loader follows YAML 1.1, where `NO` is false, `12:30` is 750 and `2020-01-01` is a date. Here scalars mean
what YAML 1.2 says, and whoever wants text gets what stands in the file. Anchors are refused, so that a small file
can't swell, and the tree is built without recursion, so that a deep one can't exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import yaml

from balun.errors import ProjectError
from balun.finding import Finding, Place

DEEPEST = 40
_LARGEST_BYTES = 8_000_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_OLD_BOOLEANS = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """text: as written, without quotes. plain: it stood without quotes. block: it began with `|` or `>`.

    >>> Scalar(1, "NO").value, Scalar(1, "0.10").value, Scalar(1, "7").value, Scalar(1, "7", plain=False).value
    ('NO', 0.1, 7, '7')
    """

    line: int
    text: str
    plain: bool = True
    block: bool = False

    @property
    def value(self) -> str | int | float | bool | None:
        """What YAML 1.2 makes of it."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _FLOAT.fullmatch(self.text):
            number = self.text.lower()
            return float(number.replace(".", "") if number.endswith(("inf", "nan")) else number)
        return self.text

    @property
    def flag(self) -> bool | None:
        """Its truth value, also from `yes` and `off`, which YAML 1.1 tools write; None: it has none."""
        value = self.value
        if isinstance(value, bool):
            return value
        return _OLD_BOOLEANS.get(self.text) if self.plain else None


@dataclass(frozen=True, slots=True)
class Sequence:
    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """entries: a key's name, with its value. lines: the line that each key stands on."""

    line: int
    entries: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def put(self, key: str, value: Node, line: int) -> None:
        self.entries[key] = value
        self.lines[key] = line

    def line_of(self, key: str) -> int:
        """The key's line, or the mapping's own where it has no such key."""
        return self.lines.get(key, self.line)

    def without(self, *keys: str) -> Mapping:
        kept = {key: value for key, value in self.entries.items() if key not in keys}
        return Mapping(self.line, kept, {key: self.lines[key] for key in kept})


Node = Scalar | Sequence | Mapping


def read_yaml(file: Path, place: Place) -> Mapping:
    """The file's one document. Raises ProjectError with what is wrong, at its line."""
    try:
        data = file.read_bytes()
    except OSError as exc:
        mend = "make it a readable file"
        raise ProjectError.at("file-unreadable", place, f"can't be read: {exc.strerror}", mend=mend) from exc
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        at = Place(place.file, data[: exc.start].count(b"\n") + 1)
        raise ProjectError.at("file-unreadable", at, "is not UTF-8 text", mend="save the file as UTF-8") from exc
    if len(data) > _LARGEST_BYTES:
        message = f"is {len(data):,} bytes; the most that is read is {_LARGEST_BYTES:,}"
        raise ProjectError.at("file-unreadable", place, message, mend="split it into several files")
    return parse_yaml(text, place)


def parse_yaml(text: str, place: Place) -> Mapping:
    """The text's one document. Raises ProjectError with what is wrong, at its line.

    >>> tree = parse_yaml("country: NO\\nsince: 2020-01-01\\n", Place("a.yaml"))
    >>> tree.entries["country"], tree.line_of("since")
    (Scalar(line=1, text='NO', plain=True, block=False), 2)
    """
    faults: list[Finding] = []
    try:
        top = _Tree(place, faults).grow(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as exc:
        faults.append(_invalid(exc, text, place))
        raise ProjectError(faults) from exc
    except yaml.YAMLError as exc:
        line = text[: getattr(exc, "position", 0)].count("\n") + 1
        reason = getattr(exc, "reason", None) or "can't be read as YAML"
        faults.append(Finding("yaml-invalid", Place(place.file, line), str(reason), mend="take that character out"))
        raise ProjectError(faults) from exc
    if not faults and not isinstance(top, Mapping):
        faults.append(_no_mapping(top, place))
    if faults:
        raise ProjectError(faults)
    assert isinstance(top, Mapping)
    return top


def _no_mapping(top: Node | None, place: Place) -> Finding:
    empty = top is None or (isinstance(top, Scalar) and top.value is None)
    what = "is empty" if empty else f"holds {'a list' if isinstance(top, Sequence) else 'text'} at its top"
    mend = "begin with keys such as `apiVersion: v3.1.0`"
    return Finding("yaml-invalid", Place(place.file, top.line if top else 1), what, mend=mend)


def _invalid(exc: yaml.MarkedYAMLError, text: str, place: Place) -> Finding:
    mark = exc.problem_mark or exc.context_mark
    lines = text.splitlines()
    line = min(mark.line + 1, max(len(lines), 1)) if mark else None
    problem = str(exc.problem or exc.context or "can't be read as YAML")
    if line and lines and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]:
        problem, mend = "a tab indents this line", "indent with spaces, never with tabs"
    elif isinstance(exc, _Refused):
        mend = "take some of the nesting out"
    else:
        mend = "mend the YAML; indentation, colons and quotes matter"
    return Finding("yaml-invalid", Place(place.file, line), problem, mend=mend)


class _Refused(yaml.MarkedYAMLError):
    """Well-formed YAML that is not read any further."""


def _mark(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.start_mark)  # a parser sets it; only an emitter's events have none


def _line(event: yaml.Event) -> int:
    return _mark(event).line + 1


class _Tree:
    """Builds the tree from a parser's events."""

    def __init__(self, place: Place, faults: list[Finding]) -> None:
        self.place = place
        self.faults = faults
        self.top: Node | None = None
        self.open: list[tuple[Sequence | Mapping, list[Scalar]]] = []  # each with the key that waits for its value

    def grow(self, events: Iterator[yaml.Event]) -> Node | None:
        documents = 0
        for event in events:
            line = _line(event)
            match event:
                case yaml.AliasEvent():  # its anchor is at fault
                    self._add(Scalar(line, ""))
                case yaml.NodeEvent():
                    self._start(event, line)
                case yaml.CollectionEndEvent():
                    self.open.pop()
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents == 2:
                        mend = "write one file for each document"
                        self._fault("yaml-invalid", line, "a second document begins here", mend)
                        return self.top
        return self.top

    def _fault(self, rule: str, line: int, message: str, mend: str) -> None:
        self.faults.append(Finding(rule, Place(self.place.file, line), message, mend=mend))

    def _start(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None and not any(fault.rule == "yaml-anchor" for fault in self.faults):
            message = f"&{event.anchor} is an anchor; anchors and aliases are not read"
            self._fault("yaml-anchor", line, message, "write each value out where it is needed")
        tag = getattr(event, "tag", None)
        if tag not in {None, "!", "tag:yaml.org,2002:str"}:
            self._fault("yaml-invalid", line, f"the tag {tag} is not read", "take the tag out")
        match event:
            case yaml.ScalarEvent():
                plain = event.style in {None, ""} and tag is None
                self._add(Scalar(line, event.value, plain, event.style in {"|", ">"}))
            case yaml.SequenceStartEvent():
                self._enter(Sequence(line), event)
            case yaml.MappingStartEvent():
                self._enter(Mapping(line), event)

    def _enter(self, node: Sequence | Mapping, event: yaml.NodeEvent) -> None:
        if len(self.open) >= DEEPEST:
            raise _Refused(problem=f"is nested more than {DEEPEST} deep", problem_mark=_mark(event))
        self._add(node)
        self.open.append((node, []))

    def _add(self, node: Node) -> None:
        if not self.open:
            self.top = self.top or node
            return
        parent, waiting = self.open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif waiting:
            self._put(parent, waiting.pop(), node)
        elif isinstance(node, Scalar):
            waiting.append(node)
        else:
            self._fault("yaml-invalid", node.line, "a key is a list or a mapping", "make the key text")
            waiting.append(Scalar(node.line, "?"))

    def _put(self, parent: Mapping, key: Scalar, value: Node) -> None:
        if key.text in parent.entries:
            first = parent.lines[key.text]
            self._fault("key-twice", key.line, f"{key.text} stands twice, first in line {first}", "keep one of them")
        parent.put(key.text, value, key.line)
