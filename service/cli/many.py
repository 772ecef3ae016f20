"""What the commands for many texts show, and where: batch, memory and translate --lines."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from service.batch.executors import Pool, in_this_process, processes
from service.batch.folder import REPORT, mirror_with
from service.batch.journal import Totals, safe_totals
from service.batch.progress import Teller, progress_line, summary_line
from service.batch.ray import Place, cluster
from service.batch.rows import Names
from service.batch.run import Job, Progress, Watch, run_with
from service.batch.stream import stream_with
from service.batch.tables import as_table
from service.batch.worker import collect_seldom
from service.cli.articles import INTERRUPTED, Status, complain
from service.document import Message
from service.errors import InputError, UsageError, WartaError
from service.intake.records import line_text
from service.messages import text
from service.pipeline import Pipeline, build_pipeline, memory_of
from service.settings import Settings
from service.translation.memory.base import Imported, Memory
from service.translation.memory.forgiving import ForgivingMemory
from service.translation.memory.tmx import TmxReader, write_tmx

AT_ONCE = 1 << 17
"""Bytes of lines that are translated together, at most."""


def run_batch(
    job: Job, settings: Settings, workers: int | None = None, address: str = "", out: BinaryIO | None = None
) -> int:
    """Do the job, with its progress and a summary on standard error; 1 where a record failed.

    With ``address`` it is done by ``workers`` actors of that Ray cluster, else by as many processes here.
    With ``out`` what is made is written there, and the job's output lies in a folder of the moment.
    """
    status = Status()
    teller = Teller(status.show if status.watched else None, status.say)
    wanted, written, name = job.names, Totals(), _name(job, out)

    def watch(progress: Progress) -> None:
        nonlocal written
        written = progress.totals
        teller.tell(progress_line(name, progress))

    started = time.perf_counter()
    try:
        with teller:
            if workers is not None and workers < 1:
                raise UsageError(
                    "command.workers", "workers must be 1 or more, not {workers}", workers=workers
                )
            job = as_table(job)
            name = _name(job, out)
            _say_renamed(job, wanted)
            totals = _worked(job, _Means(settings, workers, address, status, teller), watch, out)
    except KeyboardInterrupt:
        status.clear()
        complain(text(_stopped(written) if out else _safe(job)))
        return INTERRUPTED
    finally:
        status.clear()
    complain(summary_line(name, totals, time.perf_counter() - started))
    if totals.failures:
        where = job.output / REPORT if job.folder else name if out else job.output
        complain(text(Message.of("command.failures", "what failed, and why, is in {path}", path=where)))
    return 1 if totals.failures else 0


def _name(job: Job, out: BinaryIO | None) -> str:
    return text(Message.of("command.standard_output", "standard output")) if out else job.output.name


def _safe(job: Job) -> Message:
    """Return what is said of a stopped job, with what is done in all of its runs."""
    count = safe_totals(job.output / REPORT if job.folder else job.output).records
    if job.folder:
        return Message.of(
            "command.folder_stopped",
            "stopped: {count} file is safe, and the same command goes on",
            plural="stopped: {count} files are safe, and the same command goes on",
            count=f"{count:,}",
        )
    return Message.of(
        "command.batch_stopped",
        "stopped: {count} record is safe, and the same command goes on",
        plural="stopped: {count} records are safe, and the same command goes on",
        count=f"{count:,}",
    )


def _stopped(written: Totals) -> Message:
    return Message.of(
        "command.stream_stopped",
        "stopped: {count} record is written; to standard output the same command begins anew",
        plural="stopped: {count} records are written; to standard output the same command begins anew",
        count=f"{written.records:,}",
    )


@dataclass(frozen=True, slots=True)
class Target:
    """Where a batch's output goes: a file, a ``folder``, or ``out`` by way of a path of its own."""

    path: Path
    folder: bool = False
    out: BinaryIO | None = None


@contextmanager
def target_of(output: str) -> Iterator[Target]:
    """Yield where ``--output`` says that the output goes.

    Raises UsageError for a device or a pipe, WartaError for what cannot be looked at.
    """
    if output in ("-", "/dev/stdout"):
        with TemporaryDirectory(prefix="warta-") as folder:
            yield Target(Path(folder, "out.jsonl"), out=sys.stdout.buffer)
        return
    path = Path(output)
    try:
        found: int | None = path.stat().st_mode
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=path, reason=error.strerror
        ) from error
    if found and not stat.S_ISREG(found) and not stat.S_ISDIR(found):
        raise UsageError(
            "batch.device",
            "{path} is a device or a pipe, where no run could go on; -o - writes to standard output",
            path=path,
        )
    wanted = output.endswith(("/", os.sep)) or (stat.S_ISDIR(found) if found else not path.suffix)
    if wanted and found and not stat.S_ISDIR(found):
        raise UsageError("file.no_folder", "{path} is not a folder", path=path)
    yield Target(path, bool(wanted))


