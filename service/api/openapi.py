"""What OpenAPI says of answers and of LibreTranslate's requests, with the limits of this server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from service.api.config import ServerConfig
from service.api.schemas import ErrorOut, PlainErrorOut
from service.intake.documents.keyed import LISTED

MEANING: Mapping[int, str] = {
    400: "Something in the request is missing or wrong, or it is not HTTP as it should be",
    401: "An API key is needed",
    403: "The API key is not valid, a page of another origin asked, or this is switched off",
    404: "There is nothing under this name (any more)",
    408: "The body took too long to arrive",
    409: "The job is not done",
    413: "The text or the body is too large, or takes too much time or memory",
    421: "The server is not called by this Host",
    422: "A field is missing, unknown or of the wrong kind; or the process that worked on it broke",
    429: "Too many requests, wrong API keys or jobs; Retry-After says when to come back",
    431: "The request line and headers are too large",
    500: "The server failed on this request",
    501: "The Transfer-Encoding is not known",
    503: "Too much is waiting; Retry-After says when to come back",
    504: "The time allowed for a request has passed",
}
ANYWHERE = (400, 403, 421, 429, 431, 500, 501, 503)
"""What stands before the routes answers so, whatever is asked for."""
READING = (*ANYWHERE, 401, 504)
SENDING = (*READING, 408, 413, 422)
_WAIT: dict[str, object] = {
    "Retry-After": {"description": "In so many seconds", "schema": {"type": "integer", "minimum": 1}}
}
# Form fields and values in a query are text, so that an empty one is none.
_EMPTY = "Empty is as if it were not there, and so is null."
_LANGUAGE = {
    "type": "string",
    "enum": ["id", "en", "auto"],
    "description": "Its language.",
    "examples": ["id"],
}
_TARGET = {"type": "string", "enum": ["en"], "description": "The language wanted.", "examples": ["en"]}


def errors(*statuses: int, model: type[BaseModel] = PlainErrorOut) -> dict[int | str, dict[str, object]]:
    """Return the error responses of ``statuses`` as FastAPI takes them."""
    return {status: _error(status, model) for status in sorted(set(statuses))}


def our_errors(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the same in the shape of /v1."""
    return errors(*statuses, model=ErrorOut)


def _error(status: int, model: type[BaseModel]) -> dict[str, object]:
    headers = {"headers": _WAIT} if status in (429, 503) else {}
    return {"model": model, "description": MEANING[status], **headers}


def translate_body(config: ServerConfig) -> dict[str, object]:
    """Return the request body of /translate."""
    fields = {
        "source": _LANGUAGE,
        "target": _TARGET,
        "format": _format(),
        "alternatives": _alternatives(config),
    }
    return _body(config, fields, "Harga beras naik.")


def detect_body(config: ServerConfig) -> dict[str, object]:
    """Return the request body of /detect."""
    return _body(config, {}, "Harga beras naik 12 persen pada bulan Maret.")


def file_body() -> dict[str, object]:
    """Return the request body of /translate_file."""
    file = {"type": "string", "format": "binary", "description": "A document, not empty."}
    told = "Whether alt, title and description texts are translated too; false unless given."
    attributes = {"type": "string", "enum": ["true", "false", ""], "description": told}
    told = "Of JSON, only texts at these paths, parted by commas, `*` for any key: title,items.*.name."
    fields = {
        "file": file,
        "source": _LANGUAGE,
        "target": _TARGET,
        "attributes": attributes,
        "keys": {"type": "string", "pattern": LISTED, "description": told},
        "api_key": _not_null(_key()),
    }
    named = {"schema": {"type": "string"}, "example": 'form-data; name="file"; filename="berita.txt"'}
    content = {
        "schema": _object("FileFields", fields, ["file", "source", "target"]),
        # The kind of a document is in its name.
        "encoding": {"file": {"headers": {"Content-Disposition": named}}},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def alternatives_pattern(most: int) -> str:
    """Return the pattern of a number of alternatives in a form: empty, below zero, or up to ``most``."""
    return f"^(-[0-9]+|0*({'|'.join(str(number) for number in range(most + 1))}))?$"


def _body(config: ServerConfig, fields: dict[str, Any], example: str) -> dict[str, object]:
    """Return JSON, or a form: there a text that is repeated is a list, and nothing can be null."""
    required = ["q", *(name for name in ("source", "target") if name in fields)]
    title = "TranslateFields" if fields else "DetectFields"
    given = {**fields, "api_key": _key()}
    json = _object(title, {"q": _texts(config, example, 1), **given}, required)
    plain = {name: _not_null(field) for name, field in given.items()}
    form = _object(title, {"q": _texts(config, example, 2), **plain}, required)
    content: dict[str, object] = {"application/json": {"schema": json}}
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        content[kind] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def _object(title: str, fields: dict[str, object], required: list[str]) -> dict[str, object]:
    return {"title": title, "type": "object", "properties": fields, "required": required}


def _texts(config: ServerConfig, example: str, least: int) -> dict[str, object]:
    text = {"type": "string", "maxLength": config.text_chars}
    return {
        "description": "Text, or several; the limit of characters is for all of them together.",
        "anyOf": [
            {**text, "minLength": 1},
            {"type": "array", "items": text, "minItems": least, "maxItems": config.batch_items},
        ],
        "examples": [example],
    }


def _not_null(field: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" not in field:
        return field
    return {**field, "anyOf": [kind for kind in field["anyOf"] if kind["type"] != "null"]}


def _key() -> dict[str, object]:
    return {
        "description": f"The API key, where it is not in a header. {_EMPTY}",
        "anyOf": [{"type": "string"}, {"type": "null"}],
    }


def _format() -> dict[str, object]:
    return {
        "description": f"HTML keeps its tags. {_EMPTY}",
        "anyOf": [{"type": "string", "enum": ["text", "html", ""]}, {"type": "null"}],
        "default": "text",
    }


def _alternatives(config: ServerConfig) -> dict[str, object]:
    return {
        "description": f"How many other translations, at most; below 0 is none. {_EMPTY}",
        "anyOf": [
            {"type": "integer", "maximum": config.alternatives},
            {"type": "string", "pattern": alternatives_pattern(config.alternatives)},
            {"type": "null"},
        ],
        "default": 0,
    }
