"""Logs: a line of JSON for each request and event, on standard error; no text, no query, no address.

structlog makes the lines, also of what is logged through Python's own `logging`, as uvicorn does.
"""

from __future__ import annotations

import logging
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime

import structlog
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send
from structlog.typing import EventDict

from service.api.middleware.metrics import route

NAME = "warta.server"


def configure(level: str = "INFO") -> None:
    """Have this process write its logs so, on standard error; those of Python's own loggers too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, _discreet],
            processors=[
                _timed,
                _placed,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("event"),
                _ordered,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    # uvicorn.error passes its lines on to uvicorn: with a handler of its own each would be written twice.
    for name, least in ((NAME, level), ("uvicorn", "WARNING"), ("uvicorn.error", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.setLevel(least)
        logger.propagate = name == "uvicorn.error"


def _discreet(_: object, __: str, event: EventDict) -> EventDict:
    """Keep only whose it is of what other programs log: it may repeat what was sent."""
    name = event["_record"].name
    return event if name.startswith((NAME, "uvicorn")) else {**event, "event": name}


def _timed(_: object, __: str, event: EventDict) -> EventDict:
    """Add when it was, to the millisecond, in UTC."""
    moment = datetime.fromtimestamp(event["_record"].created, UTC)
    return {**event, "time": moment.isoformat(timespec="milliseconds")}


def _placed(_: object, __: str, event: EventDict) -> EventDict:
    """Keep of an exception its type and where it was: its message may repeat what was sent."""
    error = event.pop("exc_info", None) or event["_record"].exc_info
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        event["error"] = type(error).__name__
        event["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    return event


def _ordered(_: object, __: str, event: EventDict) -> EventDict:
    """Return the same fields first in every line."""
    return {**{name: event.pop(name) for name in ("time", "level", "event")}, **event}


class Log:
    """One line a request, when its answer has gone; ``X-Request-Id`` in the answer names it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
            logging.getLogger(NAME),
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.stdlib.add_log_level,
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A client's own name for its request could hold anything, so it is given one.
        id, status, started = secrets.token_hex(8), 500, time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", id.encode())]
            await send(message)

        error: BaseException | None = None
        try:
            await self._app(scope, receive, named)
        except BaseException as raised:  # a client that goes away is one too
            error = raised
            raise
        finally:
            key = scope.get("state", {}).get("key")
            told = {
                "id": id,
                "method": scope["method"][:16],
                "route": route(scope),
                "status": status,
                "ms": round(1000 * (time.perf_counter() - started), 1),
                **({"key": key.id} if key else {}),
            }
            # 503 is an answer as it should be where too much is waiting.
            level = logging.ERROR if status >= 500 and status != 503 else logging.INFO
            self._logger.log(level, "request", **told, **({"exc_info": error} if error else {}))
