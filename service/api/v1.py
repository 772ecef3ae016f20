"""Our own endpoints: what Warta knows and LibreTranslate's answers have no room for."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from service.api import errors, examples
from service.api.config import ServerConfig
from service.api.openapi import SENDING, our_errors
from service.api.schemas import (
    ArticleIn,
    BriefArticleIn,
    BriefIn,
    BriefOut,
    CheckIn,
    CheckOut,
    FactsIn,
    FactsOut,
    ModelsOut,
    ReadIn,
    ReadingOut,
    SummarizeIn,
    SummaryOut,
    TranslateIn,
    TranslationOut,
)
from service.api.workers import Workers
from service.confined import check_pairs, read_article, read_document
from service.document import Article, Translation
from service.errors import NotInstalled, WartaError
from service.intake import fetch as web
from service.messages import record
from service.models.catalog import rows
from service.models.load import choose
from service.pipeline import Pipeline, SummaryOptions
from service.pool import Host
from service.refusal import Refused
from service.render.brief import Ledger, brief_json, ledger_json
from service.render.text import reading_json, segment_json, summary_json, translation_json
from service.summary.summarizer import Length

EVENTS = "text/event-stream"

Asked = TypeVar("Asked", bound=ArticleIn)
Event = tuple[str, dict[str, Any]]


def router(host: Host, config: ServerConfig, workers: Workers) -> APIRouter:
    """The endpoints, without /v1/jobs."""
    routes = APIRouter(prefix="/v1", tags=["Warta"], responses=our_errors(*SENDING, 422))

    async def whole(asked: Asked, request: Request) -> Asked:
        """``asked`` with its text, which is fetched where it has a URL. Raises Refused, InputError."""
        if asked.url is not None:
            if not config.fetch:
                raise Refused(403, "this server reads no URLs")
            fetch = partial(_fetched, asked.url, host, config)
            asked = asked.model_copy(update={"text": await workers.run(request, fetch)})
        _within(config, asked.text or "")
        return asked

    @routes.post("/read", response_model=ReadingOut, responses=examples.of("v1-read"))
    async def read(asked: ReadIn, request: Request) -> Any:
        """Translates and summarises an article, with what to check and what each sentence rests on."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_read, asked, host))

    @routes.post("/translate", response_model=TranslationOut, responses=examples.of("v1-translate"))
    async def translate(asked: TranslateIn, request: Request) -> Any:
        """Translates an article. `Accept: text/event-stream` gets each segment as soon as it is ready.

        The events: `start`, `title` where there is one, `segment` for each, and `done`; or `error`.
        """
        asked = await whole(asked, request)
        if EVENTS in request.headers.get("accept", ""):
            return await _streamed(workers.stream(request, partial(_events, asked, host)))
        return await workers.run(request, partial(_translate, asked, host))

    @routes.post("/summarize", response_model=SummaryOut, responses=examples.of("v1-summarize"))
    async def summarize(asked: SummarizeIn, request: Request) -> Any:
        """Summarises an article; each sentence names the source sentences that it rests on."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_summarize, asked, host))

    @routes.post("/brief", response_model=BriefOut, responses=examples.of("v1-brief"))
    async def brief(asked: BriefArticleIn, request: Request) -> Any:
        """Makes a brief: what happened, key points, figures and names, each with its sentence."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_brief, asked, host))

    @routes.post("/facts", response_model=FactsOut, responses=examples.of("v1-facts"))
    async def facts(asked: FactsIn, request: Request) -> Any:
        """Translates an article and compares every number, date, name and quotation with its English."""
        asked = await whole(asked, request)
        return await workers.run(request, partial(_facts, asked, host))

    @routes.post("/check", response_model=CheckOut, responses=examples.of("v1-check"))
    async def check_pairs(asked: CheckIn, request: Request) -> Any:
        """Checks any system's translation: numbers, names, negation, dropped text, loops, echoes."""
        _within(config, *asked.source, *asked.target)
        if len(asked.source) != len(asked.target):
            raise Refused(422, f"{len(asked.source)} sources, {len(asked.target)} targets: no pairs")
        return await workers.run(request, partial(_check, asked, host))

    @routes.get("/models", response_model=ModelsOut, responses=examples.of("v1-models"))
    async def models(request: Request) -> Any:
        """The models there are, which are installed, and their licences."""
        return await workers.run(request, partial(_models, host))

    return routes


