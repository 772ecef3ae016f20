"""A batch on many machines: a pool of Ray actors, each with its own pipeline.

The command reads the inputs and hands the actors their commits, as it does to processes on one machine.
Ray places the actors, starts lost ones anew and asks them again; the command takes the results in order and
commits each once. So an output begun here goes on there, and a cluster may be reached from outside
(``ray://``).
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from service.batch.executors import AHEAD, Pool, Work
from service.batch.job import Job
from service.batch.worker import About, collect_seldom
from service.errors import UsageError, WartaError
from service.intake.compression import need
from service.pipeline import build_pipeline
from service.runtime.parent import end_with
from service.settings import Settings

LOCAL = "local"
TOKEN = Path.home() / ".ray" / "auth_token"
TRIALS = 4
"""How often a cluster's client server is asked for a session."""
# It forks while gRPC's threads run, and now and then the child dies of that (ray-project/ray#63202).
_UNLUCKY = "Starting Ray client server failed"
# Ray reads these when it is imported. It reports its use to its makers unless told not to; its C++ part
# writes warnings to the terminal; and it listens on every interface unless it is to be no cluster.
_TOLD = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
# A cluster started where there is a token asks for it; a client sends it only when told to.
_TOKEN = {"RAY_AUTH_MODE": "token"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where: ``address`` is ``local``, ``ray://host:port``, ``host:port`` or ``auto``; ``workers`` actors."""

    address: str
    workers: int | None = None


class _Actor:
    """One actor: a pipeline in the cluster, for whatever a job asks of it."""

    def __init__(self, settings: Settings) -> None:
        end_with(os.getppid())
        self._pipeline = build_pipeline(settings, lambda _: None)
        collect_seldom()

    def call(self, work: Work[object, object], job: Job, asked: object) -> object:
        return work(job, self._pipeline, asked)


class _Actors:
    """Actors that each hold a pipeline; Ray starts those that die anew, and asks them again."""

    def __init__(self, settings: Settings, workers: int) -> None:
        ray = import_module("ray")
        # -1: without end.
        actor = ray.remote(max_restarts=-1, max_task_retries=-1, **_needs(settings))(_Actor)
        self._actors = [actor.remote(settings) for _ in range(workers)]
        self._busy = Counter[int]()
        # Ray calls back in a thread of its own.
        self._lock = threading.Lock()

    def submit(self, work: Work[object, object], job: Job, asked: object) -> Future[object]:
        """Submit to the least-busy actor."""
        with self._lock:
            number = min(range(len(self._actors)), key=self._busy.__getitem__)
            self._busy[number] += 1
        future: Future[object] = self._actors[number].call.remote(work, job, asked).future()
        # Not under the lock: of a future that is done already, this calls back at once.
        future.add_done_callback(lambda _: self._freed(number))
        return future

    def _freed(self, number: int) -> None:
        with self._lock:
            self._busy[number] -= 1


def _needs(settings: Settings) -> dict[str, float]:
    """Return what an actor takes of its machine."""
    return {"num_cpus": settings.threads or 1, "num_gpus": settings.device == "cuda"}


def _about(settings: Settings) -> About:
    return About.of(build_pipeline(settings, lambda _: None))


def _asked(settings: Settings) -> About:
    """Return what a worker of the cluster makes the rows of. Raises what opening its model raises."""
    ray = import_module("ray")
    # max_calls: the process that held the model for this ends.
    ask = ray.remote(max_calls=1, **_needs(settings))(_about)
    with _told():
        about: About = ray.get(ask.remote(settings))
    return about


@contextmanager
def cluster(job: Job, settings: Settings, place: Place) -> Iterator[Pool]:
    """Yield a pool of actors on a Ray cluster; ``local`` starts one that only this machine can reach.

    Raises UsageError for more workers than it has cores, WartaError where the cluster cannot be reached.
    """
    with _connected(settings, place) as (own, workers):
        # A model that is not there is said here, and not as an actor's death.
        _asked(own)
        yield Pool(_Actors(own, workers).submit, job, workers * AHEAD, _told)


@contextmanager
def _connected(settings: Settings, place: Place) -> Iterator[tuple[Settings, int]]:
    """Yield a connection to Ray; the settings of a worker, and how many there are to be."""
    # Before Ray is imported, which reads them only then.
    os.environ.update(_TOLD)
    if place.address == LOCAL:
        os.environ.update(_ALONE)
    elif "RAY_AUTH_MODE" not in os.environ and _has_token():
        os.environ.update(_TOKEN)
    try:
        ray = import_module("ray")
    except ImportError as error:
        raise need(error, "cluster", "Ray") from error
    with _told():
        connect(ray, place)
    try:
        own = replace(settings, threads=settings.threads or 1)
        free = int(ray.cluster_resources().get("CPU", 1))
        workers = place.workers or max(1, free // (own.threads or 1))
        if workers * (own.threads or 1) > free:
            raise UsageError(
                "batch.cluster_cores",
                "{workers} workers with {threads} cores each are more than the cluster's {free} cores",
                workers=workers,
                threads=own.threads,
                free=free,
            )
        yield own, workers
    finally:
        ray.shutdown()


def _has_token() -> bool:
    """Return whether Ray would find a token: in the environment, in a file named there, or in its own."""
    return "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ or TOKEN.exists()


def connect(ray: Any, place: Place) -> None:
    """Connect ``ray`` to the place. Raises what Ray raises, from ``ray://`` after some trials."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    with _silent():
        if place.address == LOCAL:
            # Never a cluster that another program started here.
            ray.init(address="local", include_dashboard=False, **quiet)
            return
        for trial in range(TRIALS):
            try:
                ray.init(address=place.address, **quiet)
            except (ConnectionError, RuntimeError) as error:
                if _UNLUCKY not in str(error) or trial == TRIALS - 1:
                    raise
                # A session that was half begun stands in the way of the next.
                ray.shutdown()
            else:
                return


@contextmanager
def _silent() -> Iterator[None]:
    """Keep standard error silent meanwhile: Ray's C++ part writes there at which level it logs."""
    # On the descriptor: what is written from C++ does not pass through sys.stderr.
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def _told() -> Iterator[None]:
    """Raise what Ray raises as the error of ours that it wraps, or in a line."""
    from ray.exceptions import RayError

    try:
        yield
    except (WartaError, RayError, ConnectionError, ValueError, RuntimeError) as error:
        if isinstance(error, WartaError) and not isinstance(error, RayError):
            raise
        # What our code raised in a task comes as an error that is both, and says where in many lines.
        cause: BaseException | None = error
        while cause:
            inner = getattr(cause, "cause", None) or cause.__cause__
            if isinstance(inner, WartaError) and not isinstance(inner, RayError):
                raise inner from error
            cause = inner if isinstance(inner, BaseException) else None
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise WartaError("batch.ray", "Ray: {reason}", reason=said[-1]) from error
