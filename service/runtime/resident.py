"""A model that is open while it is used, and may be closed and opened again between its uses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from service.context import asked
from service.document import Decoding, Output
from service.errors import EngineError
from service.runtime.batching import QueueStats, SharedEngine


class ResidentEngine:
    """An engine that ``rest`` closes where nobody uses it, and the next call opens again.

    Whoever calls it within ``asking`` uses it until the end of that, others during the call. ``opened``
    opens it, in one thread at a time; ``over`` is told when a use has ended. Safe from many threads:
    those that need the model wait while it is opened, and nobody else does.
    """

    def __init__(self, opened: Callable[[], SharedEngine], over: Callable[[], None] = lambda: None) -> None:
        """Open it. Raises what ``opened`` raises."""
        self._opened = opened
        self._over = over
        # Held while weights are read, which takes seconds; ``_lock`` only for a glance at what is below it.
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        self._users: set[object] = set()
        self._closed = False
        self._engine: SharedEngine | None = None
        self.used = time.monotonic()
        self.signature = self._ready().signature

    @property
    def open(self) -> bool:
        """Whether the model is in memory."""
        return self._engine is not None

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        with self._in_use() as engine:
            return engine.generate(texts, decoding)

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        """See :class:`service.engines.base.Engine`."""
        with self._in_use() as engine:
            return engine.alternatives(text, decoding, count)

    def count_tokens(self, text: str) -> int:
        """See :class:`service.engines.base.Engine`."""
        with self._in_use() as engine:
            return engine.count_tokens(text)

    def stats(self) -> QueueStats:
        """Return the queue now, and its totals since the model was opened last."""
        engine = self._engine
        return engine.stats() if engine else QueueStats()

    def rest(self) -> bool:
        """Close the model unless it is in use; return whether that was done."""
        with self._lock:
            if self._users or not self._engine:
                return False
            engine, self._engine = self._engine, None
        engine.close()
        return True

    def close(self, seconds: float | None = None) -> None:
        """Close the model for good, in use or not; wait ``seconds`` at most for what runs in it.

        One that is just being opened is closed by whoever opens it.
        """
        with self._lock:
            self._closed = True
            engine, self._engine = self._engine, None
        if engine:
            engine.close(seconds)

    @contextmanager
    def _in_use(self) -> Iterator[SharedEngine]:
        ask = asked()
        user: object = ask or object()
        # Entered before the engine is looked at: rest() closes only what has no users, under the same lock.
        with self._lock:
            new = user not in self._users
            self._users.add(user)
        # Once for each request, however often it calls.
        if ask and new:
            ask.at_end.append(partial(self._leave, user))
        try:
            # What is in use is not put to rest.
            yield self._engine or self._ready()
        finally:
            if not ask:
                self._leave(user)

    def _ready(self) -> SharedEngine:
        """Return the engine, opened once however many wait for it."""
        with self._opening:
            if self._closed:
                raise EngineError("engine.closed", "the engine was closed")
            if engine := self._engine:
                return engine
            engine = self._opened()
            # It may have been closed while the weights were read.
            with self._lock:
                if not self._closed:
                    self._engine = engine
                    return engine
        engine.close()
        raise EngineError("engine.closed", "the engine was closed")

    def _leave(self, user: object) -> None:
        with self._lock:
            self._users.discard(user)
            self.used = time.monotonic()
        self._over()  # outside the lock: it may call rest()
