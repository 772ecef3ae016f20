"""A batch on many machines: Ray Data reads the job's chunks and gives them to actors that hold the engines.

Ray schedules, starts lost actors anew and gives them their chunks again; the machine that the command runs
on takes the results in order and commits them, as without a cluster. So an output begun here goes on there.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from service.batch.commits import CommitSize, commits
from service.batch.executors import AHEAD, Pool, Work
from service.batch.job import Inputs, Item, Job
from service.batch.worker import About, Done, collect_seldom, process_records, sentences_in
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
CHUNK = 256
"""Sentences in a commit: full batches for an engine, and a few seconds of work on one core."""
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
    """One engine in the cluster. A pickled chunk in, its pickled rows out."""

    def __init__(self, job: Job, settings: Settings) -> None:
        end_with(os.getppid())
        self._job = job
        self._pipeline = build_pipeline(settings, lambda _: None)
        collect_seldom()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        # Only what the reader of this very job pickled.
        items = pickle.loads(row["chunk"])  # noqa: S301
        return {"done": pickle.dumps(process_records(self._job, self._pipeline, items))}


class _Host:
    """One pipeline in the cluster, for whatever a job asks of it."""

    def __init__(self, settings: Settings) -> None:
        end_with(os.getppid())
        self._pipeline = build_pipeline(settings, lambda _: None)
        collect_seldom()

    def call(self, work: Work[Any, Any], job: Job, asked: Any) -> Any:
        return work(job, self._pipeline, asked)


class _Hosts:
    """Actors that each hold a pipeline; Ray starts those that die anew, and asks them again."""

    def __init__(self, settings: Settings, workers: int) -> None:
        ray = import_module("ray")
        host = ray.remote(max_restarts=-1, max_task_retries=-1, **_needs(settings))(_Host)
        self._hosts = [host.remote(settings) for _ in range(workers)]
        self._busy = Counter[int]()

    def submit(self, work: Work[Any, Any], job: Job, asked: Any) -> Future[Any]:
        """Has a host do it that has the least to do."""
        number = min(range(len(self._hosts)), key=self._busy.__getitem__)
        self._busy[number] += 1
        future: Future[Any] = self._hosts[number].call.remote(work, job, asked).future()
        future.add_done_callback(lambda _: self._busy.subtract([number]))
        return future


def _needs(settings: Settings) -> dict[str, float]:
    """What an actor takes of its machine."""
    return {"num_cpus": settings.threads or 1, "num_gpus": settings.device == "cuda"}


def _about(settings: Settings) -> About:
    return About.of(build_pipeline(settings, lambda _: None))


def _asked(settings: Settings) -> About:
    """What a worker of the cluster makes the rows of. Raises what opening its model raises."""
    ray = import_module("ray")
    # max_calls: the process that held the model for this ends.
    ask = ray.remote(max_calls=1, **_needs(settings))(_about)
    with _told():
        about: About = ray.get(ask.remote(settings))
    return about


class _Reader:
    """Ray Data at work inside the cluster, asked for one chunk after the other from outside."""

    def __init__(self, crew: RayCrew, start: int) -> None:
        _settle(import_module("ray"))
        self._done = crew.pickled(start)

    def next(self) -> bytes | None:
        """The next chunk's rows, pickled; None after the last."""
        return next(self._done, None)


