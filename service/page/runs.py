"""What runs for whom: one run a session and tab, so that a new one replaces the old and Stop finds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import Any, TypeVar

from service.context import Ask, asking

POLL_SECONDS = 0.2
"""How long a Stop can go unnoticed."""


class Runs:
    """The running work of every session. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asks: dict[tuple[str, str], Ask] = {}

    def begin(
        self, session: str, what: str, deadline: float | None = None, *, background: bool = False
    ) -> Ask:
        """Stop what the session ran of this kind, and begin anew; the rest is as in :class:`Ask`."""
        ask = Ask(client=session, deadline=deadline, background=background)
        with self._lock:
            before = self._asks.get((session, what))
            self._asks[session, what] = ask
        if before:
            before.cancelled.set()
        return ask

    def stop(self, session: str, what: str) -> None:
        """Stop what the session runs of this kind, if anything."""
        with self._lock:
            ask = self._asks.pop((session, what), None)
        if ask:
            ask.cancelled.set()

    def leave(self, session: str) -> None:
        """Stop everything of a session whose page is gone."""
        with self._lock:
            kinds = [what for who, what in self._asks if who == session]
        for what in kinds:
            self.stop(session, what)

    def replaced(self, ask: Ask, session: str, what: str) -> bool:
        """Return whether a newer run has taken the place of ``ask``, which then has nothing more to say."""
        with self._lock:
            return self._asks.get((session, what), ask) is not ask

    def end(self, ask: Ask) -> None:
        """Forget a run that came to its end."""
        with self._lock:
            self._asks = {key: value for key, value in self._asks.items() if value is not ask}


Made = TypeVar("Made")
Told = TypeVar("Told")


def run_for_session(runs: Runs, session: str, what: str, seconds: float, work: Callable[[], Made]) -> Made:
    """Return what ``work`` gives, done on behalf of the session and in ``seconds``; stopped when the page is
    gone.

    Raises Cancelled, DeadlinePassed, and what ``work`` raises.
    """
    ask = runs.begin(session, what, time.monotonic() + seconds)
    try:
        with asking(ask):
            return work()
    finally:
        runs.end(ask)


def events(ask: Ask, work: Callable[[Callable[[Told], None]], None]) -> Iterator[list[Told]]:
    """Yield what ``work`` tells, as it comes, several at once where they came at once.

    It runs in a thread of its own on behalf of ``ask``, so that the caller goes on within
    ``POLL_SECONDS`` of a Stop: the events end, whatever the thread still does. What ``work`` raises is
    raised here.
    """
    told: Queue[Any] = Queue()

    def run() -> None:
        try:
            with asking(ask):
                work(told.put)
            told.put(_END)
        except BaseException as error:
            told.put(_Failed(error))

    threading.Thread(target=run, name="page-run", daemon=True).start()
    while not ask.cancelled.is_set():
        batch = _next(told)
        for index, event in enumerate(batch):
            if event is _END or isinstance(event, _Failed):
                if index:
                    yield batch[:index]
                if isinstance(event, _Failed):
                    raise event.error
                return
        if batch:
            yield batch


_END = object()


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _next(told: Queue[Told]) -> list[Told]:
    """Return what has been told, waiting a moment for the first of it."""
    batch = []
    try:
        batch.append(told.get(timeout=POLL_SECONDS))
        while True:
            batch.append(told.get_nowait())
    except Empty:
        return batch
