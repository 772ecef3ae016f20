"""Errors as HTTP answers: LibreTranslate's ``{"error": "…"}``, and under /v1 an object with a type."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from service.document import Message
from service.errors import (
    Busy,
    Cancelled,
    DeadlinePassed,
    InputError,
    LimitExceeded,
    NotInstalled,
    UnknownModel,
    UsageError,
    WartaError,
    WorkerFailed,
)
from service.messages import text
from service.refusal import Refused

# The first class that fits names the answer; 499 is what proxies note for a client that went away.
_STATUS: Sequence[tuple[type[WartaError], int, str]] = (
    (Busy, 503, "busy"),
    (DeadlinePassed, 504, "deadline"),
    (Cancelled, 499, "cancelled"),
    (LimitExceeded, 413, "too_large"),
    (WorkerFailed, 422, "input"),
    (InputError, 400, "input"),
    (UsageError, 400, "invalid_request"),
    (UnknownModel, 400, "unknown_model"),
    (NotInstalled, 400, "not_installed"),
    (WartaError, 500, "internal"),
)


def refusal(error: WartaError) -> Refused:
    """Return how an error of the program is answered."""
    status, type = next((status, type) for kind, status, type in _STATUS if isinstance(error, kind))
    headers = {"Retry-After": str(ceil(error.retry_after))} if isinstance(error, Busy) else {}
    return Refused(status, error, type=type, headers=headers)


def body(path: str, refused: Refused) -> dict[str, object]:
    """Return the JSON that says why, in the shape that is used at ``path``."""
    line = " ".join(text(refused.message).split())
    if path.startswith("/v1"):
        return {"error": {"type": refused.type, "code": refused.message.code, "message": line}}
    return {"error": line}


def answer(path: str, refused: Refused) -> JSONResponse:
    """Return the response to a request for ``path``."""
    return JSONResponse(body(path, refused), refused.status, refused.headers)


def install(app: FastAPI) -> None:
    """Have every error of ``app`` answered so, but for what nobody foresaw: see ``limits.Failures``."""

    def handled(kind: type[Exception], refuse: Any) -> None:
        async def handler(request: Request, error: Exception) -> Response:
            return answer(request.url.path, refuse(error))

        app.add_exception_handler(kind, handler)

    handled(Refused, lambda error: error)
    handled(WartaError, refusal)
    handled(HTTPException, _http)
    handled(RequestValidationError, _invalid)


def _http(error: HTTPException) -> Refused:
    # FastAPI calls whatever stops the reading of a body a body that cannot be parsed.
    if isinstance(error.__cause__, Refused):
        return error.__cause__
    known = {
        404: Message.of("request.nothing_here", "there is nothing at this address"),
        405: Message.of("request.method", "this address does not take that method"),
    }
    message = known.get(error.status_code) or str(error.detail) or HTTPStatus(error.status_code).phrase
    return Refused(error.status_code, message, headers=error.headers)


def _invalid(error: RequestValidationError) -> Refused:
    """Return the first of what is wrong with a request; what was sent is not repeated."""
    # Pydantic quotes the input in each error; it may be long, or private, so only the words are used.
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Refused(400, "request.not_json", "the body is not valid JSON")
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = str(first["msg"]).removeprefix("Value error, ")
    return Refused(422, "request.schema", "{reason}", at=where, reason=message)
