"""A Reading as a file to keep: made when asked for, never left on the server's disk."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from io import BytesIO
from itertools import pairwise
from typing import Any

from service.document import Reading
from service.errors import UsageError
from service.render import schema
from service.render.html import reading_html
from service.render.marks import Note, Notes, words
from service.render.text import Line, reading_laid, reading_markdown, reading_text


def file(reading: Reading, format: str) -> dict[str, str]:
    """Return ``name``, ``type`` and ``data`` (Base64) of the file.

    Raises UsageError for an unknown format.
    """
    if format not in FORMATS:
        raise UsageError(
            "command.format",
            "unknown format {format!r}; there are: {known}",
            format=format,
            known=", ".join(FORMATS),
        )
    mime, make = FORMATS[format]
    return {
        "name": f"{_stem(reading.headline)}.{format}",
        "type": mime,
        "data": base64.b64encode(make(reading)).decode("ascii"),
    }


def docx(reading: Reading) -> bytes:
    """Return the reading as a Word document: what is marked has a comment on its words."""
    from docx import Document

    document = Document()
    document.core_properties.author = "Warta"
    document.core_properties.title = _clean(reading.headline)[:200]
    laid = reading_laid(reading)
    for mark, lines in laid.blocks:
        for line in lines:
            _add(document, mark, line, laid.notes)
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _add(document: Any, mark: str, line: Line, notes: Notes) -> None:
    if mark.startswith("#"):
        paragraph = document.add_heading("", level=len(mark))
    else:
        style = {"-": "List Bullet", "[^]": "List Number"}.get(mark)
        paragraph = document.add_paragraph("", style=style)
    for span in line:
        text = _clean(span.text)
        if note := notes.of(span):
            _comment(document, paragraph, text, note)
        else:
            paragraph.add_run(text)


def _comment(document: Any, paragraph: Any, text: str, note: Note) -> None:
    """Add a marked sentence, with a comment for each finding on its words, or on all of it."""
    whole = 0, len(text)
    places = [words(finding, text) or whole for finding in note.findings] or [whole]
    cuts = sorted({0, len(text), *(edge for place in places for edge in place)})
    runs = {start: paragraph.add_run(text[start:end]) for start, end in pairwise(cuts)}
    for (start, end), reason in zip(places, note.reasons, strict=True):
        inside = [run for at, run in runs.items() if start <= at < end]
        if inside:
            document.add_comment([inside[0], inside[-1]], text=_clean(reason), author="Warta", initials="W")


def _clean(text: str) -> str:
    """Return the text without the control characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def _json(reading: Reading) -> bytes:
    return (schema.Reading.of(reading).dumped(indent=2) + "\n").encode("utf-8", "replace")


FORMATS: Mapping[str, tuple[str, Callable[[Reading], bytes]]] = {
    "txt": ("text/plain", lambda reading: reading_text(reading).encode("utf-8", "replace")),
    "md": ("text/markdown", lambda reading: reading_markdown(reading).encode("utf-8", "replace")),
    "html": ("text/html", lambda reading: reading_html(reading).encode("utf-8", "replace")),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx),
    "json": ("application/json", _json),
}


def _stem(headline: str) -> str:
    """Return a file name of the headline's words, in ASCII."""
    words = re.findall(r"[a-z0-9]+", headline.lower())
    return "-".join(words)[:60].strip("-") or "warta"
