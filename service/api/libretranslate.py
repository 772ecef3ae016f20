"""LibreTranslate's endpoints, so that its clients work unchanged.

Same paths, field names, status codes and error bodies. Indonesian is translated into English; English
into English is given back as it is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile

from service.api import examples
from service.api.auth import FORM_LIMITS
from service.api.config import ServerConfig
from service.api.errors import Refused
from service.api.files import Shelf
from service.api.schemas import PlainErrorOut
from service.api.workers import Workers
from service.intake.documents import SUFFIXES, document_text, html, kind_of, translate_data
from service.pool import Host
from service.text import language

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


class TranslateFields(BaseModel):
    """The fields of /translate, as JSON, as a form or in the query."""

    q: Annotated[str | list[str], Field(description="Text, or several.", examples=["Harga beras naik."])]
    source: Annotated[Literal["id", "en", "auto"], Field(description="Its language.", examples=["id"])]
    target: Annotated[Literal["en"], Field(description="The language wanted.", examples=["en"])]
    format: Annotated[Literal["text", "html"], Field(description="HTML keeps its tags.")] = "text"
    alternatives: Annotated[int, Field(ge=0, description="How many other translations, at most.")] = 0
    api_key: str = ""


class DetectFields(BaseModel):
    """The fields of /detect."""

    q: Annotated[str, Field(description="A text.", examples=["Harga beras naik 12 persen pada bulan Maret."])]
    api_key: str = ""


class FileFields(BaseModel):
    """The fields of /translate_file, as a multipart form."""

    file: Annotated[str, Field(json_schema_extra={"format": "binary"}, description="A document.")]
    source: Annotated[Literal["id", "en", "auto"], Field(examples=["id"])]
    target: Annotated[Literal["en"], Field(examples=["en"])]
    api_key: str = ""


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


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": PlainErrorOut, "description": description}
    for status, description in {
        400: "Something in the request is missing or wrong",
        403: "The API key is not valid",
        413: "The body is too large",
        429: "Too many requests",
        500: "The translation failed",
        503: "Too much is waiting; Retry-After says when to come back",
        504: "The time allowed for a request has passed",
    }.items()
}


def router(host: Host, config: ServerConfig, workers: Workers, shelf: Shelf) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(tags=["LibreTranslate"], responses=ERRORS)

    @routes.post(
        "/translate",
        response_model=TranslatedOut,
        response_model_exclude_none=True,
        responses=examples.of("translate"),
        openapi_extra=_body(TranslateFields),
    )
    async def translate(request: Request) -> Any:
        """Translates a text, or several."""
        order = _order(await _fields(request), config)
        return await workers.run(request, partial(_translated, order, host))

    @routes.post(
        "/detect",
        response_model=list[DetectionOut],
        responses=examples.of("detect"),
        openapi_extra=_body(DetectFields),
    )
    async def detect(request: Request) -> Any:
        """Says what language a text is in."""
        texts = _texts((await _fields(request)).get("q"), config)
        found = await workers.run(request, partial(language.detect, " ".join(texts)))
        return [_detection(found.code, found.confidence)] if found.confidence else [_detection("en", 0.0)]

    @routes.get("/languages", response_model=list[LanguageOut], responses=examples.of("languages"))
    async def languages() -> Any:
        """The languages there are."""
        return [{"code": code, "name": NAMES[code], "targets": TARGETS[code]} for code in NAMES]

    @routes.post(
        "/translate_file",
        response_model=FileOut,
        responses=examples.of("translate_file"),
        openapi_extra=_body(FileFields, "multipart"),
    )
    async def translate_file(request: Request) -> Any:
        """Translates a document. Word, HTML, Markdown and subtitles keep their type; others become text."""
        data, name = await _upload(request, config)
        work = partial(_translated_file, data, name, host, config)
        done, named = await workers.run(request, work)
        kept = shelf.put(named, done)
        return {"translatedFileUrl": str(request.url_for("download_file", filename=kept))}

    @routes.get("/download_file/{filename}", response_class=Response, responses={404: ERRORS[400]})
    async def download_file(filename: str) -> Response:
        """A translated file."""
        if not (found := shelf.get(filename)):
            raise Refused(404, "there is no such file (any more)")
        data, name = found
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(data, headers=headers, media_type="application/octet-stream")

    @routes.get("/frontend/settings", response_model=SettingsOut, responses=examples.of("settings"))
    async def settings() -> Any:
        """The limits, for a client's form."""
        return _settings(config)

    @routes.post("/suggest", status_code=403, response_model=PlainErrorOut)
    async def suggest() -> Any:
        """Suggestions are not taken."""
        raise Refused(403, "Suggestions are disabled on this server.")

    @routes.get("/health", response_model=HealthOut)
    async def health() -> Any:
        """Whether the server is alive."""
        return {"status": "ok"}

    @routes.get("/spec", include_in_schema=False)
    async def spec(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    return routes


async def _fields(request: Request) -> Mapping[str, Any]:
    """The fields of a request wherever LibreTranslate takes them from. Raises Refused."""
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise Refused(400, "Invalid JSON format") from None
        if not isinstance(found, dict):
            raise Refused(400, "Invalid JSON format")
        return found
    async with _form(request) as form:
        given = [*form.multi_items(), *request.query_params.multi_items()]
    first = dict(reversed(given))
    # A client that has a form and a list repeats the field.
    several = [value for name, value in given if name == "q"]
    return {**first, "q": several} if len(several) > 1 else first


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    """The form in the body, its files open within."""
    try:
        form = await request.form(**FORM_LIMITS)
    except (ValueError, KeyError, AttributeError):
        raise Refused(400, "Invalid request: the form cannot be read") from None
    try:
        yield form
    finally:
        await form.close()


async def _upload(request: Request, config: ServerConfig) -> tuple[bytes, str]:
    """The file of /translate_file and its name. Raises Refused."""
    async with _form(request) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused(400, "Invalid request: missing file parameter")
        _language_pair(_text_of(form.get("source"), "source"), _text_of(form.get("target"), "target"))
        data, name = await file.read(config.body_bytes + 1), file.filename or ""
    if not name or not data:
        raise Refused(400, "Invalid request: empty file")
    if PurePath(name).suffix.lower() not in SUFFIXES:
        raise Refused(400, "Invalid request: file format not supported")
    return data, name


def _order(fields: Mapping[str, Any], config: ServerConfig) -> _Order:
    """What is asked for. Raises Refused in LibreTranslate's words."""
    q = fields.get("q")
    texts = _texts(q, config)
    source, target = _text_of(fields.get("source"), "source"), _text_of(fields.get("target"), "target")
    alternatives = _number(fields.get("alternatives") or 0, config.alternatives)
    found, confidence = _detected(texts) if source == "auto" else (source, 1.0)
    _language_pair(found, target)
    format = fields.get("format") or "text"
    if format not in ("text", "html"):
        raise Refused(400, f"{format} format is not supported")
    return _Order(
        tuple(texts), isinstance(q, list), source == "auto", found, confidence, format == "html", alternatives
    )


def _texts(q: Any, config: ServerConfig) -> Sequence[str]:
    if not q:
        raise Refused(400, "Invalid request: missing q parameter")
    texts = q if isinstance(q, list) else [q]
    if not all(isinstance(text, str) for text in texts):
        raise Refused(400, "Invalid request: q parameter is not text")
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
        raise Refused(400, "Invalid request: q parameter holds half of a surrogate pair")
    for size, limit in ((len(texts), config.batch_items), (sum(map(len, texts)), config.text_chars)):
        if size > limit:
            raise Refused(400, f"Invalid request: request ({size}) exceeds text limit ({limit})")
    return texts


def _text_of(value: Any, name: str) -> str:
    if not value or not isinstance(value, str):
        raise Refused(400, f"Invalid request: missing {name} parameter")
    return value


def _number(value: Any, most: int) -> int:
    try:
        number = max(0, int(value))
    except (ValueError, TypeError, OverflowError):
        raise Refused(400, "Invalid request: alternatives parameter is not a number") from None
    if number > most:
        raise Refused(400, f"Invalid request: alternatives parameter must be <= {most}")
    return number


def _language_pair(source: str, target: str) -> None:
    for code, known in ((source, (*NAMES, "auto")), (target, tuple(NAMES))):
        if code not in known:
            raise Refused(400, f"{code[:20]} is not supported")
    if source != "auto" and target not in TARGETS[source]:
        raise Refused(
            400,
            f"{NAMES[target]} ({target}) is not available as a target language"
            f" from {NAMES[source]} ({source})",
        )


def _detected(texts: Sequence[str]) -> tuple[str, float]:
    """English where that is sure; Indonesian unless another language is. Raises Refused."""
    found = language.detect(" ".join(texts))
    if found.reliable and found.code not in ("id", "ms", "jv"):
        if found.code != "en":
            raise Refused(400, f"{found.code} is not supported")
        return "en", found.confidence
    return "id", found.confidence if found.code == "id" else 0.0


def _detection(code: str, confidence: float) -> dict[str, Any]:
    return {"language": code, "confidence": round(100 * confidence, 1)}


def _translated(order: _Order, host: Host) -> dict[str, Any]:
    targets, others = _targets(order, host)
    answer: dict[str, Any] = {"translatedText": targets if order.listed else targets[0]}
    if order.auto:
        found = _detection(order.source, order.confidence)
        answer["detectedLanguage"] = [found] * len(targets) if order.listed else found
    if order.alternatives:
        answer["alternatives"] = others if order.listed else others[0]
    return answer


def _targets(order: _Order, host: Host) -> tuple[list[str], list[list[str]]]:
    none: list[list[str]] = [[] for _ in order.texts]
    if order.source == "en":
        return list(order.texts), none
    pipeline = host.pipeline()
    if order.html:
        pages = [html.parse(text) for text in order.texts]
        for page in pages:
            page.translate(pipeline.translate_segments)
        return [page.joined() for page in pages], none
    if order.alternatives:
        rows = [pipeline.alternatives(text, order.alternatives) for text in order.texts]
        return [row[0] for row in rows], [row[1 : order.alternatives + 1] for row in rows]
    return pipeline.translate_plain(order.texts), none


def _translated_file(data: bytes, name: str, host: Host, config: ServerConfig) -> tuple[bytes, str]:
    """The document in English and its name; text where its type cannot be written."""
    path = PurePath(name)
    text = document_text(data, name, config.body_bytes)
    if len(text) > config.text_chars:
        raise Refused(400, f"Invalid request: request ({len(text)}) exceeds text limit ({config.text_chars})")
    pipeline = host.pipeline()
    if kind_of(data, name).translate:
        done, _ = translate_data(data, name, pipeline.translate_segments, config.body_bytes)
        return done, f"{path.stem}_en{path.suffix}"
    return pipeline.translate_plain([text])[0].encode(), f"{path.stem}_en.txt"


def _settings(config: ServerConfig) -> dict[str, Any]:
    return {
        "charLimit": config.text_chars,
        "frontendTimeout": 500,
        "apiKeys": bool(config.keys_url),
        "keyRequired": config.keys_required,
        "suggestions": False,
        "filesTranslation": True,
        "supportedFilesFormat": DOCUMENTS,
        "language": {
            side: {"code": code, "name": NAMES[code]}
            for side, code in zip(("source", "target"), NAMES, strict=True)
        },
    }


def _body(fields: type[BaseModel], only: str = "") -> dict[str, Any]:
    """The request body of ``fields`` in OpenAPI: JSON and forms, or multipart ``only``."""
    schema = fields.model_json_schema()
    kinds = ["multipart/form-data"]
    if not only:
        kinds = ["application/json", "application/x-www-form-urlencoded", *kinds]
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}
