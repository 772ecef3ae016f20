"""Requests at work: a bounded number of threads, and whoever hangs up or is late is let go."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from service.api.config import ServerConfig
from service.context import Ask, asking
from service.errors import Busy, DeadlinePassed

T = TypeVar("T")
RETRY_SECONDS = 1.0
_LOOK_SECONDS = 0.02


def client_of(request: Request) -> str:
    """Return who asks: what a middleware noted as ``client``, else the address of the connection."""
    noted = getattr(request.state, "client", "")
    return str(noted) or (request.client.host if request.client else "")


class Workers:
    """Runs blocking work for requests, ``config.concurrent`` at once and none waiting.

    The work of a request runs under an :class:`Ask` of its client with the deadline of the
    configuration, cancelled when the client hangs up. It is looked at before every sentence, and by
    whoever waits for an engine or for a confined process; a thread is free again when its work has
    ended, whoever reads the answer. The answer does not wait for that: it comes at the deadline.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._seconds = config.deadline_seconds
        self._most = config.concurrent
        self._pool = ThreadPoolExecutor(config.concurrent, "request")
        self._lock = threading.Lock()
        self._running = 0
        self._asks: set[Ask] = set()

    @property
    def running(self) -> int:
        """The requests at work."""
        return self._running

    def close(self, seconds: float | None = None) -> None:
        """Cancel what runs and wait for its threads, ``seconds`` at most."""
        with self._lock:
            asks = [*self._asks]
        for ask in asks:
            ask.cancelled.set()
        self._pool.shutdown(wait=seconds is None, cancel_futures=True)
        due = time.monotonic() + (seconds or 0.0)
        while self._running and time.monotonic() < due:
            time.sleep(_LOOK_SECONDS)

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Return what ``work`` gives. Raises Busy at once where every worker has something to do."""
        ask = self._ask(request)
        done = self._start(ask, work)
        watch = asyncio.create_task(_hung_up(request, ask))
        try:
            return await _in_time(done, ask)
        finally:
            # Also where the answer was not waited for to its end: its thread is let go.
            ask.cancelled.set()
            watch.cancel()

    async def stream(self, request: Request, work: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
        """Yield what ``work`` yields, as it comes; whoever stops reading cancels it. Raises Busy as above."""
        loop = asyncio.get_running_loop()
        # Filled in the loop's own thread only, as asyncio's queues are not for several threads.
        ready: asyncio.Queue[T | None] = asyncio.Queue()
        ask = self._ask(request)

        def produce() -> None:
            for item in work():
                ask.check()
                loop.call_soon_threadsafe(ready.put_nowait, item)

        done = self._start(ask, produce)
        # Called in the loop after the items, which were handed to it before: None comes last.
        done.add_done_callback(lambda _: ready.put_nowait(None))
        watch = asyncio.create_task(_hung_up(request, ask))
        try:
            while (item := await _in_time(ready.get(), ask)) is not None:
                yield item
            await _in_time(done, ask)  # raises what the work raised
        finally:
            ask.cancelled.set()
            watch.cancel()

    def _ask(self, request: Request) -> Ask:
        # One deadline, however many pieces of work the request is.
        if not (deadline := getattr(request.state, "deadline", 0.0)):
            request.state.deadline = deadline = time.monotonic() + self._seconds
        return Ask(client_of(request), deadline)

    def _start(self, ask: Ask, work: Callable[[], T]) -> asyncio.Future[T]:
        # The pool would let requests wait without end; counted here, the one too many is told at once.
        with self._lock:
            if self._running >= self._most:
                raise Busy(RETRY_SECONDS)
            self._running += 1
            self._asks.add(ask)

        def run() -> T:
            with asking(ask):
                return work()

        # The language of the request's messages goes along into the thread.
        started = self._pool.submit(contextvars.copy_context().run, run)
        started.add_done_callback(lambda _: self._ended(ask))
        future = asyncio.wrap_future(started)
        # Whoever waited may have gone; the error is not news to anybody else.
        future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return future

    def _ended(self, ask: Ask) -> None:
        with self._lock:
            self._running -= 1
            self._asks.discard(ask)


async def _in_time(wanted: Awaitable[T], ask: Ask) -> T:
    """Return ``wanted``, or DeadlinePassed when its time is over, whatever its thread is at."""
    left = None if ask.deadline is None else max(0.0, ask.deadline - time.monotonic())
    future = asyncio.ensure_future(wanted)
    # Unlike wait_for() this does not wait for what it gives up.
    done, _ = await asyncio.wait((future,), timeout=left)
    if not done:
        future.cancel()
        raise DeadlinePassed("request.deadline", "the time allowed for this request has passed")
    return future.result()


async def _hung_up(request: Request, ask: Ask) -> None:
    """Cancel ``ask`` when the client of a request whose body was read goes away."""
    # The body was read before; all that still comes is this.
    while (await request.receive())["type"] != "http.disconnect":
        pass
    ask.cancelled.set()
