"""What a process and those below it are at, by /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def below(pid: int) -> list[int]:
    """``pid`` and all processes that it or they started."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (task / "children").read_text().split():
                    found += below(int(child))
    return found


def processor_seconds(pids: list[int]) -> float:
    """What they have used of processors so far, all together."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory(pids: list[int]) -> float:
    """Their resident memory in MB, all together."""
    pages = 0
    for pid in pids:
        with suppress(OSError):
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def alive(pid: int) -> bool:
    """Whether it runs: neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits for something that comes, as long as a slow machine may take."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def settled(value: Callable[[], int], wanted: int, seconds: float = 60.0) -> int:
    """Return the value once it is the wanted one, or what it is after so long."""
    end = time.monotonic() + seconds
    while (found := value()) != wanted and time.monotonic() < end:
        time.sleep(0.01)
    return found


def share_used(pid: int, seconds: float = 1.0) -> float:
    """The share of one processor that it and those below it use, for so long."""
    before, started = processor_seconds(below(pid)), time.monotonic()
    time.sleep(seconds)
    return (processor_seconds(below(pid)) - before) / (time.monotonic() - started)