def _within(config: ServerConfig, *texts: str) -> None:
    size = sum(map(len, texts))
    if size > config.text_chars:
        raise Refused(413, f"a text of {size} characters is over the limit of {config.text_chars}")


def _opened(asked: ArticleIn, host: Host) -> tuple[Article, Pipeline]:
    text, kept = asked.text or "", asked.keep_lines
    article = read_article(host.sandbox, text, keep_furniture=asked.keep_furniture, restored=kept)
    return article, host.pipeline(asked.model, beam_size=asked.beam_size)


def _options(asked: BriefIn) -> SummaryOptions:
    return SummaryOptions(asked.route, Length(asked.sentences, asked.words), asked.language)


def _read(asked: ReadIn, host: Host) -> dict[str, Any]:
    article, pipeline = _opened(asked, host)
    reading = pipeline.read(article, _options(asked.summary))
    return {**reading_json(reading), "text": reading.translation.text}


def _translate(asked: TranslateIn, host: Host) -> dict[str, Any]:
    article, pipeline = _opened(asked, host)
    translation = pipeline.translate(article)
    return {**translation_json(translation), "text": translation.text}


def _summarize(asked: SummarizeIn, host: Host) -> dict[str, Any]:
    article, pipeline = _opened(asked, host)
    return summary_json(pipeline.summarize(article, _options(asked.summary)))


def _brief(asked: BriefArticleIn, host: Host) -> dict[str, Any]:
    article, pipeline = _opened(asked, host)
    return brief_json(pipeline.brief(article))


def _facts(asked: FactsIn, host: Host) -> dict[str, Any]:
    article, pipeline = _opened(asked, host)
    translation = pipeline.translate(article)
    return ledger_json(Ledger(pipeline.facts(translation), len(translation.segments)))


def _fetched(url: str, host: Host, config: ServerConfig) -> str:
    return web.article(url, reach=config.reach, read=partial(read_document, host.sandbox))


def _check(asked: CheckIn, host: Host) -> dict[str, Any]:
    found = check_pairs(host.sandbox, [*zip(asked.source, asked.target, strict=True)])
    return {"findings": [[record(finding) for finding in of_pair] for of_pair in found]}


def _models(host: Host) -> dict[str, Any]:
    try:
        auto = choose(host.settings.model, "translate", host.store).name
    except NotInstalled:
        auto = ""
    return {"auto": auto, "models": [asdict(row) for row in rows(host.store)]}


def _events(asked: TranslateIn, host: Host) -> Iterator[Event]:
    """The translation of an article, event by event."""
    started = time.perf_counter()
    article, pipeline = _opened(asked, host)
    paragraphs = article.body.paragraphs()
    yield "start", {"title": article.title, "segments": len(paragraphs)}
    titles = 1 if article.title else 0
    done = []
    for index, part in enumerate(pipeline.stream(article.passage()), start=-titles):
        done.append(part)
        if index < 0:
            yield "title", segment_json(part)
        else:
            yield "segment", {"index": index, **segment_json(replace(part, paragraph=paragraphs[index]))}
    yield "done", _end(pipeline.assemble(article, done), time.perf_counter() - started)


def _end(translation: Translation, seconds: float) -> dict[str, Any]:
    whole = translation_json(translation)
    kept = {key: whole[key] for key in ("warnings", "furniture", "signature")}
    return {"text": translation.text, **kept, "seconds": round(seconds, 3)}


async def _streamed(events: AsyncIterator[Event]) -> Response:
    """The events as they come. What fails before the first translation is an answer of its own."""
    early: list[Event] = []
    async for event in events:
        early.append(event)
        if event[0] != "start":
            break
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(early, events), media_type=EVENTS, headers=headers)


async def _lines(early: Sequence[Event], events: AsyncIterator[Event]) -> AsyncIterator[str]:
    for event in early:
        yield _line(*event)
    try:
        async for event in events:
            yield _line(*event)
    except WartaError as error:
        yield _line("error", errors.body("/v1", errors.refusal(error)))


def _line(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
