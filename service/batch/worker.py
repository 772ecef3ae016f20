"""What is done with the records of one commit, in this process or in any other."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.batch import rows
from service.batch.job import Item, Job
from service.batch.journal import Totals
from service.document import Article, Signature, Translation
from service.errors import InputError
from service.intake.records import BadRecord, Record
from service.pipeline import Pipeline, to_article
from service.render import schema

_SENTENCE = 100
"""Characters in a sentence of news, about."""


@dataclass(frozen=True, slots=True)
class About:
    """What the rows depend on beside the job: the pipeline's signature and its own translations."""

    signature: Signature
    own_translations: str

    @staticmethod
    def of(pipeline: Pipeline) -> About:
        """Return what rows made with this one depend on."""
        return About(pipeline.signature, pipeline.own_translations)


@dataclass(frozen=True, slots=True)
class Done:
    """A commit's rows as they go into the output, and what they add to the totals, but for the time.

    ``keys`` are those of the records in ``rows``; ``seconds`` is how long the work took where it was
    done. ``failed`` is the bad record that stops a strict job; the rows before it count.
    """

    rows: bytes
    keys: tuple[str, ...]
    totals: Totals
    share: float
    seconds: float
    failed: str = ""


def sentences_in(item: Item) -> int:
    """Return about how many sentences a record has, at least one."""
    return 1 + len(item.record.text) // _SENTENCE if isinstance(item.record, Record) else 1


def collect_seldom() -> None:
    """Have this process look for garbage seldom: many records hold no cycles. A quarter faster."""
    # Models and word lists live as long as the process: they are never looked through again.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


WHOLE = ("translate", "read")
"""The tasks that translate all of an article; the others translate what they show."""


def process_records(job: Job, pipeline: Pipeline, items: Sequence[Item]) -> Done:
    """Return the rows of one commit's records: the same whoever makes them, and with which others.

    Raises EngineError, StoreError, UsageError.
    """
    started = time.perf_counter()
    prepared = [(item.record, *_prepared(job, item.record)) for item in items]
    failed = ""
    # The first bad one; what is before it still counts.
    if job.strict and (at := next((i for i, (_, _, error) in enumerate(prepared) if error), -1)) >= 0:
        failed = f"{prepared[at][0].place}: {prepared[at][2]}"
        prepared = prepared[:at]
    made = _made(job, pipeline, prepared)
    _, line = job.format
    text = "".join(line(job.columns, row) for row, _ in made)
    return Done(
        text.encode("utf-8", "backslashreplace"),
        tuple(record.key for record, _, _ in prepared),
        sum((totals for _, totals in made), Totals()),
        items[-1].share,
        time.perf_counter() - started,
        failed,
    )


def _prepared(job: Job, record: Record | BadRecord) -> tuple[Article | None, str]:
    """Return the record's article, or why it has none."""
    if isinstance(record, BadRecord):
        return None, record.error
    try:
        return to_article(record.text, id=record.place, keep_furniture=job.keep_furniture), ""
    except InputError as error:
        return None, str(error)


def _made(
    job: Job, pipeline: Pipeline, items: Sequence[tuple[Record | BadRecord, Article | None, str]]
) -> list[tuple[dict[str, object], Totals]]:
    """Return each item's row, and what it adds to the totals."""
    articles = [article for _, article, _ in items if article]
    # The other tasks translate for themselves, what they show.
    translations: Iterator[Translation | None] = iter([None] * len(articles))
    if job.task in WHOLE:
        done = pipeline.translate_all([article.passage() for article in articles])
        translations = iter(map(pipeline.assemble, articles, done))
    return [
        # Records without an article take no translation.
        _one(job, pipeline, record, article, next(translations))
        if article
        else (_failed(job, record, error), Totals(records=1, failures=1))
        for record, article, error in items
    ]


def _failed(job: Job, record: Record | BadRecord, error: str) -> dict[str, object]:
    return rows.table_row(record, error=error) if job.table else rows.row(record, error=error)


def _one(
    job: Job,
    pipeline: Pipeline,
    record: Record | BadRecord,
    article: Article,
    translation: Translation | None,
) -> tuple[dict[str, object], Totals]:
    if job.table:
        return rows.table_row(record, translation), counted(article, translation)
    made: schema.Model
    try:
        if job.task == "brief":
            made = rows.briefed(pipeline.brief(article))
        elif not translation:
            made = rows.summarized(pipeline.summarize(article, job.brief))
        elif job.task == "read":
            made = rows.read(pipeline.read(article, job.brief, translation))
        else:
            made = rows.translated(translation)
    except InputError as error:
        return rows.row(record, error=str(error)), Totals(records=1, failures=1)
    return rows.row(record, made), counted(article, translation)


def counted(article: Article, translation: Translation | None) -> Totals:
    """Return what one article adds to the totals."""
    words = len(article.text.split()) + len(article.title.split())
    if not translation:
        return Totals(records=1, segments=len(article.sources), words=words)
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
