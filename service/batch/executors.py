"""Who does a batch's work on one machine: threads beside the reader, or several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from service.batch.commits import CommitSize, commits
from service.batch.job import Item, Job
from service.batch.worker import About, Done, collect_seldom, process_records, sentences_in
from service.engines.base import cores
from service.errors import WartaError
from service.pipeline import Pipeline, build_pipeline
from service.runtime.parent import end_with_parent
from service.settings import Settings

AHEAD = 2
"""Commits a worker that wait or are being done: one under work, one ready."""
AT_ONCE = 2
"""Commits under work in one process: while one is split, checked or down to its last sentences, the engine
has the other."""

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Work = Callable[[Job, Pipeline, Asked], Made]
"""What a worker does for a job with its pipeline; a function of a module, so that it can travel."""


class BatchExecutor(Protocol):
    """Does the work of commits, anywhere, and gives them back in their order."""

    @property
    def about(self) -> About:
        """What the rows depend on beside the job."""
        ...

    def done(self, items: Iterator[Item]) -> Iterator[Done]:
        """Return the items' commits, done."""
        ...


@dataclass(frozen=True, slots=True)
class Pool:
    """An executor that ``submit`` gives work; reading goes on meanwhile, at most ``waiting`` tasks ahead.

    ``told`` turns the errors of whoever carries the work into ours.
    """

    submit: Callable[[Work[Any, Any], Job, Any], Future[Any]]
    job: Job
    waiting: int
    told: Callable[[], AbstractContextManager[None]]

    @property
    def about(self) -> About:
        """What the rows depend on beside the job."""
        # Only a worker has a pipeline, so one of them is asked.
        with self.told():
            about: About = self.submit(_about, self.job, None).result()
        return about

    def of(self, job: Job) -> Pool:
        """Return the same workers for another job."""
        return replace(self, job=job)

    def done(self, items: Iterator[Item]) -> Iterator[Done]:
        """Yield the items' commits in their order. Raises WartaError where a worker died."""
        size = CommitSize()
        # ``commits`` looks at the size for each new group: what was learnt holds for the next that is read.
        for _, done in self.ordered(process_records, commits(items, size, sentences_in)):
            size.took(done.seconds)
            yield done

    def ordered(self, work: Work[Asked, Made], asked: Iterator[Asked]) -> Iterator[tuple[Asked, Made]]:
        """Yield whatever is asked, in its order, with what ``work`` made of it."""
        waiting = deque[tuple[Asked, Future[Made]]]()
        with self.told():
            for one in asked:
                waiting.append((one, self.submit(work, self.job, one)))
                # The oldest is waited for, whichever is done first: results come in the order of the input.
                if len(waiting) >= self.waiting:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)


def _taken(waiting: deque[tuple[Asked, Future[Made]]]) -> tuple[Asked, Made]:
    asked, future = waiting.popleft()
    return asked, future.result()


def _about(job: Job, pipeline: Pipeline, _: None) -> About:
    del job
    return About.of(pipeline)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise WartaError(
            "batch.worker_died",
            "a worker process died, perhaps for want of memory; what was done is safe, and the same command "
            "goes on",
        ) from error


@contextmanager
def in_this_process(job: Job, pipeline: Pipeline) -> Iterator[Pool]:
    """Yield the workers of this process, which share a pipeline that is open."""
    # What the caller's context holds, such as who asks the engine, holds for the work.
    context = copy_context()

    with _stopping(ThreadPoolExecutor(AT_ONCE, "batch")) as executor:

        def submit(work: Work[object, object], job: Job, asked: object) -> Future[object]:
            # A copy for each, as one context cannot be entered by two threads.
            return executor.submit(context.copy().run, work, job, pipeline, asked)

        yield Pool(submit, job, AT_ONCE + 1, _told)


@contextmanager
def processes(job: Job, settings: Settings, workers: int) -> Iterator[Pool]:
    """Yield ``workers`` processes, each with its own pipeline and its part of the cores.

    They end when this one does, however it ended.
    """
    own = replace(settings, threads=settings.threads or max(1, cores() // workers))
    # Forking a process that has threads is not safe.
    context = multiprocessing.get_context("spawn")
    with _stopping(ProcessPoolExecutor(workers, context, _open, (own,))) as executor:

        def submit(work: Work[object, object], job: Job, asked: object) -> Future[object]:
            return executor.submit(_call, work, job, asked)

        yield Pool(submit, job, workers * AHEAD, _told)


@contextmanager
def _stopping(executor: Executor) -> Iterator[Executor]:
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


_pipeline: Pipeline | None = None
"""This process's, in a process of :func:`processes`."""
_why: WartaError | None = None


def _open(settings: Settings) -> None:
    end_with_parent()
    # Ctrl-C reaches every process of the terminal; the one that reads and writes decides.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _pipeline, _why  # noqa: PLW0603 - an initializer has no other place
    try:
        _pipeline = build_pipeline(settings, lambda _: None)
        collect_seldom()
    # An initializer that raises breaks the pool and its reason is lost: so it is kept until somebody asks.
    except WartaError as error:
        _why = error


def _call(work: Work[object, object], job: Job, asked: object) -> object:
    if not _pipeline:
        raise _why or WartaError("batch.worker_model", "worker {number} has no model", number=os.getpid())
    return work(job, _pipeline, asked)
