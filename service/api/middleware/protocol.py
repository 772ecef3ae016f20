"""uvicorn's HTTP protocol over h11, with the limits and refusals that uvicorn leaves out.

uvicorn bounds the time between requests, but not the time that headers take: whoever sends one byte now and
then holds a connection for ever. h11 bounds only headers that arrive in several reads: 70 kB in one packet
pass. And h11 follows Transfer-Encoding where a Content-Length stands beside it, as the standard allows; a
proxy that follows the other one would see a second request in the body of the first (request smuggling).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from service.api.errors import body
from service.api.middleware.limits import HEADERS
from service.document import Message
from service.refusal import Refused

HEADER_SECONDS = 15.0
HEAD_BYTES = 64 * 1024
"""The request line and all headers."""

_SAID = {
    400: Message.of("protocol.invalid", "this is not a valid HTTP request"),
    431: Message.of(
        "protocol.head",
        "the request line and headers are larger than the limit of {size} bytes",
        size=f"{HEAD_BYTES:,}",
    ),
    501: Message.of("protocol.encoding", "this Transfer-Encoding is not supported"),
}


class Connection(h11.Connection):
    """The server's end of one connection, which refuses a large head and a body of two lengths.

    After a RemoteProtocolError ``status`` is what to answer, ``target`` what was asked for, if that is known.
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES)
        self.status = 400
        self.target = ""

    def next_event(self) -> Any:
        """Return the next event, as in h11. Raise RemoteProtocolError for what is refused."""
        # What a head takes on the wire: the spaces around its values are not in the event.
        before = len(self.trailing_data[0]) if self.their_state is h11.IDLE else 0
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self.target = event.target.decode("latin-1")
                _check(event, before - len(self.trailing_data[0]))
        except h11.RemoteProtocolError as error:
            self.status = error.error_status_hint
            raise
        return event


def _check(head: h11.Request, size: int) -> None:
    if size > HEAD_BYTES:
        raise h11.RemoteProtocolError("the head is too large", error_status_hint=431)
    names = {name for name, _ in head.headers}
    # HTTP/1.0 knows no Transfer-Encoding: whatever stands in front of this server did not look at it.
    if b"transfer-encoding" in names and (b"content-length" in names or head.http_version < b"1.1"):
        raise h11.RemoteProtocolError("a body of two lengths", error_status_hint=400)


class Punctual(H11Protocol):
    """Closes a connection whose next request has begun, or was to begin at once, and does not get on."""

    header_seconds = HEADER_SECONDS
    _due: asyncio.TimerHandle | None = None

    def __init__(self, *options: Any, **named: Any) -> None:
        super().__init__(*options, **named)
        # In place of the one that uvicorn made.
        self.conn: Connection = Connection()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on where headers have begun, no more where they are complete."""
        super().data_received(data)
        begun = bool(self.conn.trailing_data[0])
        # Either the head is complete, or nothing of the next request is there yet; then uvicorn's own limit
        # for idle connections counts.
        if self.conn.their_state is not h11.IDLE or not begun:
            self._rest()
        elif self._due is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._rest()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 uvicorn's is one for all that is wrong
        """Answer a request that is refused before the application sees it, and close the connection."""
        # An answer that has begun cannot become another one.
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refused = Refused(self.conn.status, _SAID.get(self.conn.status, _SAID[400]))
            said = json.dumps(body(self.conn.target, refused)).encode()
            headers = [
                *self.server_state.default_headers,
                *HEADERS,
                (b"content-type", b"application/json"),
                (b"content-length", str(len(said)).encode()),
                (b"connection", b"close"),
            ]
            reason = STATUS_PHRASES[refused.status]
            head = h11.Response(status_code=refused.status, headers=headers, reason=reason)
            events = (head, h11.Data(data=said), h11.EndOfMessage())
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()

    def _wait(self) -> None:
        self._due = self.loop.call_later(self.header_seconds, self._late)

    def _rest(self) -> None:
        due: Any = self._due
        if due is not None:
            due.cancel()
        self._due = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
