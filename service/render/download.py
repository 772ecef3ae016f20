"""A Reading as a file to keep: made when asked for, never left on the server's disk."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping

from service.document import Reading
from service.errors import UsageError
from service.escape import markdown_line
from service.render.html import sheet_html
from service.render.sheet import UNKNOWN, Origin, Row, Sheet, sheet
from service.render.word import sheet_docx
from service.render.xliff import xliff


def file(reading: Reading, format: str, origin: Origin = UNKNOWN) -> dict[str, str]:
    """Return ``name``, ``type`` and ``data`` (Base64) of a file. Raises UsageError for an unknown format."""
    if format not in FORMATS:
        raise UsageError(
            "command.format",
            "unknown format {format!r}; there are: {known}",
            format=format,
            known=", ".join(FORMATS),
        )
    mime, make = FORMATS[format]
    made = make(sheet(reading, origin))
    # Half a surrogate pair, of a damaged paste, becomes a question mark: a file is better than an error.
    data = made.encode("utf-8", "replace") if isinstance(made, str) else made
    return {
        "name": f"{_stem(reading.headline)}.{format}",
        "type": mime,
        "data": base64.b64encode(data).decode("ascii"),
    }


def sheet_text(made: Sheet) -> str:
    """Return plain text: each sentence with its number, its Indonesian and what to check under it."""
    head = made.title.target
    parts = [f"{head}\n{'=' * min(len(head), 100)}"]
    parts += [made.title.source] if made.title.source else []
    parts.append("\n".join(f"{label}: {value}" for label, value in made.about))
    if made.points:
        facts = [f"{label.capitalize()}: {value}" for label, value in made.facts]
        parts.append("\n".join(["In brief", *(f"* {point}" for point in made.points), *facts]))
    if made.title.note:
        parts.append("\n".join(f"! {reason}" for reason in made.title.note.reasons))
    parts += map(_row_text, made.rows)
    return "\n\n".join([*parts, "\n".join(made.remarks)]) + "\n"


def sheet_markdown(made: Sheet) -> str:
    """Return Markdown: numbered sentences, the Indonesian under each, marks as footnotes."""
    title = made.title
    parts = [f"# {markdown_line(title.target)}{_foot(title)}"]
    parts += [f"*{markdown_line(title.source)}*"] if title.source else []
    parts.append("\n".join(f"- **{label}**: {markdown_line(value)}" for label, value in made.about))
    if made.points:
        points = [f"- {markdown_line(point)}" for point in made.points]
        points += [f"- **{label.capitalize()}**: {markdown_line(value)}" for label, value in made.facts]
        parts += ["## In brief", "\n".join(points)]
    parts.append("## Sentence by sentence")
    parts += [
        f"{r.number}. {markdown_line(r.target)}{_foot(r)}\n\n   *{markdown_line(r.source)}*"
        for r in made.rows
    ]
    if made.notes:
        parts.append("\n".join(f"[^{note.number}]: {markdown_line(str(note))}" for note in made.notes))
    return "\n\n".join([*parts, *map(markdown_line, made.remarks)]) + "\n"


def sheet_json(made: Sheet) -> str:
    """Return the same as JSON."""
    value = {
        "title": made.title.target,
        "title_source": made.title.source,
        "title_marks": list(made.title.note.reasons) if made.title.note else [],
        "about": dict(made.about),
        "brief": list(made.points),
        "facts": dict(made.facts),
        "segments": [
            {
                "number": row.number,
                "source": row.source,
                "target": row.target,
                "marks": list(row.note.reasons) if row.note else [],
                "paragraph_begins": row.opens,
                "own_words": row.own,
            }
            for row in made.rows
        ],
        "remarks": list(made.remarks),
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, tuple[str, Callable[[Sheet], str | bytes]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", sheet_docx),
    "html": ("text/html", sheet_html),
    "md": ("text/markdown", sheet_markdown),
    "txt": ("text/plain", sheet_text),
    "json": ("application/json", sheet_json),
    "xlf": ("application/xliff+xml", xliff),
}


def _row_text(row: Row) -> str:
    marks = [f"   ! {reason}" for reason in row.note.reasons] if row.note else []
    return "\n".join([f"{row.number}. {row.target}", f"   {row.source}", *marks])


def _foot(row: Row) -> str:
    return f"[^{row.note.number}]" if row.note else ""


def _stem(headline: str) -> str:
    """Return a file name of the headline's words, in ASCII."""
    # Only these, so that no system refuses the name and none of it means a path: "Harga beras: naik 12%"
    # gives ``harga-beras-naik-12``.
    words = re.findall(r"[a-z0-9]+", headline.lower())
    return "-".join(words)[:60].strip("-") or "warta"
