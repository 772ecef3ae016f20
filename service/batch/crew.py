"""Who does a batch's chunks on one machine: a thread beside the reader, or several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from typing import Protocol

from service.batch.job import Item, Job
from service.batch.work import About, Done, Size, Worker, chunks, collect_seldom
from service.engines.base import cores
from service.errors import WartaError
from service.pipeline import Pipeline, build_pipeline
from service.settings import Settings

AHEAD = 2
"""Chunks a worker that wait or are being done: one under work, one ready."""


Work = Callable[[Sequence[Item]], Done]


class Crew(Protocol):
    """Does chunks, anywhere, and gives them back in their order."""

    @property
    def about(self) -> About:
        """What the rows depend on beside the job."""
        ...

    def done(self, items: Iterator[Item], start: int) -> Iterator[Done]:
        """The items' chunks, done. ``items`` are the job's from number ``start``, counted from 0."""
        ...


class Pool:
    """A crew of an executor's workers; reading goes on while they work, never far ahead of them."""

    def __init__(self, executor: Executor, about: Callable[[], About], work: Work, workers: int) -> None:
        self._executor = executor
        self._about = about
        self._work = work
        self._waiting = workers * AHEAD

    @property
    def about(self) -> About:
        """What the rows depend on beside the job."""
        with _told():
            return self._executor.submit(self._about).result()

    def done(self, items: Iterator[Item], start: int) -> Iterator[Done]:
        """The items' chunks in their order. Raises WartaError where a worker died."""
        del start
        size, waiting = Size(), deque[Future[Done]]()
        with _told():
            for chunk in chunks(items, size):
                waiting.append(self._executor.submit(self._work, chunk))
                if len(waiting) >= self._waiting:
                    yield _taken(waiting, size)
            while waiting:
                yield _taken(waiting, size)


def _taken(waiting: deque[Future[Done]], size: Size) -> Done:
    done = waiting.popleft().result()
    size.took(done.seconds)
    return done


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise WartaError(
            "a worker process died, perhaps for want of memory; what was done is safe, and the same command "
            "goes on"
        ) from error


@contextmanager
def alone(job: Job, pipeline: Pipeline) -> Iterator[Crew]:
    """One worker in this process, with a pipeline that is open."""
    worker = Worker(job, pipeline)
    # What the caller's context holds, such as who asks the engine, holds for the work.
    context = copy_context()
    with _stopping(ThreadPoolExecutor(1, "batch")) as executor:
        yield Pool(executor, lambda: worker.about, lambda chunk: context.run(worker, chunk), 1)


@contextmanager
def processes(job: Job, settings: Settings, workers: int) -> Iterator[Crew]:
    """``workers`` processes, each with its own pipeline and its part of the cores."""
    own = replace(settings, threads=settings.threads or max(1, cores() // workers))
    # Forking a process that has threads is not safe.
    context = multiprocessing.get_context("spawn")
    with _stopping(ProcessPoolExecutor(workers, context, _open, (job, own))) as executor:
        yield Pool(executor, _about, _work, workers)


@contextmanager
def _stopping(executor: Executor) -> Iterator[Executor]:
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


_worker: Worker | None = None
"""This process's, in a process of :func:`processes`."""
_why: WartaError | None = None


def _open(job: Job, settings: Settings) -> None:
    # Ctrl-C reaches every process of the terminal; the one that reads and writes decides.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _worker, _why  # noqa: PLW0603 - an initializer has no other place
    try:
        _worker = Worker(job, build_pipeline(settings, lambda _: None))
        collect_seldom()
    except WartaError as error:
        _why = error


def _opened() -> Worker:
    if not _worker:
        raise _why or WartaError(f"worker {os.getpid()} has no model")
    return _worker


def _about() -> About:
    return _opened().about


def _work(chunk: Sequence[Item]) -> Done:
    return _opened()(chunk)
