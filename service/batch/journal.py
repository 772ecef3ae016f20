"""What makes a run survive: the output grows beside its place, and a journal says how much of it counts.

For an output ``out.jsonl`` there are, until it is complete, ``out.jsonl.partial`` (the rows so far),
``out.jsonl.journal`` (one line a commit) and ``out.jsonl.lock``. Rows are written and synced first, then the
line that counts them; after a crash what no line counts is cut off. The input's keys are chained into each
line, so that a run never goes on with another input.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from service.document import Message
from service.errors import UsageError, WartaError
from service.validation import plain, restored

BESIDE = ("partial", "journal", "lock", "made")
"""What there may be beside an output."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What has been done so far; ``seconds`` over all runs."""

    records: int = 0
    failures: int = 0
    segments: int = 0
    words: int = 0
    cached: int = 0
    findings: int = 0
    seconds: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.records + other.records,
            self.failures + other.failures,
            self.segments + other.segments,
            self.words + other.words,
            self.cached + other.cached,
            self.findings + other.findings,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of the journal: how many bytes of the output count, and the chained keys of their records."""

    totals: Totals = field(default_factory=Totals)
    size: int = 0
    chain: str = ""
    complete: bool = False


class Journal:
    """An output being made. Use it as :func:`opened` gives it: locked, with what counts read back."""

    def __init__(self, output: Path, job: Mapping[str, object], head: bytes, shown: Path) -> None:
        self._output = output
        self._shown = shown
        self._job = dict(job)
        self._head = head
        self._partial, self._path = beside(output, "partial"), beside(output, "journal")
        self._data: BinaryIO | None = None
        self._log: BinaryIO | None = None
        self.commits: tuple[Commit, ...] = ()

    @property
    def placed(self) -> bool:
        """Whether an earlier run had put the whole output in its place."""
        # These change in this order: the last line, the partial file, the output; and the journal goes last.
        return self.last.complete and not self._partial.exists() and self._output.exists()

    @property
    def last(self) -> Commit:
        """The last commit, up to which the output counts as written."""
        return self.commits[-1]

    def start(self, *, fresh: bool) -> None:
        """Begin, or go on where an interrupted run stopped. Raises UsageError where neither may be."""
        if fresh:
            self._path.unlink(missing_ok=True)
        found = _read(self._path, self._shown)
        if not found:
            if self._output.exists() and not fresh:
                raise UsageError(
                    "batch.exists", "{path} is there already; --fresh makes it anew", path=self._shown
                )
            self._begin()
            return
        job, commits = found
        if changed := _changes(job, self._job):
            raise UsageError(
                "batch.begun_otherwise",
                "{path} was begun otherwise: {changes}. Go on with what it was begun with, or start over "
                "with --fresh",
                path=self._shown,
                changes="; ".join(changed),
            )
        self.commits = commits
        if not self.placed:
            self._cut()

    def check(self, records: int, chain: str) -> None:
        """Raise UsageError if the input's first ``records`` records are not those that were done."""
        # A chain is known at the end of a commit only.
        for before, after in zip((Commit(), *self.commits), self.commits, strict=False):
            if after.totals.records == records and after.chain != chain:
                raise UsageError(
                    "batch.input_changed",
                    "the input has changed: its records {first} to {last} are not those that {path} was "
                    "begun with; --fresh starts over",
                    first=f"{before.totals.records + 1:,}",
                    last=f"{records:,}",
                    path=self._shown,
                )

    def commit(self, rows: bytes, totals: Totals, chain: str) -> None:
        """Add rows; they count when this returns."""
        if not (self._data and self._log):
            raise WartaError("batch.not_written", "{path} is not being written", path=self._shown)
        made = Commit(totals, self.last.size + len(rows), chain)
        with _told(self._shown, self.last):
            _write(self._data, rows)
            _write(self._log, _line(made))
        # Only the last one and those that an interrupted run left are needed again.
        self.commits = (*self.commits[:-1], made)

    def finish(self, make: Callable[[Path, Path], None] | None = None) -> None:
        """Put the output in its place and take the rest away; ``make`` makes it of the rows."""
        # Else an earlier run had put it in its place, and only the journal was left.
        if self._log and self._data:
            with _told(self._shown, self.last):
                _write(self._log, _line(replace(self.last, complete=True)))
                self.close()
                if make:
                    self._make(make)
                else:
                    self._partial.replace(self._output)
                sync_folder(self._output.parent)
        self._path.unlink()

    def _make(self, make: Callable[[Path, Path], None]) -> None:
        made = beside(self._output, "made")
        make(self._partial, made)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(self._output)
        sync_folder(self._output.parent)
        # Until the rows are gone, the output counts as not made and is made again.
        self._partial.unlink()

    def close(self) -> None:
        """Close the files."""
        for file in (self._data, self._log):
            if file:
                file.close()
        self._data = self._log = None

    def _begin(self) -> None:
        first = Commit(size=len(self._head))
        self.commits = (first,)
        with _told(self._shown, first):
            # The journal comes last: without one, whatever is in the partial file does not count.
            self._data = self._partial.open("wb", buffering=0)
            _write(self._data, self._head)
            self._log = self._path.open("wb", buffering=0)
            _write(self._log, json.dumps(self._job).encode() + b"\n" + _line(first))
            sync_folder(self._output.parent)

    def _cut(self) -> None:
        """Take off what a crash left behind the last commit, in both files."""
        if not self._partial.exists():
            raise WartaError(
                "batch.partial_gone", "{path} is gone; start over with --fresh", path=f"{self._shown}.partial"
            )
        with _told(self._shown, self.last):
            self._data = self._partial.open("r+b", buffering=0)
            if self._data.seek(0, os.SEEK_END) < self.last.size:
                raise WartaError(
                    "batch.partial_short",
                    "{path} is shorter than its journal says; start over with --fresh",
                    path=f"{self._shown}.partial",
                )
            self._data.truncate(self.last.size)
            self._data.seek(self.last.size)
            self._log = self._path.open("r+b", buffering=0)
            # A line without its end was being written in the moment of the crash.
            whole = self._log.read().rpartition(b"\n")[0] + b"\n"
            self._log.truncate(len(whole))
            self._log.seek(len(whole))


