"""LibreTranslate's endpoints, so that its clients work unchanged.

Same paths, field names, status codes and error bodies. Indonesian is translated into English; English
into English is given back as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any, Literal, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile

from service.api import examples
from service.api.auth import FORM_LIMITS
from service.api.config import ServerConfig
from service.api.files import FileStore
from service.api.openapi import (
    READING,
    SENDING,
    alternatives_pattern,
    detect_body,
    errors,
    file_body,
    translate_body,
)
from service.api.schemas import PlainErrorOut
from service.api.workers import Workers
from service.confined import read_document, translate_document, translate_markup
from service.document import Passage, SegmentTranslation
from service.intake.documents import SUFFIXES
from service.intake.documents.keyed import key_paths
from service.pipeline import Pipeline
from service.pool import Host
from service.refusal import Refused
from service.render import schema
from service.render.marks import status
from service.text import language
from service.translation.confidence import is_marked

# "3", "-1"; not "3.0" and not "three".
_DIGITS = re.compile(r"-?[0-9]+")
_FILE: dict[str, object] = {
    "description": "The file",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

NAMES = {"id": "Indonesian", "en": "English"}
TARGETS = {"id": ["en"], "en": ["en"]}
DOCUMENTS = sorted(SUFFIXES)


class LanguageOut(BaseModel):
    """A language and what it can be translated into."""

    code: str
    name: str
    targets: list[str]


class DetectionOut(BaseModel):
    """A language with a confidence in percent."""

    confidence: float
    language: str


class TranslatedOut(BaseModel):
    """What was asked for as a string comes as one, a list as a list."""

    translatedText: str | list[str]  # noqa: N815 as LibreTranslate has it
    detectedLanguage: DetectionOut | list[DetectionOut] | None = None  # noqa: N815
    alternatives: list[str] | list[list[str]] | None = None
    marks: list[schema.Streamed] | list[list[schema.Streamed]] | None = None
    """Not LibreTranslate's: the sentences with something to check, each with its index in the text."""
    status: str | None = None
    """Not LibreTranslate's: how many are marked, and that the others can be wrong too."""


class FileOut(BaseModel):
    """Where the translated file is."""

    translatedFileUrl: str  # noqa: N815


class NamedOut(BaseModel):
    """A language."""

    code: str
    name: str


class PairOut(BaseModel):
    """The languages a form starts with."""

    source: NamedOut
    target: NamedOut


class SettingsOut(BaseModel):
    """What a client shows and how much it may ask for."""

    charLimit: int  # noqa: N815
    frontendTimeout: int  # noqa: N815
    apiKeys: bool  # noqa: N815
    keyRequired: bool  # noqa: N815
    suggestions: bool
    filesTranslation: bool  # noqa: N815
    supportedFilesFormat: list[str]  # noqa: N815
    language: PairOut


class HealthOut(BaseModel):
    """Alive."""

    status: Literal["ok"]


@dataclass(frozen=True, slots=True)
class _Order:
    """A checked request to translate."""

    texts: tuple[str, ...]
    listed: bool
    auto: bool
    source: str
    confidence: float
    html: bool
    alternatives: int


def router(host: Host, config: ServerConfig, workers: Workers, store: FileStore) -> APIRouter:
    """Return the endpoints."""
    routes = APIRouter(tags=["LibreTranslate"], responses=errors(*READING))
    _add_texts(routes, host, config, workers)
    _add_files(routes, host, config, (workers, store))
    _add_facts(routes, config)
    return routes


def _add_texts(routes: APIRouter, host: Host, config: ServerConfig, workers: Workers) -> None:
    """Add the routes for texts and their language."""

    @routes.post(
        "/translate",
        response_model=TranslatedOut,
        response_model_exclude_none=True,
        responses={**errors(*SENDING), **examples.of("translate")},
        openapi_extra=translate_body(config),
    )
    async def translate(request: Request) -> object:
        """Translate a text, or several."""
        fields = await _fields(request)
        # In a worker too, as finding out the language takes a while; both pieces of work share one deadline.
        order = await workers.run(request, partial(_order, fields, config))
        return await workers.run(request, partial(_translated, order, host))

    @routes.post(
        "/detect",
        response_model=list[DetectionOut],
        responses={**errors(*SENDING), **examples.of("detect")},
        openapi_extra=detect_body(config),
    )
    async def detect(request: Request) -> list[dict[str, object]]:
        """Say what language a text is in."""
        texts = _texts((await _fields(request)).get("q"), config)
        found = await workers.run(request, partial(language.detect, " ".join(texts)))
        # LibreTranslate's clients expect a language, however unsure.
        return [_detection(found.code, found.confidence)] if found.confidence else [_detection("en", 0.0)]


