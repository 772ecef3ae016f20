"""The language of a request's messages: Accept-Language says it."""

from __future__ import annotations

from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from service.api.middleware.limits import fields
from service.messages import preferred, speaking

_WITH_MESSAGES = ("application/json", "text/event-stream", "text/plain")


class Language:
    """Answer each request in the language that it asks for, English where it asks for none.

    An answer that may hold messages names the language in ``Content-Language``, and ``Vary`` tells caches
    that another reader may get another. Files, scripts and feeds are the same for everybody.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what answers it, in other threads too, speaks its language."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # A header that comes several times is one list (RFC 9110).
        language = preferred(",".join(fields(scope, b"accept-language")))
        with speaking(language):
            await self._app(scope, receive, partial(_labelled, send, language))


async def _labelled(send: Send, language: str, message: Message) -> None:
    """Send a part of an answer; its beginning says in what language the messages are."""
    if message["type"] == "http.response.start":
        headers = MutableHeaders(scope=message)
        if headers.get("content-type", "").startswith(_WITH_MESSAGES):
            headers.setdefault("content-language", language)
            headers.add_vary_header("Accept-Language")
    await send(message)
