"""A batch: inputs to one output, in chunks of many articles whose sentences share the engine's batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from service.batch import rows
from service.batch.journal import BESIDE, Journal, Totals, beside, chained, opened
from service.batch.outputs import format_of, maker_of
from service.document import Article, SegmentTranslation, Translation
from service.errors import InputError, UsageError
from service.intake.records import BadRecord, Record, list_files, read_records
from service.pipeline import Brief, Pipeline, sources, to_article

SMALLEST, LARGEST = 16, 2048
QUICK, SLOW = 1.0, 15.0
"""A chunk that took fewer seconds is followed by a larger one, one that took more by a smaller one.

At most one chunk's work is ever lost."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. ``column`` holds the text in a table; ``strict`` stops at the first bad record.

    ``folder`` says that the output is one, for :mod:`service.batch.mirror`.
    """

    inputs: Sequence[Path]
    output: Path
    task: str = "translate"
    column: str = "text"
    brief: Brief = field(default_factory=Brief)
    keep_furniture: bool = False
    strict: bool = False
    fresh: bool = False
    folder: bool = False

    def __post_init__(self) -> None:
        if self.task not in rows.TASKS:
            raise UsageError(f"unknown task {self.task!r}; there are: {', '.join(rows.TASKS)}")
        if not self.folder:
            format_of(self.output)
            maker_of(self.output)
        if not self.output.parent.is_dir():
            raise UsageError(f"{self.output.parent} is not a folder")
        for path in self.inputs:
            if not path.exists():
                raise UsageError(f"{path}: no such file or folder")


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


@dataclass(frozen=True, slots=True)
class _Item:
    """A record, the share of the input up to its end, and its article or why it has none."""

    record: Record | BadRecord
    share: float
    article: Article | None = None
    error: str = ""
    segments: int = 1


def run(job: Job, pipeline: Pipeline, watch: Watch = lambda _: None) -> Totals:
    """Does the job, or the rest of it; what has been done in all runs.

    Whatever stops it (a signal, a full disk, Ctrl-C), calling it again goes on and gives the output that
    one uninterrupted run gives. Raises UsageError for an output in use or begun otherwise, InputError for a
    bad record where the job is strict, WartaError and EngineError for what the system or the model refuses.
    """
    inputs = _Inputs(job)
    head, _ = format_of(job.output)
    first = head(_columns(job)).encode()
    with opened(job.output, described(job, pipeline, inputs.sizes), first, fresh=job.fresh) as journal:
        if not journal.placed:
            _Batch(job, pipeline, journal, watch).work(inputs)
        journal.finish(maker_of(job.output))
        return journal.last.totals


class _Inputs:
    """The files of a job, and the records in them."""

    def __init__(self, job: Job) -> None:
        own = {beside(job.output, kind).resolve() for kind in BESIDE}
        self._own = own | {job.output.resolve()}
        self._job = job
        self.sizes = {str(path): self._size(path) for path in job.inputs}
        self._bytes = max(1, sum(size for _, size in self.sizes.values()))

    def items(self) -> Iterator[_Item]:
        """Every record of every file, in order."""
        before = 0
        for file in (file for path in self._job.inputs for file in self._files(path)):
            if isinstance(file, BadRecord):
                yield _Item(file, before / self._bytes)
                continue
            size, seen = _bytes(file), 0
            for record in read_records(file, column=self._job.column):
                seen += len(record.text.encode("utf-8", "replace")) if isinstance(record, Record) else 0
                yield _Item(record, (before + min(size, seen)) / self._bytes)
            before += size

    def _files(self, path: Path) -> Iterator[Path | BadRecord]:
        return (f for f in list_files(path) if isinstance(f, BadRecord) or f.resolve() not in self._own)

    def _size(self, path: Path) -> tuple[int, int]:
        """Files, and bytes in them."""
        sizes = [_bytes(file) for file in self._files(path) if isinstance(file, Path)]
        return len(sizes), sum(sizes)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


class _Batch:
    """One run of a job."""

    def __init__(self, job: Job, pipeline: Pipeline, journal: Journal, watch: Watch) -> None:
        self._job = job
        self._pipeline = pipeline
        self._journal = journal
        self._watch = watch
        self._before = journal.last.totals
        self._started = time.perf_counter()
        self._columns = _columns(job)
        _, self._row = format_of(job.output)

    def work(self, inputs: _Inputs) -> None:
        """Does what is not done yet, chunk by chunk."""
        items = inputs.items()
        chain = self._skipped(items)
        size, chunk, segments = SMALLEST, list[_Item](), 0
        for bare in items:
            item = self._prepared(bare)
            chunk.append(item)
            segments += item.segments
            if item.error and self._job.strict:
                self._done(chunk[:-1], chain)
                raise InputError(f"{item.record.place}: {item.error}")
            if segments >= size:
                started = time.perf_counter()
                chain = self._done(chunk, chain)
                size = _next_size(size, time.perf_counter() - started)
                chunk, segments = [], 0
        self._done(chunk, chain)

    def _skipped(self, items: Iterator[_Item]) -> str:
        """Passes over what is done, making sure that it is the same input; the chain up to there."""
        chain, last = "", self._journal.last
        for number in range(1, last.totals.records + 1):
            item = next(items, None)
            chain = chained(chain, item.record.key if item else "")
            self._journal.check(number, chain)
        return chain

    def _prepared(self, item: _Item) -> _Item:
        if isinstance(item.record, BadRecord):
            return replace(item, error=item.record.error)
        try:
            article = to_article(
                item.record.text, id=item.record.place, keep_furniture=self._job.keep_furniture
            )
        except InputError as error:
            return replace(item, error=str(error))
        return replace(item, article=article, segments=len(sources(article)))

    def _done(self, chunk: Sequence[_Item], chain: str) -> str:
        """Works on a chunk and commits it; the chain with it."""
        if not chunk:
            return chain
        started = time.perf_counter()
        made = self._made(chunk)
        text = "".join(self._row(self._columns, row) for row, _ in made)
        seconds = time.perf_counter() - started
        totals = sum((totals for _, totals in made), self._journal.last.totals + Totals(seconds=seconds))
        for item in chunk:
            chain = chained(chain, item.record.key)
        self._journal.commit(text.encode("utf-8", "backslashreplace"), totals, chain)
        elapsed = time.perf_counter() - self._started
        self._watch(Progress(totals, self._before, elapsed, chunk[-1].share))
        return chain

    def _made(self, chunk: Sequence[_Item]) -> list[tuple[dict[str, Any], Totals]]:
        """Each item's row, and what it adds to the totals."""
        articles = [item.article for item in chunk if item.article]
        translations: Iterator[Translation | None] = iter([None] * len(articles))
        if self._job.task != "summarize":
            translations = iter(self._pipeline.translate_all(articles))
        return [
            self._one(item, item.article, next(translations))
            if item.article
            else (rows.row(item.record, {}, item.error), Totals(records=1, failures=1))
            for item in chunk
        ]

    def _one(
        self, item: _Item, article: Article, translation: Translation | None
    ) -> tuple[dict[str, Any], Totals]:
        made: dict[str, Any] = rows.translated(translation) if translation else {}
        totals = counted(article, translation)
        try:
            if self._job.task == "read" and translation:
                reading = self._pipeline.read(article, self._job.brief, translation)
                made = {**rows.summarized(reading.summary), **made, "headline": reading.headline}
            elif not translation:
                made = rows.summarized(self._pipeline.summarize(article, self._job.brief))
        except InputError as error:
            return rows.row(item.record, {}, str(error)), Totals(records=1, failures=1)
        return rows.row(item.record, made), totals