def _add_files(routes: APIRouter, host: Host, config: ServerConfig, means: tuple[Workers, FileStore]) -> None:
    """Add the routes for documents, and where they are fetched."""
    workers, store = means

    @routes.post(
        "/translate_file",
        response_model=FileOut,
        responses={**errors(*SENDING), **examples.of("translate_file")},
        openapi_extra=file_body(),
    )
    async def translate_file(request: Request) -> dict[str, str]:
        """Translate a document. It keeps its type; a PDF becomes a Word document in both languages."""
        sent = await _upload(request, config)
        done, named = await workers.run(request, partial(_translated_file, sent, host, config))
        kept = store.put(named, done)
        return {"translatedFileUrl": str(request.url_for("download_file", filename=kept))}

    @routes.get("/download_file/{filename}", response_class=Response, responses={**errors(404), 200: _FILE})
    async def download_file(filename: str) -> Response:
        """Return a translated file."""
        if not (found := store.get(filename)):
            raise Refused(404, "libretranslate.no_file", "there is no such file (any more)")
        data, name = found
        # A document may hold HTML with scripts: no browser is to show it as a page of this server.
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(data, headers=headers, media_type="application/octet-stream")


def _add_facts(routes: APIRouter, config: ServerConfig) -> None:
    """Add the routes that a client's form asks before it asks for a translation."""

    @routes.get("/languages", response_model=list[LanguageOut], responses=examples.of("languages"))
    async def languages() -> list[dict[str, object]]:
        """Return the languages there are."""
        return [{"code": code, "name": NAMES[code], "targets": TARGETS[code]} for code in NAMES]

    @routes.get("/frontend/settings", response_model=SettingsOut, responses=examples.of("settings"))
    async def settings() -> dict[str, object]:
        """Return the limits, for a client's form."""
        return _settings(config)

    @routes.post("/suggest", status_code=403, response_model=PlainErrorOut, responses=errors(*SENDING))
    async def suggest() -> NoReturn:
        """Refuse a suggestion: none are taken."""
        raise Refused(403, "libretranslate.suggestions", "Suggestions are disabled on this server.")

    @routes.get("/health", response_model=HealthOut)
    async def health() -> dict[str, str]:
        """Return whether the server is alive."""
        return {"status": "ok"}

    @routes.get("/spec", include_in_schema=False)
    async def spec(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())


async def _fields(request: Request) -> Mapping[str, object]:
    """Return the fields of a request wherever LibreTranslate takes them from. Raises Refused."""
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise Refused(400, "libretranslate.json", "Invalid JSON format") from None
        if not isinstance(found, dict):
            raise Refused(400, "libretranslate.json", "Invalid JSON format")
        if not isinstance(found.get("api_key"), str | None):
            raise Refused(
                400, "libretranslate.key_not_text", "Invalid request: api_key parameter is not text"
            )
        return found
    async with _form(request) as form:
        given = [*form.multi_items(), *request.query_params.multi_items()]
    # Of a field that is repeated the first counts, and the form comes before the query.
    first = dict(reversed(given))
    # A client that has a form and a list repeats the field.
    several = [value for name, value in given if name == "q"]
    return {**first, "q": several} if len(several) > 1 else first


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """Yield the form in the body, its files open within."""
    try:
        form = await request.form(**FORM_LIMITS)
    except (ValueError, KeyError, AttributeError):
        raise Refused(400, "libretranslate.form", "Invalid request: the form cannot be read") from None
    try:
        yield form
    finally:
        await form.close()


@dataclass(frozen=True, slots=True)
class _Upload:
    """The file of /translate_file and its name; ``attributes`` and ``keys`` are those of ``How``."""

    data: bytes
    name: str
    attributes: bool
    keys: tuple[str, ...]


_FIELDS = ("source", "target", "attributes", "keys", "api_key")
"""The fields of a form beside its file."""


