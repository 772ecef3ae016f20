"""A translation memory that cannot be used costs time, not the translation: it is gone on without."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from service.document import Finding, Suggestion
from service.errors import StoreError
from service.translation.memory.base import Memory, Remembered

PAUSE = 60.0
"""Seconds without asking a memory that failed: asking a server that is gone may take ten each time."""

Made = TypeVar("Made")


class ForgivingMemory:
    """The memory that ``open`` opens, for translating; while it cannot be used, nothing is in it.

    ``warn`` is told of the first failure, in a line, and of no other. Reading and writing rest apart from
    each other, so that what is there is still used where the disk is full. Safe from several threads.
    """

    def __init__(
        self,
        open: Callable[[], Memory],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open it at once, so that the warning comes before any work. Raises UsageError as ``open`` does."""
        self._open = open
        self._warn = warn
        self._clock = clock
        self._lock = threading.Lock()
        self._memory: Memory | None = None
        self._warned = False
        self._rests = {"read": 0.0, "write": 0.0}
        self._tried("read", lambda memory: memory.has_own(), False)

    def own(self, sources: Iterable[str]) -> dict[str, str]:
        """Do as :meth:`Memory.own`."""
        wanted = list(sources)
        return self._tried("read", lambda memory: memory.own(wanted), {})

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """Do as :meth:`Memory.get`."""
        wanted = list(keys)
        return self._tried("read", lambda memory: memory.get(signature, wanted), {})

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Do as :meth:`Memory.put`."""
        self._tried("write", lambda memory: memory.put(signature, answers), None)

    def suggest(self, sources: Iterable[str], least: float) -> dict[str, tuple[Suggestion, ...]]:
        """Do as :meth:`Memory.suggest`."""
        wanted = list(sources)
        return self._tried("read", lambda memory: memory.suggest(wanted, least), {})

    def dismissed(self, source: str, target: str, findings: Sequence[Finding]) -> frozenset[Finding]:
        """Do as :meth:`Memory.dismissed`."""
        return self._tried("read", lambda memory: memory.dismissed(source, target, findings), frozenset())

    def stamp(self) -> str:
        """Return :meth:`Memory.stamp`; that of an empty one while it cannot be used."""
        return self._tried("read", lambda memory: memory.stamp(), "none")

    def _tried(self, what: str, work: Callable[[Memory], Made], otherwise: Made) -> Made:
        # Read without the lock: at worst a thread asks once more than need be.
        if self._clock() < self._rests[what]:
            return otherwise
        try:
            # Held for opening only: the memory itself may be used by several threads.
            with self._lock:
                self._memory = self._memory or self._open()
                memory = self._memory
            return work(memory)
        except StoreError as error:
            self._failed(what, error)
            return otherwise

    def _failed(self, what: str, error: StoreError) -> None:
        with self._lock:
            self._rests[what] = self._clock() + PAUSE
            first, self._warned = not self._warned, True
        if first:
            self._warn(f"{error}; going on without it")
