"""Which memory is used: an SQLite file, or a PostgreSQL database that many machines share."""

from __future__ import annotations

from pathlib import Path

from service.errors import UsageError
from service.translation.memory.base import Memory
from service.translation.memory.sqlite import TranslationMemory


def open_memory(place: str | Path) -> Memory:
    """Return the memory at a PostgreSQL URL or in an SQLite file. Raises UsageError for another URL,
    StoreError."""
    url = str(place)
    if url.startswith(("postgresql://", "postgres://")):
        from service.translation.memory.postgres import PostgresMemory

        return PostgresMemory(url)
    if "://" in url:
        raise UsageError("memory.place", "a memory is a file or a postgresql:// URL")
    return TranslationMemory(Path(url))
