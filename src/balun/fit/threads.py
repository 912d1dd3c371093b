"""One thread for small work."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

FEW_ROWS = 2_000


@cache
def _controller() -> ThreadpoolController:
    # It looks through all that is loaded: a millisecond, as long as a prediction takes.
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """For OpenMP, which gathers its threads again for each tree: a row's 1 ms becomes 3, and 480 on a busy machine."""
    limited: AbstractContextManager[object] = _controller().limit(limits=1, user_api="openmp")
    return limited


def one_if_busy() -> AbstractContextManager[object]:
    """For large work: one thread where half of the processors are taken, as threads that wait for one spin."""
    busy = os.getloadavg()[0] > (os.cpu_count() or 1) / 2
    return one_thread() if busy else nullcontext()