async def _upload(request: Request, config: ServerConfig) -> _Upload:
    """Return what was sent to /translate_file. Raises Refused, UsageError."""
    async with _form(request) as form:
        # A field twice: which one is meant, nobody knows.
        if any(len(form.getlist(name)) > 1 for name in _FIELDS):
            raise Refused(400, "libretranslate.form", "Invalid request: the form cannot be read")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused(400, "libretranslate.missing_file", "Invalid request: missing file parameter")
        _language_pair(_text_of(form.get("source"), "source"), _text_of(form.get("target"), "target"))
        attributes = _given(form.get("attributes"), "false")
        keys = _given(form.get("keys"), "")
        # A byte more than is allowed, so that whoever reads it sees that it is too large.
        data, name = await file.read(config.body_bytes + 1), file.filename or ""
    if not name or not data:
        raise Refused(400, "libretranslate.empty_file", "Invalid request: empty file")
    if PurePath(name).suffix.lower() not in SUFFIXES:
        raise Refused(400, "libretranslate.file_format", "Invalid request: file format not supported")
    if attributes not in ("true", "false"):
        raise Refused(400, "libretranslate.attributes", "Invalid request: attributes is true or false")
    if not isinstance(keys, str):
        raise Refused(400, "libretranslate.keys", "Invalid request: keys parameter is not text")
    return _Upload(data, name, attributes == "true", key_paths(keys))


def _order(fields: Mapping[str, object], config: ServerConfig) -> _Order:
    """Return what is asked for. Raises Refused in LibreTranslate's words."""
    q = fields.get("q")
    texts = _texts(q, config)
    source, target = _text_of(fields.get("source"), "source"), _text_of(fields.get("target"), "target")
    alternatives = _number(fields.get("alternatives"), config.alternatives)
    found, confidence = _detected(texts) if source == "auto" else (source, 1.0)
    _language_pair(found, target)
    format = _given(fields.get("format"), "text")
    if format not in ("text", "html"):
        raise Refused(
            400, "libretranslate.format", "{format} format is not supported", format=str(format)[:20]
        )
    return _Order(
        tuple(texts), isinstance(q, list), source == "auto", found, confidence, format == "html", alternatives
    )


def _texts(q: Any, config: ServerConfig) -> Sequence[str]:
    if not q:
        raise Refused(400, "libretranslate.missing_q", "Invalid request: missing q parameter")
    texts = q if isinstance(q, list) else [q]
    if not all(isinstance(text, str) for text in texts):
        raise Refused(400, "libretranslate.q_not_text", "Invalid request: q parameter is not text")
    # JSON can spell such a half ("\ud83d"); no model and no file can hold it.
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
        raise Refused(
            400, "libretranslate.surrogate", "Invalid request: q parameter holds half of a surrogate pair"
        )
    for size, limit in ((len(texts), config.batch_items), (sum(map(len, texts)), config.text_chars)):
        if size > limit:
            raise Refused(
                400,
                "libretranslate.text_limit",
                "Invalid request: request ({size}) exceeds text limit ({limit})",
                size=size,
                limit=limit,
            )
    return texts


def _text_of(value: object, name: str) -> str:
    if not value or not isinstance(value, str):
        raise Refused(400, "libretranslate.missing", "Invalid request: missing {name} parameter", name=name)
    return value


def _given(value: object, usual: object) -> Any:
    """Return the value or, for none, the usual one: a form has an empty field, JSON null."""
    return usual if value is None or value == "" else value


def _number(value: Any, most: int) -> int:
    """Return a whole number, as JSON or as text, in JSON ``2.0`` too."""
    value = _given(value, 0)
    # True is an int to Python. NaN and infinity, which its JSON knows, leave no 0 here.
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    if not (whole or (isinstance(value, str) and _DIGITS.fullmatch(value))):
        raise Refused(
            400, "libretranslate.alternatives", "Invalid request: alternatives parameter is not a number"
        )
    if whole and value <= most:
        return max(0, int(value))
    # The pattern bounds the digits before int() sees them: it refuses more than 4,300.
    if isinstance(value, str) and re.fullmatch(alternatives_pattern(most), value):
        return 0 if value.startswith("-") else int(value.lstrip("0") or "0")
    raise Refused(
        400,
        "libretranslate.alternatives_most",
        "Invalid request: alternatives parameter must be <= {most}",
        most=most,
    )


def _language_pair(source: str, target: str) -> None:
    for code, known in ((source, (*NAMES, "auto")), (target, tuple(NAMES))):
        if code not in known:
            raise Refused(
                400, "libretranslate.unsupported", "{language} is not supported", language=code[:20]
            )
    if source != "auto" and target not in TARGETS[source]:
        raise Refused(
            400,
            "libretranslate.target",
            "{target_name} ({target}) is not available as a target language from {source_name} ({source})",
            target_name=NAMES[target],
            target=target,
            source_name=NAMES[source],
            source=source,
        )


