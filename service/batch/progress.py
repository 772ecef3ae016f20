"""A batch's progress and its summary, in a line each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from service.batch.journal import Totals
from service.batch.run import Progress
from service.document import Message
from service.messages import text

SOON, EVERY = 4.0, 60.0
"""Seconds from a process's start until a log has its first line of progress, and between two lines."""


class Teller:
    """Tells how far a run is: a terminal at once, a log file soon and then once a minute.

    ``show`` writes over a terminal's line, and is None where nobody watches; ``say`` writes a line that
    stays. In a log the last line is written again where nothing new was told: so it is known that the run
    goes on.
    """

    def __init__(self, show: Callable[[str], None] | None, say: Callable[[str], None]) -> None:
        self._show, self._say, self._line = show, say, ""
        # An Event and not a sleep, so that the end of the run ends the wait at once.
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)

    def __enter__(self) -> Teller:
        if not self._show:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if not self._show:
            self._thread.join()

    def tell(self, line: str) -> None:
        """Take what is to be said now."""
        self._line = line
        if self._show:
            self._show(line)

    def _tell(self) -> None:
        # Who waits has counted since the command began, and a busy machine takes seconds to load it.
        wait = max(SOON - running(), 0.0)
        while not self._over.wait(wait):
            if self._line:
                self._say(self._line)
            wait = EVERY


def running() -> float:
    """Return for how many seconds this process has been running, 0.0 where the system does not tell."""
    try:
        # The name of the program may hold spaces and brackets; the start is the 20th field behind it.
        fields = Path("/proc/self/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, IndexError, ValueError):
        return 0.0


def progress_line(name: str, progress: Progress) -> str:
    """Return ``out.jsonl: 1,200 records, 31 %, 85 words/s, 2 h 05 min left``."""
    totals, before = progress.totals, progress.before
    # The speed of this run alone.
    rate = (totals.words - before.words) / max(progress.seconds, 1e-9)
    # The time that all work so far took, so that a run that went on from 90 % does not promise too much.
    left = totals.seconds * (1 - progress.share) / progress.share if progress.share else 0.0
    rest = Message.of("progress.left", ", about {time} left", time=duration(left)) if left else ""
    line = Message.of(
        "progress.batch",
        "{count} record, {share}, {rate} words/s{left}",
        plural="{count} records, {share}, {rate} words/s{left}",
        at=name,
        count=f"{totals.records:,}",
        share=f"{progress.share:.0%}",
        rate=f"{rate:,.0f}",
        left=rest,
    )
    return text(line)


def summary_line(name: str, totals: Totals, seconds: float) -> str:
    """Return what was done, over all runs; ``seconds`` is what this run took."""
    rate = totals.words / max(totals.seconds, 1e-9)
    segments = Message.of(
        "progress.segments", "{count} segment", plural="{count} segments", count=f"{totals.segments:,}"
    )
    findings = Message.of(
        "progress.findings", "{count} finding", plural="{count} findings", count=f"{totals.findings:,}"
    )
    failures = Message.of(
        "progress.failures", "{count} failure", plural="{count} failures", count=f"{totals.failures:,}"
    )
    line = Message.of(
        "progress.batch_done",
        "{count} record, {segments}, {cached} from memory, {findings}, {failures}; {rate} words/s, "
        "this run {time}",
        plural="{count} records, {segments}, {cached} from memory, {findings}, {failures}; {rate} words/s, "
        "this run {time}",
        at=name,
        count=f"{totals.records:,}",
        segments=segments,
        cached=f"{totals.cached:,}",
        findings=findings,
        failures=failures,
        rate=f"{rate:,.0f}",
        time=duration(seconds),
    )
    return text(line)


def duration(seconds: float) -> str:
    """Return ``45 s``, ``3 min 05 s`` or ``2 h 05 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return text(Message.of("time.hours", "{hours} h {minutes} min", hours=hours, minutes=f"{minutes:02}"))
    if minutes:
        return text(
            Message.of("time.minutes", "{minutes} min {seconds} s", minutes=minutes, seconds=f"{rest:02}")
        )
    return text(Message.of("time.seconds", "{seconds} s", seconds=rest))
