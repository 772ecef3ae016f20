"""Work in the background: a job is a folder, and whatever stops the server, the next one goes on with it.

A folder holds ``job.json``, the input, and what :mod:`service.batch` makes beside it. One thread runs one job
at a time, in turn between owners; its sentences take what places others leave in the model's batches.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from service.batch import run as batch
from service.batch.away import run_away
from service.batch.journal import Totals, beside
from service.batch.rows import META
from service.batch.tables import made_by
from service.context import Ask, asking
from service.document import Message
from service.errors import Cancelled, StoreError, UsageError, WartaError
from service.pipeline import SummaryRequest
from service.pool import Host
from service.summary.summarizer import Length
from service.validation import plain, restored

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OVER = (DONE, FAILED, CANCELLED)
ID = re.compile(r"[0-9a-f]{32}")

# What one commit may add to a result, at most, before its size is looked at again.
_CHUNK_BYTES = 100_000_000
_STATE, _RESULT = "job.json", "result.jsonl"
_LOG = logging.getLogger("warta.server.jobs")


class Full(WartaError):
    """No room for another job."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``count`` jobs in all, ``each`` unfinished ones of an owner; bytes of all and of one; seconds kept."""

    count: int = 100
    each: int = 10
    total_bytes: int = 1_000_000_000
    job_bytes: int = 200_000_000
    seconds: float = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of the input; ``owner`` is the ID of an API key, empty for nobody's."""

    owner: str = ""
    task: str = "translate"
    model: str = "auto"
    column: str = "text"
    keep_furniture: bool = False
    route: str = "auto"
    sentences: int = 3
    words: int | None = None
    language: str = "en"
    wide: bool = False

    @property
    def brief(self) -> SummaryRequest:
        """What kind of summary."""
        return SummaryRequest(self.route, Length(self.sentences, self.words), self.language)


