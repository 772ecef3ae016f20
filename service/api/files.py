"""Translated files, kept for a while under names that nobody can guess."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class _StoredFile:
    path: Path
    size: int
    until: float


class FileStore:
    """A folder of its own; files leave it when they are old, or when newer ones need the room.

    A name from outside is only ever looked up, never joined to a path.
    """

    def __init__(self, seconds: float, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = TemporaryDirectory(prefix="warta-files-", ignore_cleanup_errors=True)
        self._seconds = seconds
        self._most = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _StoredFile] = {}

    def put(self, name: str, data: bytes) -> str:
        """Keep ``data``; the name to ask for it by, which ends in ``name``, made safe."""
        token = secrets.token_urlsafe(24)
        path = Path(self._folder.name) / token
        # Outside the lock: nobody knows the name yet.
        path.write_bytes(data)
        with self._lock:
            self._kept[given := f"{token}.{safe_name(name)}"] = _StoredFile(
                path, len(data), self._clock() + self._seconds
            )
            self._tidy()
        return given

    def get(self, given: str) -> tuple[bytes, str] | None:
        """Return the file and its own name, or None where there is none (any more)."""
        with self._lock:
            self._tidy()
            kept = self._kept.get(given)
            return (kept.path.read_bytes(), given.split(".", 1)[1]) if kept else None  # a token has no dot

    def close(self) -> None:
        """Delete everything."""
        with self._lock:
            self._kept.clear()
            self._folder.cleanup()

    def _tidy(self) -> None:
        now, total = self._clock(), sum(kept.size for kept in self._kept.values())
        # Oldest first: a dict keeps the order of arrival, and all are kept equally long.
        for given, kept in list(self._kept.items()):
            if kept.until <= now or total > self._most:
                total -= kept.size
                kept.path.unlink(missing_ok=True)
                del self._kept[given]


def safe_name(name: str) -> str:
    """Return the last part of ``name``, in letters, digits, ``.``, ``-`` and ``_``."""
    # Some browsers on Windows send the whole path, with backslashes.
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    # No dot in front, which would hide the file; the end is kept, for it has the suffix.
    return _UNSAFE.sub("_", last).strip("._")[-100:] or "file"
