"""How far a run is: a line that is written over at a terminal, one a minute in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import typer

EVERY = 60.0  # seconds between two lines in a log


def progress() -> Callable[[str, int, int], None]:
    """Return what is told of segments done: a system's name, how many, and of how many."""
    started = time.monotonic()
    told: list[float] = []

    def tell(name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            typer.echo(f"\r{name}: {done}/{total}" + ("\n" if done == total else ""), err=True, nl=False)
        elif not told or now - told[-1] >= EVERY or done == total:
            told.append(now)
            rate = done / max(now - started, 1e-9)
            left = f"{(total - done) / rate:.0f} s left" if done else "time left not known"
            typer.echo(f"{name}: {done}/{total}, {rate:.1f} a second, {left}", err=True)

    return tell
