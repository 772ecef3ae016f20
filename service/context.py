"""On whose behalf work is done: until when, whether still, and how long it stood in queues.

Whoever answers a request sets it once (:func:`asking`); whatever does the work, however deep, looks at it
without being handed it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from service.errors import Cancelled, DeadlinePassed


@dataclass(slots=True, eq=False)
class Ask:
    """On whose behalf the engine is called. ``deadline`` is in :func:`time.monotonic` seconds.

    The first call of an ask may be refused, the later ones are not: what was begun can be ended.
    ``background`` is for work that nobody sits and waits for: never refused, and others go before it.
    ``waited`` sums the seconds in which its calls stood in a queue. ``at_end`` is done when it is over.
    """

    client: str = ""
    deadline: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    admitted: bool = False
    background: bool = False
    waited: float = 0.0
    at_end: list[Callable[[], None]] = field(default_factory=list)

    @property
    def lane(self) -> tuple[bool, str]:
        """What has a queue of its own: a client, and its work in the background apart."""
        return self.background, self.client

    @property
    def wanted(self) -> bool:
        """Whether an answer is still of use."""
        return not self.cancelled.is_set() and (self.deadline is None or time.monotonic() < self.deadline)

    def check(self) -> None:
        """Raise Cancelled or DeadlinePassed."""
        if self.cancelled.is_set():
            raise Cancelled("request.cancelled", "cancelled")
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise DeadlinePassed("request.deadline", "the time allowed for this request has passed")


_asking: ContextVar[Ask | None] = ContextVar("asking", default=None)


@contextmanager
def asking(ask: Ask) -> Iterator[Ask]:
    """Have the calls of a :class:`SharedEngine` within belong to ``ask``."""
    token = _asking.set(ask)
    try:
        yield ask
    finally:
        _asking.reset(token)
        # When the ask is set no more: what is done here is on nobody's behalf.
        # Popped one by one, so that what they add themselves is done too.
        while ask.at_end:
            ask.at_end.pop()()


def asked() -> Ask | None:
    """Return on whose behalf the call at hand is made, if that was said."""
    return _asking.get()


batch_wanted: ContextVar[Callable[[], bool] | None] = ContextVar("batch_wanted", default=None)
"""Set by whoever runs a batch for several callers."""


def unwanted() -> bool:
    """Return whether nobody waits for the batch at hand any more.

    An engine that can stop within one looks at it.
    """
    wanted = batch_wanted.get()
    return wanted is not None and not wanted()


def checkpoint() -> None:
    """Let work end early here. Raises Cancelled, DeadlinePassed on behalf of whoever asked."""
    if ask := _asking.get():
        ask.check()


def worked() -> float:
    """Return a clock, in seconds, that stands still while the call at hand waits in a queue."""
    ask = _asking.get()
    return time.monotonic() - (ask.waited if ask else 0.0)
