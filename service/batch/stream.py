"""A batch to standard output: rows, or a table's own rows, as they are made, and nothing kept beside them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from service.batch.executors import BatchExecutor
from service.batch.job import Inputs, Job, Say
from service.batch.journal import Totals
from service.batch.run import Progress, Watch, run_with
from service.batch.tables import STREAMED, table_lines
from service.batch.worker import Done
from service.document import Message
from service.errors import InputError, WartaError


def stream_with(job: Job, executor: BatchExecutor, out: BinaryIO, watch: Watch, say: Say) -> Totals:
    """Do the job and write what it makes to ``out``; a stopped one begins anew.

    Parquet and Excel cannot be written row by row: they are made whole in the folder of the job's output
    first. Raises what :func:`service.batch.run.run_with` raises, BrokenPipeError.
    """
    if job.table and job.table not in STREAMED:
        totals = run_with(job, executor, watch, say)
        with _told(), job.output.open("rb") as made:
            shutil.copyfileobj(made, out)
            out.flush()
        return totals
    work = _Work(job, executor, out, watch, say)
    if job.table:
        signature = str(executor.about.signature)
        say(Message.of("batch.signature", "signature: {signature}", signature=signature))
    with _told():
        for data in _table(job, work) if job.table else _rows(job, work):
            out.write(data)
        out.flush()
    if work.failed:
        raise InputError("batch.record", "{reason}", reason=work.failed)
    return work.totals


def _table(job: Job, work: _Work) -> Iterator[bytes]:
    try:
        for line in table_lines(job, work.results()):
            yield line.encode("utf-8", "backslashreplace")
    except _Bad:
        return


def _rows(job: Job, work: _Work) -> Iterator[bytes]:
    head, _ = job.format
    yield head(job.columns).encode()
    for done in work.done():
        yield done.rows


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads has had enough
    except OSError as error:
        raise WartaError(
            "batch.stream",
            "standard output cannot be written: {reason}",
            reason=error.strerror or error,
        ) from error


class _Bad(Exception):
    """A strict job is at its first bad record."""


class _Work:
    """The commits of a job as they are done, with their totals."""

    def __init__(self, job: Job, executor: BatchExecutor, out: BinaryIO, watch: Watch, say: Say) -> None:
        self._executor, self._out, self._watch = executor, out, watch
        self._items = Inputs(job, say).items()
        self.totals, self.failed = Totals(), ""

    def done(self) -> Iterator[Done]:
        """Yield commits; what was made of one is on its way before the next is waited for."""
        started = time.perf_counter()
        for done in self._executor.done(self._items):
            seconds = time.perf_counter() - started
            self.totals = replace(self.totals + done.totals, seconds=seconds)
            yield done
            # Whoever took the rows has written them when it comes back here.
            self._out.flush()
            if done.failed:
                # Raised when the rows before it are out.
                self.failed = done.failed
                return
            self._watch(Progress(self.totals, Totals(), seconds, done.share))

    def results(self) -> Iterator[dict[str, object]]:
        """Yield what was made of each row of a table."""
        for done in self.done():
            yield from map(json.loads, done.rows.splitlines())
        if self.failed:
            raise _Bad
