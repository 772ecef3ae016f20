"""A measurement in a process of its own, so that its peak memory and its caches are its own."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Result = TypeVar("Result")


def in_fresh_process(task: Callable[..., Result], *arguments: object) -> Result:
    """Return ``task`` in a fresh process, which takes its environment from this one."""
    # Spawned, not forked: a fork begins with all that its parent holds.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def peak_mb() -> float:
    """Return this process's peak memory in MB; the system counts in kB, macOS in bytes.

    On Linux a child's peak starts from its parent's: the parent has to stay small.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