@contextmanager
def opened(
    output: Path, job: Mapping[str, object], head: bytes, *, fresh: bool, shown: Path | None = None
) -> Iterator[Journal]:
    """Yield the journal of ``output``, locked: a second run on it raises UsageError.

    ``job`` is all that the rows depend on, ``head`` what the output begins with. Errors name the output as
    ``shown``, else by its path.
    """
    shown = shown or output
    lock = FileLock(beside(output, "lock"))
    try:
        # Made first, as not every reason why it cannot be made is one that the lock tells of.
        beside(output, "lock").touch()
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError("batch.busy", "another run is writing {path}", path=shown) from None
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=shown, reason=error.strerror
        ) from error
    journal = Journal(output, job, head, shown)
    try:
        journal.start(fresh=fresh)
        yield journal
    finally:
        journal.close()
        # While it is still held: filelock sees that the file is gone and takes a new one.
        beside(output, "lock").unlink(missing_ok=True)
        lock.release()


def safe_totals(output: Path) -> Totals:
    """Return what all runs so far have done for ``output`` that a further one goes on behind."""
    try:
        found = _read(beside(output, "journal"), output)
    except (WartaError, OSError):
        return Totals()
    return found[1][-1].totals if found else Totals()


def beside(output: Path, kind: str) -> Path:
    """Return the working file of that kind."""
    return output.with_name(f"{output.name}.{kind}")


def chained(chain: str, key: str) -> str:
    """Return the chain with one more key."""
    return sha256(f"{chain}{key}".encode()).hexdigest()[:32]


def _read(path: Path, shown: Path) -> tuple[dict[str, object], tuple[Commit, ...]] | None:
    """Return the job and the commits of a journal; None for one that no commit was made in."""
    try:
        # Without what follows the last line break: a line that was not written to its end.
        whole = path.read_bytes().rpartition(b"\n")[0].split(b"\n")
    except FileNotFoundError:
        return None
    try:
        job, *lines = (json.loads(line) for line in whole)
        commits = tuple(restored(Commit, line) for line in lines)
    except ValueError as error:
        # Nothing but the first line, or less: no commit was made, so nothing is lost by beginning anew.
        if len(whole) < 2:
            return None
        raise WartaError(
            "batch.journal_damaged", "{path} is damaged; start over with --fresh", path=f"{shown}.journal"
        ) from error
    return (job, commits) if commits else None


def _line(commit: Commit) -> bytes:
    return json.dumps(plain(commit)).encode() + b"\n"


def _changes(old: object, new: object, name: str = "") -> Sequence[str]:
    """Return what differs between two jobs, each as ``name: old → new``."""
    # JSON makes lists of tuples: made of the new one too, before they are compared.
    new = json.loads(json.dumps(new))
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [c for key in keys for c in _changes(old.get(key), new.get(key), f"{name} {key}".strip())]
    return [] if old == new else [f"{name}: {old} → {new}"]


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    # Unbuffered, one call may write less than all.
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())


@contextmanager
def _told(output: Path, last: Commit) -> Iterator[None]:
    """Raise what the system refuses as an error of one line."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = (
            Message.of("batch.disk_full", "the disk is full")
            if full
            else Message.of("file.unwritable", "cannot be written: {reason}", reason=error.strerror)
        )
        raise WartaError(
            "batch.safe",
            "{reason}; {count} record is safe, and the same command goes on",
            plural="{reason}; {count} records are safe, and the same command goes on",
            at=output,
            reason=what,
            count=f"{last.totals.records:,}",
        ) from error


def sync_folder(folder: Path) -> None:
    """Write the folder to disk: a new name is durable only then.

    Windows cannot open one and needs no such call.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
