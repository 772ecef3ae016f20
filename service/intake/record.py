"""A record: one text to work on, with its key and its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from service.document import Message

OWN_COLUMNS = ("key", "place", "error", "fields")
"""What every table that this program writes begins with."""


@dataclass(frozen=True, slots=True)
class Record:
    """One text to work on. ``key`` is a hash of place and content, and the position in its file.

    ``place`` is for people: the file, and the line in it where there is one. ``fields`` is what else
    the record holds; ``note`` is what is to be said of its table, on the first record that shows it.
    """

    key: str
    text: str
    place: str
    fields: Mapping[str, object] = field(default_factory=dict)
    note: Message | None = None


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read, and why; ``sheet`` says that it is a whole sheet which is no table.

    ``fields`` is what else it holds, as far as it could be read.
    """

    key: str
    place: str
    error: str
    sheet: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)


def good(place: str, position: int, text: str, fields: Mapping[str, object]) -> Record:
    """Return a record with its key."""
    content = json.dumps([text, fields], ensure_ascii=False, default=str) if fields else text
    return Record(_key(place, position, content), text, place, fields)


def bad(place: str, position: int, error: str, fields: Mapping[str, object] | None = None) -> BadRecord:
    """Return a bad record with its key."""
    return BadRecord(_key(place, position, error), place, error, fields=fields or {})


def _key(place: str, position: int, content: str) -> str:
    digest = sha256(f"{place}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()
    # The position too, so that a text that comes twice has two keys.
    return f"{digest[:16]}-{position}"
