"""uvicorn's HTTP protocol, which waits for a request's headers only so long.

uvicorn bounds the size of headers and the time between requests, but not the time that headers take: whoever
sends one byte now and then holds a connection for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15.0


class Punctual(H11Protocol):
    """Closes a connection whose next request has begun, or was to begin at once, and does not get on."""

    header_seconds = HEADER_SECONDS
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Waits on where headers have begun, no more where they are complete."""
        super().data_received(data)
        begun = bool(self.conn.trailing_data[0])
        if self.conn.their_state is not h11.IDLE or not begun:
            self._rest()
        elif self._due is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops waiting."""
        self._rest()
        super().connection_lost(exc)

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
