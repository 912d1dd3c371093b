"""balun.toml: the project's name, its time zone, where snapshots go, and what the engine may use."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from balun.chain.limit import Limit, read_limit
from balun.chain.zone import is_zone
from balun.errors import ProjectError, nearest
from balun.finding import Place

FILE = "balun.toml"
_KNOWN = ("name", "zone", "snapshots", "quarantine_limit", "engine")
_ENGINE = ("kind", "memory", "threads")


@dataclass(frozen=True)
class Config:
    """folder, snapshots: absolute. memory: as DuckDB writes it, `4GB`; None: 80 % of the machine.

    limit: the most rows of an event that may be set aside, where its contract says nothing.
    tool: whose project it is; one of dbt's has no contracts or owners that anybody was asked for.
    """

    name: str
    folder: Path
    snapshots: Path
    zone: str = "UTC"
    memory: str | None = None
    threads: int | None = None
    limit: Limit | None = None
    tool: Literal["balun", "dbt"] = "balun"


def find_project(start: Path) -> Path:
    """The nearest folder from `start` upwards that holds a balun.toml. Raises ProjectError."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ProjectError.at(
        "project-missing",
        Place(str(start)),
        f"no {FILE} here or in a folder above",
        mend="go to a project's folder, name one with -C FOLDER, or draft one with `balun init FILES`",
    )


def read_config(folder: Path) -> Config:
    """Raises ProjectError with every fault of the file, each at its line."""
    file = folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise ProjectError.at(
            "file-unreadable", Place(FILE), f"can't be read: {reason}", mend="make it a readable text file"
        ) from exc
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        line = next((int(word.rstrip(",)")) for after, word in _pairs(str(exc)) if after == "line"), None)
        raise ProjectError.at("toml-invalid", Place(FILE, line), str(exc), mend="mend the TOML") from exc
    engine = raw.get("engine", {})
    faults = _unknown(text, raw, _KNOWN) + (_unknown(text, engine, _ENGINE) if isinstance(engine, dict) else [])
    faults += _wrong(text, raw, engine)
    if faults:
        raise ProjectError(error for fault in faults for error in fault.findings)
    return Config(
        name=raw.get("name", folder.name),
        folder=folder,
        snapshots=(folder / raw.get("snapshots", ".balun")).resolve(),
        zone=raw.get("zone", "UTC"),
        memory=engine.get("memory"),
        threads=engine.get("threads"),
        limit=_limit(text, raw),
    )


def _limit(text: str, raw: dict[str, object]) -> Limit | None:
    given = raw.get("quarantine_limit")
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    return read_limit(str(given), _place(text, "quarantine_limit"))


def _pairs(text: str) -> list[tuple[str, str]]:
    return list(pairwise(text.split()))


def _place(text: str, key: str) -> Place:
    for number, line in enumerate(text.splitlines(), 1):
        if line.split("=")[0].strip().strip('"') == key or line.strip() == f"[{key}]":
            return Place(FILE, number)
    return Place(FILE)


def _unknown(text: str, given: dict[str, object], known: tuple[str, ...]) -> list[ProjectError]:
    return [
        ProjectError.at(
            "key-unknown",
            _place(text, key),
            f"unknown key {key}{nearest(key, known)}",
            mend=f"use one of {', '.join(known)}, or delete the line",
        )
        for key in given
        if key not in known
    ]


def _wrong(text: str, raw: dict[str, object], engine: object) -> list[ProjectError]:
    if not isinstance(engine, dict):
        engine, wrong = {}, [("engine", "a table: [engine]")]
    else:
        wrong = []
    wrong += [(key, "text in quotes") for key in ("name", "zone", "snapshots") if not isinstance(raw.get(key, ""), str)]
    if isinstance(raw.get("zone", "UTC"), str) and not is_zone(str(raw.get("zone", "UTC"))):
        wrong.append(("zone", "a time zone's IANA name, such as America/New_York"))
    if "quarantine_limit" in raw and _limit(text, raw) is None:
        wrong.append(("quarantine_limit", 'a share in quotes, such as "1%", or a count of rows'))
    if engine.get("kind", "duckdb") != "duckdb":
        wrong.append(("kind", '"duckdb", the one engine there is so far'))
    if not isinstance(engine.get("memory", ""), str):
        wrong.append(("memory", 'an amount in quotes, such as "4GB"'))
    threads = engine.get("threads", 1)
    if not isinstance(threads, int) or threads < 1:
        wrong.append(("threads", "a whole number from 1"))
    return [
        ProjectError.at("value-wrong", _place(text, key), f"{key} must be {needed}", mend=f"make {key} {needed}")
        for key, needed in wrong
    ]