@dataclass(frozen=True, slots=True)
class Status:
    """A job. Times are in seconds since 1970; ``share`` is how much of the input is done, about."""

    id: str
    order: Order
    input: str
    created: float
    state: str = QUEUED
    ended: float = 0.0
    share: float = 0.0
    totals: Totals = field(default_factory=Totals)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The file that a job made, and what its rows depend on, where that is said beside them."""

    path: Path
    signature: str

    def chunks(self) -> Iterator[bytes]:
        """Yield the file."""
        with self.path.open("rb") as file:
            while data := file.read(1 << 16):
                yield data


class Jobs:
    """The jobs below ``folder``. Safe from several threads; one process at a time."""

    def __init__(
        self, folder: Path, host: Host, limits: Limits = Limits(), clock: Callable[[], float] = time.time
    ) -> None:
        """Prepare; nothing is read and nothing runs before :meth:`start`."""
        self._folder = folder
        self._host = host
        self._limits = limits
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = False
        # When each owner last had a job begun.
        self._turns: dict[str, float] = {}
        self._running: tuple[str, Ask] | None = None
        self.why: Message | None = None
        # Not the thread's own: whoever closes is not in the thread that started.
        self._lock = FileLock(folder / ".lock", thread_local=False)
        self._jobs: dict[str, Status] = {}
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    @property
    def open(self) -> bool:
        """Whether this process runs the jobs here; another one may."""
        return bool(self._lock.is_locked)

    @property
    def stopping(self) -> bool:
        """Whether no further job is begun."""
        return self._stopping

    def start(self) -> None:
        """Read what is there and begin to work, first on what was not finished.

        Where that cannot be done, nothing is open, and ``why`` says the reason: all else may go on.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=0)
            self._jobs = {status.id: status for status in self._read()}
        except Timeout:
            self.why = Message.of("jobs.other_server", "another server runs the jobs of this home")
        except OSError as error:
            self.why = Message.of(
                "jobs.unavailable", "jobs cannot be kept: {reason}", reason=error.strerror or error
            )
        if self.why:
            _LOG.warning("%s", self.why)
            self._lock.release()
        else:
            self._thread.start()

    def close(self, seconds: float | None = None) -> None:
        """Stop the job that runs; the next start goes on behind its last commit.

        Waits ``seconds`` at most.
        """
        with self._changed:
            self._stopping = True
            if self._running:
                self._running[1].cancelled.set()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._lock.release()

    def submit(self, order: Order, put: Callable[[Path], Path]) -> Status:
        """Return a new job; ``put`` writes its input into a folder and gives where.

        Raises Full, StoreError, what ``put`` raises, and what :meth:`Host.pipeline` does for the model.
        """
        # By its name: what auto means may change before the job is done.
        order = replace(order, model=self._host.pipeline(order.model).signature.preset)
        id = secrets.token_hex(16)
        with _told():
            self._admit(order.owner)
            self._path(id).mkdir(parents=True, mode=0o700)
            try:
                name = put(self._path(id)).name
                # The status comes after the input: a folder without one was never taken on, and is removed at
                # a start.
                made = Status(id, order, name, self._clock())
                self._write(made)
            except BaseException:  # a request that is cancelled leaves no folder either
                shutil.rmtree(self._path(id), ignore_errors=True)
                raise
        with self._changed:
            self._jobs[id] = made
            self._changed.notify_all()
        return made

    def get(self, id: str, owner: str) -> Status | None:
        """Return a job of that owner."""
        found = self._jobs.get(id)
        return found if found and found.order.owner == owner else None

    def all(self, owner: str) -> list[Status]:
        """Return the jobs of an owner, newest first."""
        with self._changed:
            found = [status for status in self._jobs.values() if status.order.owner == owner]
        return sorted(found, key=lambda status: -status.created)

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are of each state."""
        with self._changed:
            states = [status.state for status in self._jobs.values()]
        return {state: states.count(state) for state in (QUEUED, RUNNING, *OVER)}

    def cancel(self, id: str) -> None:
        """Stop a job; one that is over stays as it is. Raises StoreError."""
        with self._changed:
            status = self._jobs.get(id)
            if not status or status.state in OVER:
                return
            # Noted before it is stopped: whatever the worker then says of it counts no more.
            self._set(replace(status, state=CANCELLED, ended=self._clock()))
            if self._running and self._running[0] == id:
                self._running[1].cancelled.set()
            else:
                # One that runs is cleaned by the worker, when nothing writes into the folder any more.
                self._clean(id)

    def delete(self, id: str) -> None:
        """Cancel a job and, when the batch that runs has ended, remove it. Raises StoreError."""
        self.cancel(id)
        with self._changed:
            # The wait lets go of the lock, which the worker needs to end the job.
            self._changed.wait_for(lambda: not (self._running and self._running[0] == id))
            if self._jobs.pop(id, None):
                shutil.rmtree(self._path(id), ignore_errors=True)

    def result(self, status: Status) -> Result:
        """Return what a job that is done has made."""
        path = made_by(self._job(status))
        beside_it = beside(path, META)
        said = json.loads(beside_it.read_text("utf-8")) if beside_it.exists() else {}
        return Result(path, str(said.get("signature", "")))

    # The worker's side.

    def _work(self) -> None:
        while taken := self._next():
            status, ask = taken
            self._noted(status, state=RUNNING)
            ended = self._ran(status, ask)
            with self._changed:
                # It may have been cancelled meanwhile.
                if self._jobs[status.id].state == RUNNING:
                    self._noted(self._jobs[status.id], **ended)
                if self._jobs[status.id].state == CANCELLED:
                    self._clean(status.id)
                self._running = None
                self._changed.notify_all()

    def _next(self) -> tuple[Status, Ask] | None:
        """Return the job whose owner has waited longest, now at work; None where the server stops."""
        with self._changed:
            while not self._stopping:
                self._tidy()
                waiting = [status for status in self._jobs.values() if status.state == QUEUED]
                if waiting:
                    # By the owner first, so that one with many jobs does not keep others waiting.
                    status = min(waiting, key=lambda s: (self._turns.get(s.order.owner, 0.0), s.created))
                    self._running = status.id, Ask(f"job {status.id}", background=True)
                    self._turns[status.order.owner] = self._clock()
                    return status, self._running[1]
                # Woken now and then to remove what has become too old.
                self._changed.wait(60)
        return None

    def _noted(self, status: Status, **changes: Any) -> None:
        """Note what became of a job, on disk too if that can be written: the work must go on."""
        with self._changed:
            if self._jobs[status.id].state != CANCELLED:
                try:
                    self._set(replace(status, **changes))
                except StoreError as error:
                    _LOG.error("%s", error)

    def _ran(self, status: Status, ask: Ask) -> dict[str, object]:
        """Run a job to its end; what becomes of its status."""
        try:
            with asking(ask):
                totals = self._batch(status, ask)
        except Cancelled:
            # Cancelled by its owner it is noted already; else the server stops and goes on later.
            return {"state": QUEUED}
        except WartaError as error:
            return {"state": FAILED, "error": " ".join(str(error).split()), "ended": self._clock()}
        except Exception:
            _LOG.exception("job failed")
            return {"state": FAILED, "error": "the server failed on this job", "ended": self._clock()}
        return {"state": DONE, "share": 1.0, "totals": totals, "ended": self._clock()}

    def _batch(self, status: Status, ask: Ask) -> Totals:
        order, folder = status.order, self._path(status.id)

        def watch(progress: batch.Progress) -> None:
            with self._changed:
                # In memory only: on disk the journal of the batch knows it better.
                if self._jobs[status.id].state == RUNNING:
                    now = self._jobs[status.id]
                    self._jobs[status.id] = replace(now, totals=progress.totals, share=progress.share)
            if _size(folder) > self._limits.job_bytes:
                raise UsageError(
                    "jobs.result_size",
                    "the result is larger than the limit of {size} bytes",
                    size=f"{self._limits.job_bytes:,}",
                )
            ask.check()

        # The watch looks after each chunk; one chunk may write so much more before it is seen.
        return run_away(
            self._host, self._job(status), order.model, watch, self._limits.job_bytes + _CHUNK_BYTES
        )

    def _job(self, status: Status) -> batch.Job:
        order, folder = status.order, self._path(status.id)
        return batch.Job(
            [folder / status.input],
            folder / _RESULT,
            order.task,
            order.column,
            order.brief,
            order.keep_furniture,
            base=folder,
            wide=order.wide,
            follow=True,
        )

    # What is kept.

    def _admit(self, owner: str) -> None:
        with self._changed:
            self._tidy()
            jobs = list(self._jobs.values())
        own = sum(status.order.owner == owner and status.state not in OVER for status in jobs)
        if own >= self._limits.each:
            raise Full(
                "jobs.too_many",
                "{count} job is waiting or at work already; the limit is {limit}",
                plural="{count} jobs are waiting or at work already; the limit is {limit}",
                count=own,
                limit=self._limits.each,
            )
        if len(jobs) >= self._limits.count:
            raise Full(
                "jobs.kept",
                "{count} job is kept, the limit; delete it, or wait",
                plural="{count} jobs are kept, the limit; delete some, or wait",
                count=len(jobs),
            )
        if _size(self._folder) > self._limits.total_bytes:
            raise Full(
                "jobs.room",
                "the jobs take more than {size} bytes; delete some, or wait",
                size=f"{self._limits.total_bytes:,}",
            )

    def _tidy(self) -> None:
        """Remove what ended long ago. The lock is held."""
        oldest = self._clock() - self._limits.seconds
        for status in [s for s in self._jobs.values() if s.state in OVER and s.ended < oldest]:
            del self._jobs[status.id]
            shutil.rmtree(self._path(status.id), ignore_errors=True)

    def _clean(self, id: str) -> None:
        """Leave of a cancelled job only what was said of it."""
        for path in self._path(id).iterdir():
            if path.name != _STATE:
                path.unlink(missing_ok=True)

    def _set(self, status: Status) -> None:
        self._jobs[status.id] = status
        with _told():
            self._write(status)

    def _write(self, status: Status) -> None:
        """Write the status, whole or not at all."""
        path = self._path(status.id) / _STATE
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(plain(status), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def _read(self) -> Iterator[Status]:
        """Yield every job that was kept; one that ran when the server ended is queued again."""
        for folder in sorted(self._folder.iterdir()):
            if not ID.fullmatch(folder.name):
                continue
            try:
                status = restored(Status, json.loads((folder / _STATE).read_text("utf-8")))
            except FileNotFoundError:
                # Whoever sent it was never told that it was taken.
                shutil.rmtree(folder, ignore_errors=True)
                continue
            except (OSError, ValueError):
                _LOG.error("a job cannot be read, and is left as it is")
                continue
            # The batch goes on behind the last commit of its journal.
            yield replace(status, state=QUEUED) if status.state == RUNNING else status

    def _path(self, id: str) -> Path:
        return self._folder / id


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the system refuses as an error of one line."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            "jobs.unavailable", "jobs cannot be kept: {reason}", reason=error.strerror or error
        ) from error


def _size(folder: Path) -> int:
    """Return bytes of the files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
