"""What the commands for many texts show, and where: batch, memory and translate --lines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import BinaryIO

from service.batch.executors import Pool, in_this_process, processes
from service.batch.folder import REPORT, mirror_with
from service.batch.journal import Totals
from service.batch.progress import progress_line, summary_line
from service.batch.ray import Place, cluster
from service.batch.rows import Names
from service.batch.run import Job, Progress, Watch, run_with
from service.batch.tables import as_table
from service.batch.worker import collect_seldom
from service.cli.articles import INTERRUPTED, Status, complain
from service.document import Message
from service.errors import InputError, UsageError, WartaError
from service.intake.records import line_text
from service.messages import text
from service.pipeline import Pipeline, build_pipeline, memory_of
from service.settings import Settings
from service.translation.memory.base import Memory
from service.translation.memory.forgiving import ForgivingMemory
from service.translation.memory.tmx import TmxReader, write_tmx

AT_ONCE = 1 << 17
"""Bytes of lines that are translated together, at most."""


def run_batch(job: Job, settings: Settings, workers: int | None = None, address: str = "") -> int:
    """Do the job, with its progress and a summary on standard error; 1 where a record failed.

    With ``address`` it is done by ``workers`` actors of that Ray cluster, else by as many processes here.
    """
    status = Status()
    last, wanted = Totals(), job.names

    def watch(progress: Progress) -> None:
        nonlocal last
        last = progress.totals
        status.show(progress_line(job.output.name, progress))

    started = time.perf_counter()
    try:
        if workers is not None and workers < 1:
            raise UsageError("command.workers", "workers must be 1 or more, not {workers}", workers=workers)
        job = as_table(job)
        _say_renamed(job, wanted)
        totals = _worked(job, settings, workers, address, status, watch)
    except KeyboardInterrupt:
        status.clear()
        complain(
            text(
                Message.of(
                    "command.batch_stopped",
                    "stopped: {count} record is safe, and the same command goes on",
                    plural="stopped: {count} records are safe, and the same command goes on",
                    count=f"{last.records:,}",
                )
            )
        )
        return INTERRUPTED
    finally:
        status.clear()
    complain(summary_line(job.output.name, totals, time.perf_counter() - started))
    if totals.failures:
        where = job.output / REPORT if job.folder else job.output
        complain(text(Message.of("command.failures", "what failed, and why, is in {path}", path=where)))
    return 1 if totals.failures else 0


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


def _worked(
    job: Job, settings: Settings, workers: int | None, address: str, status: Status, watch: Watch
) -> Totals:
    if (address or (workers or 1) > 1) and settings.memory and settings.model != "echo":
        # Whoever works elsewhere goes on without a word.
        ForgivingMemory(partial(memory_of, settings), status.say)
    if address:
        status.show(text(Message.of("progress.ray", "connecting to Ray ({address}) …", address=address)))
        pools: AbstractContextManager[Pool] = cluster(job, settings, Place(address, workers))
    else:
        pools = _here(job, settings, workers or 1, status)
    with pools as pool:
        return mirror_with(pool, watch) if job.folder else run_with(job, pool, watch)


def _here(job: Job, settings: Settings, workers: int, status: Status) -> AbstractContextManager[Pool]:
    if workers > 1:
        return processes(job, settings, workers)
    pipeline = build_pipeline(settings, status.show, warn=status.say)
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
    count = memory.add_own(reader)
    counts = ((reader.passed, "without both languages"), (reader.made, "made by a model"))
    passed = "".join(f"; passed over: {number:,} {why}" for number, why in counts if number)
    if not count:
        raise InputError(
            "memory.no_units",
            "no unit of one's own with Indonesian and English{passed}",
            at=source,
            passed=passed,
        )
    return f"{source}: {count:,} units{passed}"


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