class RayCrew:
    """A crew of Ray actors. Use it as :func:`cluster` gives it, connected.

    ``outside`` says that this process is no part of the cluster (``ray://``). Ray Data does not work
    from there, so an actor on the cluster's head runs it.
    """

    def __init__(self, job: Job, settings: Settings, workers: int, *, outside: bool = False) -> None:
        self._job = job
        self._settings = settings
        self._workers = workers
        self._outside = outside

    @property
    def about(self) -> About:
        """What the rows depend on, as a worker of the cluster sees it."""
        return _asked(self._settings)

    def done(self, items: Iterator[Item], start: int) -> Iterator[Done]:
        """The job's chunks from record ``start``, in order; ``items`` are read again where Ray reads them."""
        del items
        with _told():
            for made in self._from_outside(start) if self._outside else self.pickled(start):
                yield pickle.loads(made)  # noqa: S301 - from our own actors

    def _from_outside(self, start: int) -> Iterator[bytes]:
        """What :meth:`pickled` gives on the cluster's head; always two are asked for."""
        ray = import_module("ray")
        head = {"node:__internal_head__": 0.001}
        reader = ray.remote(num_cpus=0, resources=head)(_Reader).remote(self, start)
        asked = deque(reader.next.remote() for _ in range(AHEAD))
        while (made := ray.get(asked.popleft())) is not None:
            asked.append(reader.next.remote())
            yield made

    def pickled(self, start: int) -> Iterator[bytes]:
        """The rows of the job's chunks from record ``start``, in order, each pickled."""
        ray = import_module("ray")
        # On the machine that this process runs on.
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
        read = ray.data.read_datasource(
            _source(self._job, start), override_num_blocks=1, num_cpus=0, label_selector=here
        )
        made = read.map(
            _Actor,
            fn_constructor_args=(self._job, self._settings),
            compute=ray.data.ActorPoolStrategy(size=self._workers),
            **_needs(self._settings),
        )
        for row in made.iter_rows():
            yield row["done"]


def _source(job: Job, start: int) -> Any:
    """A Ray Data source: one task that reads the inputs as a stream, a block a chunk."""
    import pyarrow
    from ray.data import Datasource, ReadTask
    from ray.data.block import BlockMetadata

    sizes = Inputs(job).sizes

    def read() -> Iterable[Any]:
        inputs = Inputs(job)
        if inputs.sizes != sizes:
            raise UsageError(
                "batch.cluster_inputs",
                "the cluster does not see the same inputs: they must be at the same paths there",
            )
        for chunk in commits(islice(inputs.items(), start, None), CommitSize(CHUNK), sentences_in):
            yield pyarrow.table({"chunk": [pickle.dumps(chunk)]})

    class Source(Datasource):
        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ReadTask]:
            del parallelism
            about = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(read, about)]

        def estimate_inmemory_data_size(self) -> int | None:
            return None

    source: Any = Source
    return source()


@contextmanager
def cluster(job: Job, settings: Settings, place: Place) -> Iterator[RayCrew]:
    """The crew of a Ray cluster; ``local`` starts one that only this machine can reach.

    Raises UsageError for more workers than it has cores, WartaError where the cluster cannot be reached.
    """
    with _connected(settings, place) as (own, workers):
        _settle(import_module("ray"))
        yield RayCrew(job, own, workers, outside=place.address.startswith("ray://"))


@contextmanager
def hosts(job: Job, settings: Settings, place: Place) -> Iterator[Pool]:
    """The same for what is no stream of records: this process reads, and hands to the cluster's actors."""
    with _connected(settings, place) as (own, workers):
        # A model that is not there is said here, and not as an actor's death.
        _asked(own)
        yield Pool(_Hosts(own, workers).submit, job, workers * AHEAD, _told)


@contextmanager
def _connected(settings: Settings, place: Place) -> Iterator[tuple[Settings, int]]:
    """A connection to Ray; the settings of a worker, and how many there are to be."""
    os.environ.update(_TOLD)
    if place.address == LOCAL:
        os.environ.update(_ALONE)
    elif "RAY_AUTH_MODE" not in os.environ and _has_token():
        os.environ.update(_TOKEN)
    try:
        ray = import_module("ray.data") and import_module("ray")
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
    """Whether Ray would find a token: in the environment, in a file named there, or in its own."""
    return "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ or TOKEN.exists()


def connect(ray: Any, place: Place) -> None:
    """Connects ``ray`` to the place. Raises what Ray raises, from ``ray://`` after some trials."""
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
                ray.shutdown()
            else:
                return


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing on standard error meanwhile: Ray's C++ part writes there at which level it logs."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _settle(ray: Any) -> None:
    """Results in order, every chunk a block of its own, nothing on the terminal."""
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1
    context.enable_progress_bars = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def _told() -> Iterator[None]:
    """What Ray raises, as the error of ours that it wraps or in a line."""
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
