"""The language of a request's messages: Accept-Language says it."""

from __future__ import annotations

from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from service.api.middleware.limits import fields
from service.messages import preferred, speaking


class Language:
    """Answers each request in the language that it asks for, English where it asks for none."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what answers it, in other threads too, speaks its language."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with speaking(preferred(",".join(fields(scope, b"accept-language")))):
            await self._app(scope, receive, send)
