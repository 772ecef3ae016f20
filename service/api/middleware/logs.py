"""Logs: a line of JSON for each request and event, on standard error; no text, no query, no address."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from service.api.middleware.limits import App, Message, Receive, Scope, Send
from service.api.middleware.metrics import route

NAME = "warta.server"
_FIELDS = "warta_fields"


class Lines(logging.Formatter):
    """A record as a line of JSON.

    Of an exception its type and the places in the program are told, never its message: that may repeat what
    was sent. So may what other programs log, of which only errors' types get here.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        own = record.name.startswith(NAME) or record.name.startswith("uvicorn")
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if own else record.name,
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-8:]]
        return json.dumps(line, ensure_ascii=False)


def configure(level: str = "INFO") -> None:
    """Has this process log so, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    for name, least in ((NAME, level), ("uvicorn", "WARNING"), ("uvicorn.error", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.setLevel(least)
        logger.propagate = name == "uvicorn.error"


class Log:
    """One line a request, when its answer has gone; ``X-Request-Id`` in the answer names it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._logger = logging.getLogger(NAME)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
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
        except BaseException as raised:
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
            level = logging.ERROR if status >= 500 and status != 503 else logging.INFO
            self._logger.log(level, "request", extra={_FIELDS: told}, exc_info=error)
