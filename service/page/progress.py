"""How far an upload is, for the page that sends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope, Send

from service.page.incoming import Watch

WAIT_SECONDS = 3.0
"""How long the question may come before the upload."""
POLL_SECONDS = 0.1
MOST = 1000
"""Uploads that are told of at once; the progress of more is not."""


class Progress:
    """What came of each upload that goes on, by its session and the name that the page gave it."""

    def __init__(self) -> None:
        self._going: dict[tuple[str, str], dict[str, int]] = {}

    @contextmanager
    def of(self, session: str, upload: str) -> Iterator[Watch]:
        """Yield what to tell the bytes of an upload to, until it ends."""
        came: dict[str, int] = {}
        key = (session, upload)
        if upload and len(upload) <= 100 and len(self._going) < MOST:
            self._going[key] = came

        def watch(name: str, size: int) -> None:
            came[name] = came.get(name, 0) + size

        try:
            yield watch
        finally:
            if self._going.get(key) is came:
                del self._going[key]

    async def tell(
        self,
        session: str,
        upload: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer with the events that Gradio's page knows, until the upload ends."""
        from starlette.responses import StreamingResponse

        answer = StreamingResponse(self._events((session, upload)), media_type="text/event-stream")
        await answer(scope, receive, send)

    async def _events(self, key: tuple[str, str]) -> AsyncIterator[str]:
        for _ in range(int(WAIT_SECONDS / POLL_SECONDS)):
            if key in self._going:
                break
            await asyncio.sleep(POLL_SECONDS)
        told: dict[str, int] = {}
        while (came := self._going.get(key)) is not None:
            for name, size in list(came.items()):
                if size > told.get(name, 0):
                    more = size - told.get(name, 0)
                    yield _event({"msg": "update", "orig_name": name, "chunk_size": more})
                    told[name] = size
            await asyncio.sleep(POLL_SECONDS)
        yield _event({"msg": "done"})


def _event(value: dict[str, object]) -> str:
    return f"data: {json.dumps(value)}\n\n"
