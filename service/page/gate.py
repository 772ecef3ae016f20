"""What of Gradio can be reached, and with what: it stands before the whole mounted page.

Gradio opens the paths that it finds in what a client sends. So none passes here. A client uploads to this
module, which gives it a token, and a token is all that it can name a file by: each object that names a file
is replaced by the handle of an upload of the same session, or the request is refused. Only the routes below
exist; a call is read, checked and written anew, so that what Gradio parses is what was checked.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from service.errors import InputError
from service.messages import text
from service.page.components import no_room
from service.page.incoming import receive_files
from service.page.progress import Progress
from service.page.uploads import COOKIE, TOKEN, Files, NoRoom
from service.page.words import say_for
from service.refusal import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

API = "/gradio_api"

PLAIN = re.compile(r"/(?:assets/.+|static/.+|theme\.css|favicon\.ico|robots\.txt|manifest\.json)")
"""What holds nothing of anybody."""
HASH = re.compile(r"[A-Za-z0-9_-]{1,64}")
HEARTBEAT = re.compile(rf"{API}/heartbeat/({HASH.pattern})")

FILE_KEYS = frozenset({"path", "url", "meta", "is_file", "is_stream"})
"""An object with any of these names a file, for one version of Gradio or another."""
MOST_DEPTH = 40

_Shape = Mapping[str, tuple[type, ...]]
_SESSION: _Shape = {"session_hash": (str,)}
_MAYBE = type(None)
# The fields that Gradio's own page sends; `object` is anything. No other field is passed on.
_CALL: _Shape = {
    **_SESSION,
    "data": (list,),
    "fn_index": (int,),
    "trigger_id": (int, _MAYBE),
    "event_data": (object,),
}
_SHAPES: Mapping[str, _Shape] = {
    "/queue/join": _CALL,
    "/component_server": {**_SESSION, "data": (object,), "component_id": (int,), "fn_name": (str,)},
    "/cancel": {**_SESSION, "fn_index": (int,), "event_id": (str,)},
    "/reset": {"event_id": (str,)},
}
_RUN = re.compile(rf"{API}/run/[\w-]{{1,80}}")


class Gate:
    """Passes on what the page needs, of the session that the cookie names; everything else is not there."""

    def __init__(self, app: App, files: Files, call_bytes: int) -> None:
        self._app = app
        self._files = files
        self._call_bytes = call_bytes
        self._progress = Progress()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection. Raises Refused, which the application answers."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        method, path = scope["method"], scope["path"]
        reads = method in ("GET", "HEAD")
        if reads and path in ("/", "/config"):
            # Gradio would look up what a query names in its own folders.
            await self._app({**scope, "query_string": b""}, receive, _with_session(scope, send))
        elif reads and PLAIN.fullmatch(path):
            await self._app(scope, receive, send)
        elif path.startswith(API + "/"):
            await self._api(scope, receive, send)
        else:
            raise _nothing()

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"].removeprefix(API)
        if method in ("GET", "HEAD") and path.startswith("/file="):
            await self._file(path.removeprefix("/file="), scope, receive, send)
        elif method == "GET":
            await self._stream(path, scope, receive, send)
        elif method == "POST" and path == "/upload":
            await self._upload(scope, receive, send)
        elif method == "POST" and (shape := _shape(path)):
            await self._call(shape, scope, receive, send)
        else:
            raise _nothing()

    async def _stream(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if path == "/queue/data":
            name = scoped(_session(scope), asked.get("session_hash", [""])[0])
            await self._app({**scope, "query_string": f"session_hash={name}".encode()}, receive, send)
        elif path == "/upload_progress":
            session, upload = _session(scope), asked.get("upload_id", [""])[0]
            await self._progress.tell(session, upload, scope, receive, send)
        elif found := HEARTBEAT.fullmatch(API + path):
            await self._heartbeat(found[1], scope, receive, send)
        else:
            raise _nothing()

    async def _heartbeat(self, hash: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for as long as the page is open."""
        session = _session(scope)
        path = f"{API}/heartbeat/{scoped(session, hash)}"
        self._files.enter(session)
        try:
            await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)
        finally:
            self._files.leave(session)

    async def _file(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an upload or a result to the session that it belongs to."""
        from starlette.responses import FileResponse

        found = self._files.find(_session(scope), token) if TOKEN.fullmatch(token) else None
        if found is None:
            raise _nothing()
        answer = FileResponse(found, media_type="application/octet-stream", filename=found.name)
        await answer(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request
        from starlette.responses import JSONResponse, PlainTextResponse, Response

        session, client = _session(scope), str(scope.get("state", {}).get("client", ""))
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        content_type = Request(scope).headers.get("content-type", "")
        answer: Response
        with self._progress.of(session, asked.get("upload_id", [""])[0]) as watch:
            try:
                tokens = await receive_files(
                    content_type, receive, lambda name: self._files.begin(session, client, name), watch
                )
                answer = JSONResponse(tokens)
            except InputError as error:
                # The browser shows the text as it is.
                status = 413 if isinstance(error, NoRoom) else 400
                answer = PlainTextResponse(self._said(error, scope), status)
        await answer(scope, receive, send)

    def _said(self, error: InputError, scope: Scope) -> str:
        say = say_for(_request(scope))
        if not isinstance(error, NoRoom):
            return text(error, say.language)
        return text(no_room(error, self._files, say), say.language)

    async def _call(self, shape: _Shape, scope: Scope, receive: Receive, send: Send) -> None:
        session = _session(scope)
        fields = _fields(await self._body(receive), shape)
        if "session_hash" in fields:
            fields["session_hash"] = scoped(session, fields["session_hash"])
        handle = self._handles(session, scope)
        fields = {name: _replaced(value, handle) for name, value in fields.items()}
        body = json.dumps(fields, allow_nan=False).encode()
        kept = (b"content-type", b"content-length", b"transfer-encoding", b"content-encoding")
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in kept]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._app({**scope, "headers": headers, "query_string": b""}, _once(body, receive), send)

    def _handles(self, session: str, scope: Scope) -> Callable[[Mapping[str, object]], str]:
        """Return what gives the handle of the upload that an object names. It raises Refused."""

        def handle(named: Mapping[str, object]) -> str:
            token = named.get("path")
            if not isinstance(token, str) or not TOKEN.fullmatch(token):
                raise Refused(403, "page.foreign_file", "only a file uploaded to this page can be named")
            if self._files.find(session, token) is None:
                raise Refused(403, say_for(_request(scope)).message("file_gone"))
            return f"{session}/{token}"

        return handle

    async def _body(self, receive: Receive) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise Refused(400, "request.broke_off", "the request broke off")
            more = message.get("more_body", False)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._call_bytes:
                close = {"Connection": "close"}
                raise Refused(
                    413,
                    "page.call_size",
                    "more than {size} bytes in one call",
                    headers=close,
                    size=f"{self._call_bytes:,}",
                )
        return b"".join(parts)


def scoped(session: str, hash: str) -> str:
    """Return the name that Gradio knows a page by: whatever a client calls it, it is one of its own
    session.
    """
    if not HASH.fullmatch(hash):
        raise Refused(400, "page.session_hash", "session_hash is letters, digits, - and _")
    return hashlib.sha256(f"{session}/{hash}".encode()).hexdigest()[:32]


def _shape(path: str) -> _Shape | None:
    path = path.removesuffix("/")
    return _CALL if _RUN.fullmatch(API + path) else _SHAPES.get(path)


def _fields(body: bytes, shape: _Shape) -> dict[str, Any]:
    """Return the fields of a call, by its shape. Raises Refused."""
    try:
        given = json.loads(body)
        json.dumps(given, allow_nan=False)
    except (ValueError, RecursionError):
        raise Refused(400, "request.not_json", "the body is not valid JSON") from None
    if not isinstance(given, dict):
        raise Refused(400, "request.no_object", "the body is no JSON object")
    fields = {}
    for name, kinds in shape.items():
        value = given.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and int in kinds):
            raise Refused(400, "page.field", "{name} is missing or of the wrong kind", name=name)
        fields[name] = value
    return fields


def _replaced(value: object, handle: Callable[[Mapping[str, object]], str], depth: int = 0) -> object:
    """Return ``value`` with a handle in the place of every object that names a file."""
    if depth > MOST_DEPTH:
        raise Refused(400, "page.depth", "more than {count} levels in one call", count=MOST_DEPTH)
    if isinstance(value, list):
        return [_replaced(item, handle, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if FILE_KEYS & value.keys():
        return handle(value)
    return {key: _replaced(item, handle, depth + 1) for key, item in value.items()}


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives ``body``, then what comes after it: the end of the connection."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _request(scope: Scope) -> Request:
    from starlette.requests import Request

    return Request(scope)


def _session_of(scope: Scope) -> str | None:
    value = _request(scope).cookies.get(COOKIE, "")
    return value if TOKEN.fullmatch(value) else None


def _session(scope: Scope) -> str:
    session = _session_of(scope)
    if session is None:
        raise Refused(403, say_for(_request(scope)).message("no_session"))
    return session


def _with_session(scope: Scope, send: Send) -> Send:
    """Return a send that gives the browser its session, if it has none."""
    if _session_of(scope) is not None:
        return send
    value = f"{COOKIE}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax"
    value += "; Secure" if scope.get("scheme") == "https" else ""

    async def giving(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"set-cookie", value.encode())]}
        await send(message)

    return giving


def _nothing() -> Refused:
    return Refused(404, "request.nothing_here", "there is nothing at this address")