def counted(article: Article, translation: Translation | None) -> Totals:
    """What one article adds to the totals."""
    words = len(article.text.split()) + len(article.title.split())
    if not translation:
        return Totals(records=1, segments=len(sources(article)), words=words)
    parts: list[SegmentTranslation] = [*translation.segments]
    parts += [translation.title] if translation.title else []
    return Totals(
        records=1,
        segments=len(parts),
        words=words,
        cached=sum(part.cached for part in parts),
        findings=sum(len(part.findings) for part in parts),
    )


def _next_size(size: int, seconds: float) -> int:
    if seconds < QUICK:
        return min(size * 2, LARGEST)
    return max(size // 2, SMALLEST) if seconds > SLOW else size


def _columns(job: Job) -> Sequence[str]:
    return (*rows.COMMON, *rows.TASKS[job.task])


def described(job: Job, pipeline: Pipeline, sizes: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """All that the rows depend on, but the content of the records, which the chain holds."""
    brief = asdict(job.brief) if job.task != "translate" else {}
    return {
        "task": job.task,
        "column": job.column,
        "keep-furniture": job.keep_furniture,
        **brief,
        **asdict(pipeline.signature),
        "your own translations": pipeline.own_translations,
        "inputs": {name: f"{files:,} files, {size:,} bytes" for name, (files, size) in sizes.items()},
    }
