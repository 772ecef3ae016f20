"""Announced articles made ready to be kept: repaired, cleaned, with their title; in a confined process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.errors import InputError
from service.inbox.records import Entry
from service.inbox.store import Prepared, announced
from service.intake.clean import clean, repaired
from service.intake.credit import about_of

if TYPE_CHECKING:
    from service.runtime.sandbox import Sandbox


def prepared(box: Sandbox, entries: Sequence[Entry]) -> list[Prepared]:
    """Return announced articles with their cleaned text, which may be empty, and their title."""
    if not entries:
        return []
    pairs = []
    for entry in entries:
        about = about_of(entry.text)
        pairs.append([entry.title or (about.title if about else ""), str(entry.text)])
    found = box.run(".inbox.prepare:cleaned", pairs)
    return [
        Prepared(entry, announced(entry), title, text)
        for entry, (title, text) in zip(entries, found, strict=True)
    ]


def cleaned(pairs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return title and text of each pair of title (empty: to be found) and raw text."""
    return [_cleaned(title, text) for title, text in pairs]


def _cleaned(title: str, text: str) -> list[str]:
    try:
        article = clean(text, title=title or None)
    except InputError:
        return [repaired(title), ""]
    # Some feeds give no title: then the one that is found in the text, else the first line.
    return [repaired(title) or article.title or article.text.split("\n", 1)[0][:200], article.text]