def _say_renamed(job: Job, wanted: Names) -> None:
    """Say which new columns are called otherwise, because the table has some of their names."""
    changed = [
        f"{getattr(wanted, one.name)} → {getattr(job.names, one.name)}"
        for one in fields(Names)
        if getattr(wanted, one.name) != getattr(job.names, one.name)
    ]
    if changed:
        names = ", ".join(changed)
        complain(
            text(Message.of("command.renamed", "the table has columns of these names: {names}", names=names))
        )


@dataclass(frozen=True, slots=True)
class _Means:
    """By whom a job is done, and who is told."""

    settings: Settings
    workers: int | None
    address: str
    status: Status
    teller: Teller

    def say(self, message: Message) -> None:
        """Say something that stays."""
        self.status.say(text(message))


def _worked(job: Job, means: _Means, watch: Watch, out: BinaryIO | None) -> Totals:
    settings, workers, address = means.settings, means.workers, means.address
    if (address or (workers or 1) > 1) and settings.memory and settings.model != "echo":
        # Whoever works elsewhere goes on without a word.
        ForgivingMemory(partial(memory_of, settings), means.status.say)
    if address:
        means.teller.tell(
            text(Message.of("progress.ray", "connecting to Ray ({address}) …", address=address))
        )
        pools: AbstractContextManager[Pool] = cluster(job, settings, Place(address, workers))
    else:
        pools = _here(job, means)
    with pools as pool:
        means.teller.tell(
            text(Message.of("progress.begun", "the first records are at work", at=_name(job, out)))
        )
        if out:
            return stream_with(job, pool, out, watch, means.say)
        return mirror_with(pool, watch, means.say) if job.folder else run_with(job, pool, watch, means.say)


def _here(job: Job, means: _Means) -> AbstractContextManager[Pool]:
    if (workers := means.workers or 1) > 1:
        return processes(job, means.settings, workers)
    pipeline = build_pipeline(means.settings, means.teller.tell, warn=means.status.say)
    collect_seldom()
    return in_this_process(job, pipeline)


def memory_stats(memory: Memory) -> str:
    """Return entries by model, and the size of the file."""
    stats = memory.stats()
    lines = [f"{count:>10,}  {text or 'your own translations'}\n" for text, count in stats.entries.items()]
    return "".join(lines) + f"{sum(stats.entries.values()):>10,}  in all, {stats.size / 1e6:,.1f} MB\n"


def export_memory(memory: Memory, target: Path) -> int:
    """Write all of it as TMX, by way of a ``.partial`` file; how many units."""
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            count = write_tmx(file, memory.translations())
        partial.replace(target)
    except OSError as error:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=target, reason=error.strerror
        ) from error
    return count


def import_tmx(memory: Memory, source: Path) -> str:
    """Take one's own translations; what was taken, in a line. Raises InputError where that is nothing."""
    reader = TmxReader(source)
    done = memory.import_own(reader.units())
    counts = ((reader.passed, "without both languages"), (reader.made, "made by a model"))
    passed = "".join(f"; passed over: {number:,} {why}" for number, why in counts if number)
    if not done.units:
        raise InputError(
            "memory.no_units",
            "no unit of one's own with Indonesian and English{passed}",
            at=source,
            passed=passed,
        )
    return "\n".join([f"{source}: {done.units:,} units{passed}", *_conflicts(done)])


def _conflicts(done: Imported) -> Iterator[str]:
    """Yield what is said of sentences that have more than one translation."""
    if not done.conflicts:
        return
    yield text(
        Message.of(
            "memory.conflicts",
            "{count} unit translates a sentence otherwise than another; the newest is kept:",
            plural="{count} units translate a sentence otherwise than another; the newest is kept:",
            count=f"{done.conflicts:,}",
        )
    )
    for one in done.shown:
        yield f"  {one.source}\n    + {one.kept}\n    - {one.given_up}"
    if (more := done.conflicts - len(done.shown)) > 0:
        yield text(Message.of("memory.conflicts_more", "  and {count} more", count=f"{more:,}"))


def translate_lines(pipeline: Pipeline, source: BinaryIO, target: BinaryIO) -> None:
    """Translate line by line as they come; an empty line stays one. Raises EngineError."""
    collect_seldom()
    for lines in available(source):
        texts = [line_text(line).rstrip("\r\n") for line in lines]
        wanted = [text for text in texts if text.strip()]
        made = iter(pipeline.translate_texts(wanted))
        done = [" ".join(next(made).split("\n")) if text.strip() else text for text in texts]
        # A last line without an end gets one, as every line of a pipe has.
        target.write("".join(f"{text}\n" for text in done).encode("utf-8", "replace"))
        target.flush()


def available(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines that can be read without waiting, at least one and about ``AT_ONCE`` bytes of them."""
    parts = list[bytes]()
    # read1 waits only where nothing is there.
    while data := source.read1(AT_ONCE):  # type: ignore[attr-defined]
        whole, end, rest = data.rpartition(b"\n")
        if not end:
            parts.append(data)
            continue
        yield b"".join((*parts, whole)).split(b"\n")
        parts = [rest] if rest else []
    if parts:
        yield [b"".join(parts)]
