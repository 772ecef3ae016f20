"""A batch: inputs to one output, in commits of many articles whose sentences share the engine's batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from service.batch.executors import BatchExecutor, in_this_process
from service.batch.job import Inputs, Item, Job, Say
from service.batch.journal import Journal, Totals, chained, opened
from service.batch.outputs import maker_of
from service.batch.tables import as_table, joiner_of
from service.batch.worker import About, Done, counted
from service.errors import InputError
from service.pipeline import Pipeline

__all__ = ("Job", "Progress", "Watch", "counted", "described", "run", "run_with")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is. ``before`` is what earlier runs had done; ``share`` of the input is an estimate.

    Only the texts are counted, so a table with many other columns is done sooner than it says.
    """

    totals: Totals
    before: Totals
    seconds: float
    share: float


Watch = Callable[[Progress], None]


def run(job: Job, pipeline: Pipeline, watch: Watch = lambda _: None) -> Totals:
    """Do the job with one pipeline, as :func:`run_with` does."""
    job = as_table(job)
    with in_this_process(job, pipeline) as executor:
        return run_with(job, executor, watch)


def run_with(
    job: Job, executor: BatchExecutor, watch: Watch = lambda _: None, say: Say = lambda _: None
) -> Totals:
    """Do the job, or the rest of it; return what has been done in all runs.

    Whatever stops it (a signal, a full disk, Ctrl-C), calling it again goes on and gives the output that
    one uninterrupted run gives, with whatever executor. Raises UsageError for an output in use or begun
    otherwise, InputError for a bad record where the job is strict, WartaError and EngineError for what the
    system or the model refuses.
    """
    inputs = Inputs(job, say)
    head, _ = job.format
    first, about = head(job.columns).encode(), executor.about
    what, shown = described(job, about, inputs.sizes), job.shown(job.output)
    with opened(job.output, what, first, fresh=job.fresh, shown=shown) as journal:
        if not journal.placed:
            _work(journal, executor, inputs.items(), watch)
        # A table is joined to its input at the end, other rows are packed or made Parquet where the name says
        # so.
        journal.finish(joiner_of(job, about.signature) if job.table else maker_of(job.output))
        return journal.last.totals


def _work(journal: Journal, executor: BatchExecutor, items: Iterator[Item], watch: Watch) -> None:
    """Do what is not done yet; each commit's records count when it is in the journal."""
    before = journal.last.totals
    chain = _skipped(journal, items)
    started = last = time.perf_counter()
    for done in executor.done(items):
        now = time.perf_counter()
        totals = replace(journal.last.totals + done.totals, seconds=journal.last.totals.seconds + now - last)
        last = now
        chain = _committed(journal, done, totals, chain)
        if done.failed:
            raise InputError("batch.record", "{reason}", reason=done.failed)
        watch(Progress(totals, before, now - started, done.share))


def _committed(journal: Journal, done: Done, totals: Totals, chain: str) -> str:
    """Commit rows; return the chain with them."""
    for key in done.keys:
        chain = chained(chain, key)
    # Nothing but the bad record of a strict job leaves nothing to commit.
    if done.keys:
        journal.commit(done.rows, totals, chain)
    return chain


def _skipped(journal: Journal, items: Iterator[Item]) -> str:
    """Pass over what is done, making sure that it is the same input; the chain up to there."""
    chain, last = "", journal.last
    for number in range(1, last.totals.records + 1):
        item = next(items, None)
        chain = chained(chain, item.record.key if item else "")
        journal.check(number, chain)
    return chain


def described(job: Job, about: About | Pipeline, sizes: Mapping[str, tuple[int, int]]) -> dict[str, object]:
    """Return all that the rows depend on, but the content of the records, which the chain holds."""
    brief = asdict(job.brief) if job.task != "translate" else {}
    return {
        "task": job.task,
        "column": job.column,
        "keep-boilerplate": job.keep_furniture,
        # Only where they are wanted, so that a journal from before there was such an option still fits.
        **({"raw": True} if job.raw else {}),
        **({"attributes": True} if job.attributes else {}),
        **({"keys": list(job.keys)} if job.keys else {}),
        **({"table": job.table, "columns": asdict(job.names)} if job.table else {}),
        **brief,
        **asdict(about.signature),
        "your own translations": about.own_translations,
        "inputs": {name: f"{files:,} files, {size:,} bytes" for name, (files, size) in sizes.items()},
    }
