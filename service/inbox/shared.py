"""One inbox for all that a server does with it: opened when it is first asked for."""

from __future__ import annotations

import threading
from pathlib import Path

from service.inbox.store import FILE, Store


class Shared:
    """The inbox at ``url``, or the one in ``home`` where that is empty. Safe from several threads."""

    def __init__(self, home: Path, url: str = "") -> None:
        self._url = url or str(home / FILE)
        self._lock = threading.Lock()
        self._store: Store | None = None

    def store(self) -> Store:
        """Return the inbox. Raises UsageError where its extra is not installed, StoreError."""
        with self._lock:
            if self._store is None:
                self._store = Store(self._url)
            return self._store

    def close(self) -> None:
        """Close the inbox, if it was opened."""
        with self._lock:
            store, self._store = self._store, None
        if store:
            store.close()
