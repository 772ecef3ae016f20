"""Our own endpoints: what Warta knows and LibreTranslate's answers have no room for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from service.api import errors, examples
from service.api.config import ServerConfig
from service.api.openapi import SENDING, our_errors
from service.api.schemas import (
    ArticleIn,
    BriefArticleIn,
    BriefIn,
    CheckIn,
    ErrorOut,
    FactsIn,
    ReadIn,
    SummarizeIn,
    TranslateIn,
)
from service.api.workers import Workers
from service.confined import check_pairs, read_article, read_document
from service.document import Article
from service.errors import NotInstalled, WartaError
from service.intake import fetch as web
from service.models.catalog import rows
from service.models.load import choose
from service.pipeline import Pipeline, SummaryRequest
from service.pool import Host
from service.refusal import Refused
from service.render import schema
from service.summary.summarizer import Length

EVENTS = "text/event-stream"

Asked = TypeVar("Asked", bound=ArticleIn)
Event = tuple[str, schema.Model]


def router(host: Host, config: ServerConfig, workers: Workers) -> APIRouter:
    """Return the endpoints, without /v1/jobs."""
    routes = APIRouter(prefix="/v1", tags=["Warta"], responses=our_errors(*SENDING, 422))

    async def whole(asked: Asked, request: Request) -> Asked:
        """Return ``asked`` with its text, which is fetched where it has a URL. Raises Refused, InputError."""
        if asked.url is not None:
            if not config.fetch:
                raise Refused(403, "request.no_urls", "this server reads no URLs")
            fetch = partial(_fetched, asked.url, host, config)
            # Not validated anew: the bounds of the text are looked at below, whichever way it came.
            asked = asked.model_copy(update={"text": await workers.run(request, fetch)})
        _within(config, asked.text or "")
        return asked

    @routes.post("/read", response_model=schema.Reading, responses=examples.of("v1-read"))
    async def read(asked: ReadIn, request: Request) -> object:
        """Translate and summarise an article, with what to check and what each sentence rests on."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_read, asked, host))

    @routes.post("/translate", response_model=schema.Translation, responses=examples.of("v1-translate"))
    async def translate(asked: TranslateIn, request: Request) -> object:
        """Translate an article. `Accept: text/event-stream` gets each segment as soon as it is ready.

        The events: `start`, `title` where there is one, `segment` for each, and `done`; or `error`.
        """
        asked = await whole(asked, request)
        if EVENTS in request.headers.get("accept", ""):
            return await _streamed(workers.stream(request, partial(_events, asked, host)))
        return await workers.run(request, partial(_translate, asked, host))

    @routes.post("/summarize", response_model=schema.Summary, responses=examples.of("v1-summarize"))
    async def summarize(asked: SummarizeIn, request: Request) -> object:
        """Summarise an article; each sentence names the source sentences that it rests on."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_summarize, asked, host))

    @routes.post("/brief", response_model=schema.Brief, responses=examples.of("v1-brief"))
    async def brief(asked: BriefArticleIn, request: Request) -> object:
        """Make a brief: what happened, key points, figures and names, each with its sentence."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_brief, asked, host))

    @routes.post("/facts", response_model=schema.Facts, responses=examples.of("v1-facts"))
    async def facts(asked: FactsIn, request: Request) -> object:
        """Translate an article and compare every number, date, name and quotation with its English."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_facts, asked, host))

    @routes.post("/check", response_model=schema.Checked, responses=examples.of("v1-check"))
    async def check_pairs(asked: CheckIn, request: Request) -> object:
        """Check any system's translation: numbers, names, negation, dropped text, loops, echoes."""
        _within(config, *asked.source, *asked.target)
        if len(asked.source) != len(asked.target):
            raise Refused(
                422,
                "request.no_pairs",
                "{sources} sources, {targets} targets: no pairs",
                sources=len(asked.source),
                targets=len(asked.target),
            )
        return await workers.run(request, partial(_check, asked, host))

    @routes.get("/models", response_model=schema.Models, responses=examples.of("v1-models"))
    async def models(request: Request) -> object:
        """Return the models there are, which are installed, and their licences."""
        return await workers.run(request, partial(_models, host))

    return routes


