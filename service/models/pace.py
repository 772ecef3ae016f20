"""How fast bytes arrive, and how long the rest takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from service.document import Message
from service.messages import text

WINDOW = 10.0
"""Seconds that the rate looks back: a line that changes is followed, one slow packet is not."""


class Pace:
    """The rate of one transfer over its last seconds. What an earlier try fetched does not count as fast."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, done: int) -> None:
        """Note that ``done`` bytes are there now."""
        now = self._clock()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Bytes a second, 0 while nothing can be said."""
        if len(self._seen) < 2:
            return 0.0
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - began) if ended - began >= 0.5 else 0.0

    def left(self, total: int) -> float | None:
        """Return the seconds that the rest of ``total`` bytes takes; None while nothing can be said."""
        if not self.rate or not self._seen:
            return None
        return (total - self._seen[-1][1]) / self.rate


def duration(seconds: float) -> str:
    """Return a time as people say it: 40 s, 12 min, 3 h 20 min."""
    if seconds < 90:
        return text(Message.of("time.seconds", "{seconds} s", seconds=f"{seconds:.0f}"))
    minutes = round(seconds / 60)
    if minutes < 90:
        return text(Message.of("time.only_minutes", "{minutes} min", minutes=minutes))
    hours, rest = divmod(minutes, 60)
    return text(Message.of("time.hours", "{hours} h {minutes} min", hours=hours, minutes=f"{rest:02}"))
