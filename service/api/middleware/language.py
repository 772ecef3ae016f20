"""The language of a request's messages: Accept-Language says it."""

from __future__ import annotations

from service.api.middleware.limits import App, Receive, Scope, Send, fields
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
