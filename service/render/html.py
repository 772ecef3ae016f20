"""A Reading as one HTML file: no script, nothing fetched; marks are titles of the words and footnotes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from service.document import Reading
from service.render.marks import Note, Notes, Span, words
from service.render.text import Block, Line, reading_laid

_TAGS = {"#": "h1", "##": "h2", "###": "h3", "-": "li", "": "p"}
_STYLE = (
    "body{font:1.06rem/1.6 Georgia,serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "mark{background:#ffe9a8;color:inherit}sup a{font:.75em sans-serif;text-decoration:none}"
    "li:target,:focus{outline:2px solid #b06000}"
)


def reading_html(reading: Reading) -> str:
    """Return headline, summary, translation, and the notes that the marks point to."""
    laid = reading_laid(reading)
    body = "\n".join(_block(block, laid.notes) for block in laid.blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(reading.headline)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def pieces(text: str, note: Note | None) -> list[tuple[str, bool]]:
    """Return a sentence in pieces, and of each whether what was found is in its words.

    All of the sentence is where no finding names words of it; one without a note is not marked at all.
    """
    spans = merged([words(finding, text) or (0, len(text)) for finding in note.findings]) if note else []
    spans = spans or ([(0, len(text))] if note else [])
    made, at = [], 0
    for start, end in spans:
        made += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in (*made, (text[at:], False)) if piece[0]]


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap as one; one of a whole text gives way to those inside it."""
    widest = max((end for _, end in spans), default=0)
    inner = [span for span in spans if span != (0, widest)] or list(spans)
    made: list[tuple[int, int]] = []
    for start, end in sorted(inner):
        if made and start < made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        else:
            made.append((start, end))
    return made


def _block(block: Block, notes: Notes) -> str:
    mark, lines = block
    if mark == "[^]":
        items = (f'<li id="note{n}">{escape(line[0].text)}</li>' for n, line in enumerate(lines, start=1))
        return f"<ol>{''.join(items)}</ol>"
    tag = _TAGS[mark]
    inner = "".join(f"<{tag}>{_line(line, notes)}</{tag}>" for line in lines)
    return f"<ul>{inner}</ul>" if mark == "-" else inner


def _line(line: Line, notes: Notes) -> str:
    return "".join(_span(span, notes.of(span)) for span in line)


def _span(span: Span, note: Note | None) -> str:
    if not note:
        return escape(span.text)
    title = escape("; ".join(note.reasons))
    shown = "".join(
        f'<mark title="{title}">{escape(text)}</mark>' if found else escape(text)
        for text, found in pieces(span.text, note)
    )
    return f'{shown}<sup><a href="#note{note.number}" title="{title}">{note.number}</a></sup>'