def _detected(texts: Sequence[str]) -> tuple[str, float]:
    """Return English where that is sure, Indonesian unless another language is. Raises Refused."""
    found = language.detect(" ".join(texts))
    # Indonesian is easily taken for its near relatives Malay and Javanese.
    if found.reliable and found.code not in ("id", "ms", "jv"):
        if found.code != "en":
            raise Refused(
                400, "libretranslate.unsupported", "{language} is not supported", language=found.code
            )
        return "en", found.confidence
    return "id", found.confidence if found.code == "id" else 0.0


def _detection(code: str, confidence: float) -> dict[str, object]:
    return {"language": code, "confidence": round(100 * confidence, 1)}


def _translated(order: _Order, host: Host) -> dict[str, object]:
    done = _Done(list(order.texts)) if order.source == "en" else _done(order, host.pipeline(), host)
    targets, others = done.targets, done.others or [[] for _ in order.texts]
    answer: dict[str, object] = {"translatedText": targets if order.listed else targets[0]}
    if done.parts:
        found = [_marks(parts) for parts in done.parts]
        answer["marks"] = found if order.listed else found[0]
        answer["status"] = status((part for parts in done.parts for part in parts), done.model)
    if order.auto:
        language_found = _detection(order.source, order.confidence)
        answer["detectedLanguage"] = [language_found] * len(targets) if order.listed else language_found
    if order.alternatives:
        answer["alternatives"] = others if order.listed else others[0]
    return answer


@dataclass(frozen=True, slots=True)
class _Done:
    """Texts in English, the other translations of each, and the sentences each is made of."""

    targets: list[str]
    others: list[list[str]] = field(default_factory=list)
    parts: list[list[SegmentTranslation]] = field(default_factory=list)
    model: str = ""


def _done(order: _Order, pipeline: Pipeline, host: Host) -> _Done:
    model = pipeline.signature.preset
    if order.html:
        parts: list[list[SegmentTranslation]] = []
        targets = translate_markup(host.sandbox, order.texts, partial(_kept, pipeline, parts))
        return _Done(targets, parts=parts, model=model)
    if order.alternatives:
        most = order.alternatives
        rows = [pipeline.alternatives(text, most) for text in order.texts]
        # The best one is the translation; as many others are asked for as come after it.
        others = [ranked[1 : most + 1] for ranked, _ in rows]
        return _Done([ranked[0] for ranked, _ in rows], others, [sentences for _, sentences in rows], model)
    made = pipeline.translate_parts(order.texts)
    return _Done([target for target, _ in made], [], [parts for _, parts in made], model)


def _kept(
    pipeline: Pipeline, kept: list[list[SegmentTranslation]], passages: Sequence[Passage]
) -> list[list[SegmentTranslation]]:
    """Translate passages. The first are the sentences of each page, which are kept; later ones only words."""
    done = pipeline.translate_all(passages)
    if not kept:
        kept.extend(done)
    return done


def _marks(parts: Sequence[SegmentTranslation]) -> list[schema.Streamed]:
    return [schema.Streamed.at(index, part) for index, part in enumerate(parts) if is_marked(part)]


def _translated_file(sent: _Upload, host: Host, config: ServerConfig) -> tuple[bytes, str]:
    """Return the document in English and its name; text where its type cannot be written."""
    data, name, path = sent.data, sent.name, PurePath(sent.name)
    text = read_document(host.sandbox, data, name, config.body_bytes, sent.keys)
    if len(text) > config.text_chars:
        raise Refused(
            400,
            "libretranslate.text_limit",
            "Invalid request: request ({size}) exceeds text limit ({limit})",
            size=len(text),
            limit=config.text_chars,
        )
    pipeline = host.pipeline()
    # Empty where a document of this type can be read but not written.
    if made := str(host.sandbox.run(".confined:name_made", data, name)):
        done = translate_document(
            host.sandbox,
            data,
            name,
            config.body_bytes,
            pipeline.translate_all,
            attributes=sent.attributes,
            keys=sent.keys,
        )
        return done, f"{path.stem}_en{PurePath(made).suffix}"
    return pipeline.translate_texts([text])[0].encode(), f"{path.stem}_en.txt"


def _settings(config: ServerConfig) -> dict[str, object]:
    return {
        "charLimit": config.text_chars,
        "frontendTimeout": 500,  # milliseconds; LibreTranslate's own default
        "apiKeys": config.keys_used,
        "keyRequired": config.keys_required,
        "suggestions": False,
        "filesTranslation": True,
        "supportedFilesFormat": DOCUMENTS,
        "language": {
            side: {"code": code, "name": NAMES[code]}
            for side, code in zip(("source", "target"), NAMES, strict=True)
        },
    }
