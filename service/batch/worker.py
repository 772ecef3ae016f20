"""What is done with a chunk of records, in this process or in any other: the record function of a batch."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.batch import rows
from service.batch.job import Item, Job
from service.batch.journal import Totals
from service.batch.outputs import format_of
from service.document import Article, Signature, Translation
from service.errors import InputError
from service.intake.records import BadRecord, Record
from service.pipeline import Pipeline, sources, to_article

SMALLEST, LARGEST = 16, 2048
QUICK, SLOW = 5.0, 20.0
"""A chunk that took fewer seconds is followed by a larger one, one that took more by a smaller one.

An engine's batches are full only in chunks of a hundred sentences and more.
"""
_SENTENCE = 100
"""Characters in a sentence of news, about."""


@dataclass(frozen=True, slots=True)
class About:
    """What the rows depend on beside the job: the pipeline's signature and its own translations."""

    signature: Signature
    own_translations: str

    @staticmethod
    def of(pipeline: Pipeline) -> About:
        """What rows made with this one depend on."""
        return About(pipeline.signature, pipeline.own_translations)


@dataclass(frozen=True, slots=True)
class Done:
    """A chunk's rows as they go into the output, and what they add to the totals, but for the time.

    ``keys`` are those of the records in ``rows``; ``seconds`` is how long the work took where it was
    done. ``failed`` is the bad record that stops a strict job; the rows before it count.
    """

    rows: bytes
    keys: tuple[str, ...]
    totals: Totals
    share: float
    seconds: float
    failed: str = ""


class Size:
    """How many sentences the next chunk is to have."""

    def __init__(self, now: int = SMALLEST) -> None:
        self.now = now

    def took(self, seconds: float) -> None:
        """Learns from a chunk's time."""
        if seconds < QUICK:
            self.now = min(self.now * (4 if seconds < QUICK / 4 else 2), LARGEST)
        elif seconds > SLOW:
            self.now = max(self.now // 2, SMALLEST)


def chunks(items: Iterator[Item], size: Size) -> Iterator[list[Item]]:
    """The items, some at a time: about ``size`` sentences, whole records."""
    chunk, sentences = list[Item](), 0
    for item in items:
        chunk.append(item)
        sentences += 1 + len(item.record.text) // _SENTENCE if isinstance(item.record, Record) else 1
        if sentences >= size.now:
            yield chunk
            chunk, sentences = [], 0
    if chunk:
        yield chunk


def collect_seldom() -> None:
    """Has this process look for garbage seldom: a chunk's many records hold no cycles. A quarter faster."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class Worker:
    """Does a job's chunks with one pipeline. A chunk's rows are the same whoever does it, and with which."""

    def __init__(self, job: Job, pipeline: Pipeline) -> None:
        self._job = job
        self._pipeline = pipeline
        _, self._row = format_of(job.output)

    def __call__(self, chunk: Sequence[Item]) -> Done:
        """The rows of a chunk. Raises EngineError, StoreError, UsageError."""
        started = time.perf_counter()
        items = [(item.record, *self._prepared(item.record)) for item in chunk]
        failed = ""
        if self._job.strict and (at := next((i for i, (_, _, error) in enumerate(items) if error), -1)) >= 0:
            failed = f"{items[at][0].place}: {items[at][2]}"
            items = items[:at]
        made = self._made(items)
        text = "".join(self._row(self._job.columns, row) for row, _ in made)
        return Done(
            text.encode("utf-8", "backslashreplace"),
            tuple(record.key for record, _, _ in items),
            sum((totals for _, totals in made), Totals()),
            chunk[-1].share,
            time.perf_counter() - started,
            failed,
        )

    def _prepared(self, record: Record | BadRecord) -> tuple[Article | None, str]:
        """The record's article, or why it has none."""
        if isinstance(record, BadRecord):
            return None, record.error
        try:
            return to_article(record.text, id=record.place, keep_furniture=self._job.keep_furniture), ""
        except InputError as error:
            return None, str(error)

    def _made(
        self, items: Sequence[tuple[Record | BadRecord, Article | None, str]]
    ) -> list[tuple[dict[str, Any], Totals]]:
        """Each item's row, and what it adds to the totals."""
        articles = [article for _, article, _ in items if article]
        translations: Iterator[Translation | None] = iter([None] * len(articles))
        if self._job.task != "summarize":
            translations = iter(self._pipeline.translate_all(articles))
        return [
            self._one(record, article, next(translations))
            if article
            else (rows.row(record, {}, error), Totals(records=1, failures=1))
            for record, article, error in items
        ]

    def _one(
        self, record: Record | BadRecord, article: Article, translation: Translation | None
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
            return rows.row(record, {}, str(error)), Totals(records=1, failures=1)
        return rows.row(record, made), totals


def counted(article: Article, translation: Translation | None) -> Totals:
    """What one article adds to the totals."""
    words = len(article.text.split()) + len(article.title.split())
    if not translation:
        return Totals(records=1, segments=len(sources(article)), words=words)
    parts = translation.segments
    if translation.title:
        parts = (*parts, translation.title)
    return Totals(
        records=1,
        segments=len(parts),
        words=words,
        cached=sum(part.cached for part in parts),
        findings=sum(len(part.findings) for part in parts),
    )
