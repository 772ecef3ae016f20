"""A Reading as a file to keep: made when asked for, never left on the server's disk."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from service.document import Reading
from service.errors import UsageError
from service.render import schema
from service.render.text import reading_blocks, reading_markdown, reading_text


def file(reading: Reading, format: str) -> dict[str, str]:
    """``name``, ``type`` and ``data`` (Base64) of the file. Raises UsageError for an unknown format."""
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; there are: {', '.join(FORMATS)}")
    mime, make = FORMATS[format]
    return {
        "name": f"{_stem(reading.headline)}.{format}",
        "type": mime,
        "data": base64.b64encode(make(reading)).decode("ascii"),
    }


def docx(reading: Reading) -> bytes:
    """The reading as a Word document: its headings, lists and paragraphs."""
    from docx import Document

    document = Document()
    document.core_properties.author = "Warta"
    document.core_properties.title = _clean(reading.headline)[:200]
    for mark, lines in reading_blocks(reading):
        for line in lines:
            _add(document, mark, _clean(line))
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _add(document: Any, mark: str, text: str) -> None:
    if mark.startswith("#"):
        document.add_heading(text, level=len(mark))
    else:
        document.add_paragraph(text, style="List Bullet" if mark == "-" else None)


def _clean(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def _json(reading: Reading) -> bytes:
    return (schema.Reading.of(reading).dumped(indent=2) + "\n").encode("utf-8", "replace")


FORMATS: Mapping[str, tuple[str, Callable[[Reading], bytes]]] = {
    "txt": ("text/plain", lambda reading: reading_text(reading).encode("utf-8", "replace")),
    "md": ("text/markdown", lambda reading: reading_markdown(reading).encode("utf-8", "replace")),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx),
    "json": ("application/json", _json),
}


def _stem(headline: str) -> str:
    """A file name of the headline's words, in ASCII."""
    words = re.findall(r"[a-z0-9]+", headline.lower())
    return "-".join(words)[:60].strip("-") or "warta"
