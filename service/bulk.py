"""What the commands for many texts show, and where: `warta batch`."""

from __future__ import annotations

import time

from service.batch.journal import Totals
from service.batch.run import Job, Progress, run
from service.pipeline import build_pipeline
from service.settings import Settings
from service.terminal import INTERRUPTED, Status, complain


def run_batch(job: Job, settings: Settings) -> int:
    """Does the job, with its progress and a summary on standard error; 1 where a record failed."""
    status = Status()
    last = Totals()

    def watch(progress: Progress) -> None:
        nonlocal last
        last = progress.totals
        status.show(progress_line(job.output.name, progress))

    started = time.perf_counter()
    try:
        totals = run(job, build_pipeline(settings, status.show), watch)
    except KeyboardInterrupt:
        status.clear()
        complain(f"stopped: {last.records:,} records are safe, and the same command goes on")
        return INTERRUPTED
    finally:
        status.clear()
    complain(summary_line(job.output.name, totals, time.perf_counter() - started))
    return 1 if totals.failures else 0


def progress_line(name: str, progress: Progress) -> str:
    """``out.jsonl: 1,200 records, 31 %, 85 words/s, 2 h 05 min left``."""
    totals, before = progress.totals, progress.before
    rate = (totals.words - before.words) / max(progress.seconds, 1e-9)
    # The time that all work so far took, so that a run that went on from 90 % does not promise too much.
    left = totals.seconds * (1 - progress.share) / progress.share if progress.share else 0.0
    parts = [f"{totals.records:,} records", f"{progress.share:.0%}", f"{rate:,.0f} words/s"]
    return f"{name}: {', '.join(parts)}" + (f", about {duration(left)} left" if left else "")


def summary_line(name: str, totals: Totals, seconds: float) -> str:
    """What was done, over all runs; ``seconds`` is what this run took."""
    rate = totals.words / max(totals.seconds, 1e-9)
    counts = f"{totals.records:,} records, {totals.segments:,} segments, {totals.cached:,} from memory"
    found = f"{totals.findings:,} findings, {totals.failures:,} failures"
    return f"{name}: {counts}, {found}; {rate:,.0f} words/s, this run {duration(seconds)}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 05 s`` or ``2 h 05 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
