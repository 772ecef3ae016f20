"""The page around Gradio's: language and colours before the first paint."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from urllib.parse import parse_qs

from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from service.page.words import language_of, words

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='6' fill='%230b5563'/%3E"
    "%3Cpath d='M7 9h8M7 15h8M7 21h8' stroke='%23fff' stroke-opacity='.6' stroke-width='2.4'/%3E"
    "%3Cpath d='M18 9h7M18 15h7M18 21h7' stroke='%23fff' stroke-width='2.4'/%3E%3C/svg%3E"
)


class Shell:
    """Adds the head to the page's HTML on its way out; everything else passes untouched."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        language = language_for(
            _text(asked, b"cookie"), _text(asked, b"accept-language"), scope["query_string"].decode("latin-1")
        )
        # Without this the body would come packed.
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
        await self._app(scope, receive, _Page(send, language))


class _Page:
    """Holds the response back until it is whole."""

    def __init__(self, send: Send, language: str) -> None:
        self._send = send
        self._language = language
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
        if _text(dict(headers), b"content-type").startswith("text/html"):
            self._body = with_head(self._body.decode("utf-8"), head_in(self._language)).encode()
            headers += [
                (b"content-language", self._language.encode()),
                (b"vary", b"Accept-Language, Cookie"),
            ]
        headers.append((b"content-length", str(len(self._body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": self._body})


def language_for(cookie: str, accepted: str, query: str) -> str:
    """Return the language of whoever asks for the page, from the request's headers and query."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie)
    except CookieError:
        jar.clear()
    asked = parse_qs(query).get("language", [""])[0]
    return language_of({name: morsel.value for name, morsel in jar.items()}, accepted, asked)


def head_in(language: str) -> str:
    """Return what goes into the head: the words in the reader's language, then the script that needs them."""
    values = json.dumps({"language": language, "words": words()[language]}, ensure_ascii=True)
    return (
        f'<link rel="icon" href="{escape(ICON, quote=True)}">'
        f"<style>{_static('page.css')}</style>"
        f"<script>window.warta = {values.replace('<', chr(92) + 'u003c')};\n{_static('shell.js')}</script>"
    )


@cache
def _static(name: str) -> str:
    return (files("service.page") / "static" / name).read_text("utf-8")


def with_head(page: str, head: str) -> str:
    """Return the page with ``head`` before all that it loads itself."""
    before, mark, after = page.partition("<head>")
    return f"{before}{mark}{head}{after}" if mark else page


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
