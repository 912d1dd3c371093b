"""A project as it was at a revision, read from git beside the work tree, which isn't touched."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from balun.errors import UsageError

# What a project is declared by; its data may be large, and isn't looked at.
_DECLARED = ("balun.toml", "*.py", "contracts", "tables", "needs")


@contextmanager
def project_at(folder: Path, revision: str) -> Iterator[Path]:
    """The folder of the project in `folder` as it was at a revision: a branch, a tag, a commit.

    Raises UsageError where there is no git, no such revision, or no such project in it.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel", said=f"{folder} is in no git repository").strip())
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}",
                  said=f"there is no revision {revision} in {top}").strip()  # fmt: skip
    inside = folder.resolve().relative_to(top.resolve()).as_posix()
    where = "" if inside == "." else f"{inside}/"
    paths = [f":(glob){where}{one}" if "*" in one else f":(literal){where}{one}" for one in _DECLARED]
    listed = _git(top, "ls-tree", "-r", "-z", "--name-only", commit, "--", inside, said=f"{revision} can't be read")
    held = {path.removeprefix(where).split("/")[0] for path in listed.split("\0") if path.startswith(where)}
    if "balun.toml" not in held:
        raise UsageError(f"{where or './'} was no project at {revision}: it held no balun.toml")
    present = [path for path, one in zip(paths, _DECLARED, strict=True) if "*" in one or one in held]
    if not any(name.endswith(".py") for name in held):
        present = [path for path in present if not path.endswith("*.py")]
    archive = _run(top, "archive", "--format=tar", commit, "--", *present, said=f"{revision} can't be read")
    with TemporaryDirectory(prefix="balun-") as work:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(work, filter="data")
        yield Path(work) / inside


def _git(folder: Path, *words: str, said: str) -> str:
    return _run(folder, *words, said=said).decode("utf-8", "surrogateescape")


def _run(folder: Path, *words: str, said: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError as exc:
        raise UsageError("--against needs git, and there is none on this machine") from exc
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"{said}" + (f" (git: {why[0].removeprefix('fatal: ')})" if why else ""))
    return done.stdout
