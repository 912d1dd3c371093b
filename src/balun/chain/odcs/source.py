"""`servers`: where the events lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from balun.chain.contract import Files, Postgres, Source
from balun.chain.odcs.custom import SERVER, custom_text, customs
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import scalar, text
from balun.chain.odcs.schema import SECRET, server_types
from balun.chain.yaml_lines import Mapping, Node, Scalar
from balun.chain.yaml_lines import Sequence as Listed
from balun.errors import nearest
from balun.finding import Place

TYPES = ("local", "postgres", "postgresql")
Format = Literal["parquet", "csv", "json"]
_FORMATS: dict[str, Format] = {
    "parquet": "parquet", "csv": "csv", "tsv": "csv", "json": "json", "jsonl": "json", "ndjson": "json",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Servers:
    """The file's servers. The first one that serves an event and that Balun can read is its source."""

    def __init__(self, nodes: Sequence[Mapping], events: Sequence[str], faults: Faults) -> None:
        self.faults = faults
        self.events = events
        self.nodes = [(node, customs(node, SERVER, faults)) for node in nodes]
        for node, own in self.nodes:
            _no_secrets(node, own, faults)
            for name in _listed(own.get("events")):
                if name.text not in events:
                    message = f"the file has no event {name.text}{nearest(name.text, events)}"
                    faults.wrong(name, message, mend="name an object of this file's schema")

    def source_of(self, event: str, physical: str | None) -> Source | None:
        named = [pair for pair in self.nodes if event in [name.text for name in _listed(pair[1].get("events"))]]
        serving = named or [pair for pair in self.nodes if "events" not in pair[1]]
        for node, own in serving:
            if text(node, "type") == "local":
                return self._files(node, own, physical or event)
            if text(node, "type") in TYPES:
                return self._postgres(node, own, physical or event)
        for node, _ in serving:
            kind = scalar(node, "type")
            if kind and kind.text in server_types():
                message = f"Balun can't read from a server of type {kind.text}{nearest(kind.text, TYPES)}"
                self.faults.wrong(kind, message, mend=f"add a server of type {', '.join(TYPES[:-1])} or {TYPES[-1]}")
        return None

    def _postgres(self, node: Mapping, own: dict[str, Node], table: str) -> Postgres | None:
        host, database, user = text(node, "host"), text(node, "database"), custom_text(own, "user", self.faults)
        port = scalar(node, "port")
        number = int(port.text) if port and re.fullmatch(r"[0-9]{1,5}", port.text) else 5432 if port is None else 0
        if port and not 0 < number < 65536:
            self.faults.wrong(port, f"port is {port.text}; it must be 1 to 65535", mend="write the port's number")
        if not host or not database:
            return None
        place = Place(self.faults.file, node.line)
        schema = text(node, "schema") or "public"
        return Postgres(host, database, table, place, number, schema, user.text if user else None)

    def _files(self, node: Mapping, own: dict[str, Node], physical: str) -> Files | None:
        path = scalar(node, "path")
        if path is None:
            return None
        written = {item.text: item for item in (path, *_listed(own.get("paths")))}
        paths = tuple(self._path(item, physical, own) for item in written.values())
        form = self._format(scalar(node, "format"), path)
        if form is None:
            return None
        return Files(
            format=form,
            paths=paths,
            place=Place(self.faults.file, node.line),
            package=self._package(custom_text(own, "package", self.faults)),
            delimiter=self._delimiter(
                custom_text(own, "delimiter", self.faults) or scalar(node, "delimiter"), path, form
            ),
            header=self._header(custom_text(own, "header", self.faults)),
            null=tuple(item.text for item in _listed(own["null"])) if "null" in own else ("",),
        )

    def _path(self, node: Scalar, physical: str, own: dict[str, Node]) -> str:
        if not node.text.strip() or not node.text.isprintable() or re.match(r"[a-z][a-z0-9+.-]+://", node.text):
            mend = "write a path or glob, relative to the project's folder"
            self.faults.wrong(node, "the path is no path of a local file", mend=mend)
        unknown = [name for name in _PLACEHOLDER.findall(node.text) if name not in {"model", "object"}]
        for name in unknown:
            self.faults.wrong(node, f"the path holds {{{name}}}", mend="use {model}, which the event's name fills")
        path = re.sub(r"\{(model|object)\}", lambda _: physical, node.text)
        if path == node.text and len(self.events) > 1 and not _one_event(own):
            message = f"the events {', '.join(self.events)} would all be read from {path}"
            mend = "put {model} into the path, or give the server a custom property events"
            self.faults.add("source-shared", node, message, mend=mend)
        return path

    def _format(self, node: Scalar | None, path: Scalar) -> Format | None:
        if node is not None:
            form = _FORMATS.get(node.text.lower())
            if form is None:
                message = f"format is {node.text}{nearest(node.text, _FORMATS)}"
                self.faults.wrong(node, message, mend=f"use one of {', '.join(dict.fromkeys(_FORMATS.values()))}")
            return form
        ending = re.sub(r"\.(gz|zst|zip)$", "", path.text.lower()).rpartition(".")[2]
        if ending not in _FORMATS:
            message = f"the ending of {path.text[:80]} doesn't tell the format"
            self.faults.add("key-missing", path, message, mend="add format: parquet, csv or json")
        return _FORMATS.get(ending)

    def _delimiter(self, node: Scalar | None, path: Scalar, form: Format) -> str:
        if form != "csv":
            return ","
        if node is None:
            return "\t" if is_tsv(path.text) else ","
        sign = {"\\t": "\t", "tab": "\t"}.get(node.text, node.text)
        if not 0 < len(sign) <= 4 or "\n" in sign:
            self.faults.wrong(node, f"delimiter is {node.text!r}", mend='write one to four characters, such as ";"')
        return sign

    def _header(self, node: Scalar | None) -> bool:
        if node is not None and node.flag is None:
            self.faults.wrong(node, f"header is {node.text}; it must be true or false", mend="write true or false")
        return True if node is None or node.flag is None else node.flag

    def _package(self, node: Scalar | None) -> str | None:
        if node is None:
            return None
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", node.text):
            self.faults.wrong(
                node, f"{node.text[:40]!r} names no Python package", mend="write the name it is imported by"
            )
        return node.text


def is_tsv(path: str) -> bool:
    """Tabs part its columns unless the contract says otherwise."""
    return re.search(r"\.tsv(\.gz|\.zst|\.zip)?$", path.lower()) is not None


def _listed(node: Node | None) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    return [item for item in node.items if isinstance(item, Scalar)] if isinstance(node, Listed) else []


def _one_event(own: dict[str, Node]) -> bool:
    return len(_listed(own.get("events"))) == 1


def _no_secrets(node: Mapping, own: dict[str, Node], faults: Faults) -> None:
    """A finding for each; what they hold is never shown."""
    lines = [node.line_of(key) for key in node.entries if SECRET.search(key)]
    properties = node.entries.get("customProperties")
    entries = properties.items if isinstance(properties, Listed) else []
    lines += [
        item.line for item in entries if isinstance(item, Mapping) and SECRET.search(text(item, "property") or "")
    ]
    addresses = [scalar(node, key) for key in ("host", "path", "database")] + [own.get("user")]
    lines += [item.line for item in addresses if isinstance(item, Scalar) and re.search(r"//[^/]*:[^/]*@", item.text)]
    for line in lines:
        mend = "take it out, and change it, since it was written down; PGPASSWORD or ~/.pgpass may hold it"
        faults.add("password-written", line, "a contract must hold no password", mend=mend)
