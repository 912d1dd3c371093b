"""Run a contestant in a process of its own, and take wall time, processor time and peak memory."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

BENCH = Path(__file__).parent
DATA = BENCH / ".data"


@dataclass(frozen=True)
class Taken:
    """wall, cpu: seconds. peak: megabytes resident. error: the last words of one that did not end well."""

    wall: float
    cpu: float
    peak: float
    error: str | None = None


def take(command: Sequence[str], *, limit_s: float = 900, limit_gb: float = 16) -> Taken:
    """Run it once, held to a time and an amount of memory; threads of numeric libraries are left as they are."""
    out = tempfile.TemporaryFile()  # noqa: SIM115
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=lambda: _hold(limit_gb))  # noqa: PLW1509
    deadline = started + limit_s
    while True:
        pid, state, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() > deadline:
            child.kill()
            pid, state, used = os.wait4(child.pid, 0)
            return Taken(limit_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, f"stopped after {limit_s:.0f} s")
        time.sleep(0.005)
    child.returncode = os.waitstatus_to_exitcode(state)
    wall = time.perf_counter() - started
    out.seek(0)
    words = out.read().decode(errors="replace").strip().splitlines()
    said = next((line for line in reversed(words) if "Error" in line), words[-1] if words else "")
    error = None if child.returncode == 0 else said[:80] or f"exit {child.returncode}"
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, error)


def _hold(limit_gb: float) -> None:
    size = int(limit_gb * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def rounds(contestants: Mapping[str, Sequence[str]], times: int, **limits: float) -> dict[str, list[Taken]]:
    """Each contestant once, then each again, so that a busy minute hits all; one that failed isn't run again."""
    found: dict[str, list[Taken]] = {name: [] for name in contestants}
    for number in range(times):
        for name, command in contestants.items():
            if any(taken.error for taken in found[name]):
                continue
            print(f"  round {number + 1}: {name}", file=sys.stderr, flush=True)
            found[name].append(take(command, **limits))
    return found


def median(taken: Sequence[Taken]) -> Taken:
    error = next((one.error for one in taken if one.error), None)
    return Taken(
        statistics.median(one.wall for one in taken),
        statistics.median(one.cpu for one in taken),
        statistics.median(one.peak for one in taken),
        error,
    )


def spread(taken: Sequence[Taken]) -> str:
    walls = [one.wall for one in taken]
    return f"{min(walls):.2f}–{max(walls):.2f}"


def ratios(numbers: Sequence[float]) -> str:
    """The median, and the least and the greatest.

    >>> ratios([1.0, 1.25, 3.0])
    '1.25 (1.00–3.00)'
    """
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f}–{max(numbers):.2f})"


def machine(*packages: str) -> str:
    """The machine and the versions, as a line for the table."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    memory = next((int(line.split()[1]) / 1e6 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0)
    release = ".".join(platform.release().split(".")[:2])
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {release}, "
        f"Python {platform.python_version()}, {versions}. Load average before: {os.getloadavg()[0]:.1f}."
    )


def _lines(file: str) -> list[str]:
    path = Path(file)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