def _within(config: ServerConfig, *texts: str) -> None:
    size = sum(map(len, texts))
    if size > config.text_chars:
        raise Refused(
            413,
            "request.text_size",
            "a text of {size} characters is over the limit of {limit}",
            size=size,
            limit=config.text_chars,
        )


def _opened(asked: ArticleIn, host: Host) -> tuple[Article, Pipeline]:
    text, kept = asked.text or "", asked.keep_lines
    article = read_article(host.sandbox, text, keep_furniture=asked.keep_boilerplate, restored_lines=kept)
    return article, host.pipeline(asked.model, beam_size=asked.beam_size)


def _options(asked: BriefIn) -> SummaryRequest:
    return SummaryRequest(asked.route, Length(asked.sentences, asked.words), asked.language)


def _read(asked: ReadIn, host: Host) -> schema.Reading:
    started = time.perf_counter()
    article, pipeline = _opened(asked, host)
    made = pipeline.translate(article)
    made = pipeline.captioned(made) if asked.captions else made
    took = time.perf_counter() - started
    return schema.Reading.of(pipeline.read(article, _options(asked.summary), made, took))


def _translate(asked: TranslateIn, host: Host) -> schema.Translation:
    article, pipeline = _opened(asked, host)
    made = pipeline.translate(article)
    return schema.Translation.of(pipeline.captioned(made) if asked.captions else made)


def _summarize(asked: SummarizeIn, host: Host) -> schema.Summary:
    article, pipeline = _opened(asked, host)
    return schema.Summary.of(pipeline.summarize(article, _options(asked.summary)))


def _brief(asked: BriefArticleIn, host: Host) -> schema.Brief:
    article, pipeline = _opened(asked, host)
    return schema.Brief.of(pipeline.brief(article))


def _facts(asked: FactsIn, host: Host) -> schema.Facts:
    article, pipeline = _opened(asked, host)
    return schema.Facts.of(pipeline.facts(pipeline.translate(article)))


def _fetched(url: str, host: Host, config: ServerConfig) -> str:
    return web.article(url, reach=config.reach, read=partial(read_document, host.sandbox))


def _check(asked: CheckIn, host: Host) -> schema.Checked:
    found = check_pairs(host.sandbox, [*zip(asked.source, asked.target, strict=True)])
    return schema.Checked.model_validate({"findings": found})


def _models(host: Host) -> schema.Models:
    try:
        auto = choose(host.settings.model, "translate", host.store).name
    except NotInstalled:
        auto = ""
    return schema.Models.model_validate({"auto": auto, "models": rows(host.store)})


def _events(asked: TranslateIn, host: Host) -> Iterator[Event]:
    """Yield the translation of an article, event by event."""
    started = time.perf_counter()
    article, pipeline = _opened(asked, host)
    paragraphs = article.body.paragraphs()
    yield "start", schema.Started(title=article.title, segments=len(paragraphs))
    titles = 1 if article.title else 0
    done = []
    # The title, where there is one, comes first and is number -1.
    for index, part in enumerate(pipeline.stream(article.passage()), start=-titles):
        done.append(part)
        if index < 0:
            yield "title", schema.Segment.model_validate(part)
        else:
            yield "segment", schema.Streamed.at(index, replace(part, paragraph=paragraphs[index]))
    made = pipeline.assemble(article, done)
    made = pipeline.captioned(made) if asked.captions else made
    yield "done", schema.Ended.of(made, time.perf_counter() - started)


async def _streamed(events: AsyncIterator[Event]) -> Response:
    """Return the events as they come. What fails before the first translation is an answer of its own."""
    # The status goes out with the first byte and cannot be changed then, so nothing is sent before that.
    early: list[Event] = []
    async for event in events:
        early.append(event)
        if event[0] != "start":
            break
    # nginx would hold the stream back to fill its buffer.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(early, events), media_type=EVENTS, headers=headers)


async def _lines(early: Sequence[Event], events: AsyncIterator[Event]) -> AsyncIterator[str]:
    for event in early:
        yield _line(*event)
    try:
        async for event in events:
            yield _line(*event)
    except WartaError as error:
        yield _line("error", ErrorOut.model_validate(errors.body("/v1", errors.refusal(error))))


def _line(name: str, data: schema.Model) -> str:
    # JSON in one line, as a line end would end the field; the empty line ends the event.
    return f"event: {name}\ndata: {data.dumped()}\n\n"
