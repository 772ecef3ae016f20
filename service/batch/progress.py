"""A batch's progress and its summary, in a line each."""

from __future__ import annotations

from service.batch.journal import Totals
from service.batch.run import Progress


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
