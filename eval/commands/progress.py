"""How far a run is: a line that is written over at a terminal, one a minute in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what is told of segments done: a system's name, how many, and of how many.

    A log has its first line within five seconds, also while a model is being opened.
    """
    # Not above: help is quicker without what a batch needs.
    from service.batch.progress import Teller, duration

    watched = sys.stderr.isatty()
    with Teller(_show if watched else None, _say) as teller:
        teller.tell("opening the model")
        started: dict[str, tuple[float, int]] = {}

        def tell(name: str, done: int, total: int) -> None:
            now = time.monotonic()
            before, first = started.setdefault(name, (now, done))
            line = f"{name}: {done}/{total}"
            # What came from an earlier run, and the first segments, say nothing of the pace.
            if done > first and now > before:
                rate = (done - first) / (now - before)
                line += f", {rate:.1f} a second, {duration((total - done) / rate)} left"
            teller.tell(line)
            if done == total:
                typer.echo("" if watched else line, err=True)

        yield tell


@contextmanager
def interruptible(kept: Callable[[], int]) -> Iterator[None]:
    """Say at Ctrl-C how many answers of all runs are ``kept``; raise Exit as a stopped command does."""
    try:
        yield
    except KeyboardInterrupt:
        count = kept()
        answers = "1 answer is" if count == 1 else f"{count:,} answers are"
        _say(f"stopped: {answers} safe, and the same command goes on")
        raise typer.Exit(130) from None


def _show(line: str) -> None:
    typer.echo(f"\r\x1b[K{line}", err=True, nl=False)


def _say(line: str) -> None:
    typer.echo(line, err=True)
