"""A Reading as one HTML file: no script, nothing fetched; marks are titles of the words and footnotes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from service.render.marks import Note, words
from service.render.sheet import Row, Sheet

_STYLE = (
    "body{font:1.06rem/1.6 Georgia,serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1d1b18}"
    "h1{line-height:1.2;margin-bottom:.2rem}.title{font-style:italic;margin-top:0}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem 1rem;font:.9rem/1.5 sans-serif}"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}th{text-align:left;font:600 .9rem sans-serif}"
    "th,td{vertical-align:top;padding:.25rem .8rem .25rem 0}td:first-child{color:#5b5851;font-size:.85rem}"
    "th:nth-child(n+2),td:nth-child(n+2){width:50%}tr.opens td{border-top:1px solid #dfdad2}"
    "mark{background:#ffe9a8;color:inherit}sup a{font:.75em sans-serif;text-decoration:none}"
    "li:target,:focus{outline:2px solid #b06000}tr{break-inside:avoid}"
    "@media(max-width:40rem){thead{display:none}tr,td{display:block;width:auto!important}}"
    "@media print{body{max-width:none;margin:0;font-size:10.5pt}"
    "mark{background:none;text-decoration:underline}}"
)


def sheet_html(made: Sheet) -> str:
    """Return headline, what is known of the reading, the brief, both languages, and the notes."""
    parts = [
        f"<h1>{_english(made.title)}</h1>",
        f'<p class="title" lang="id">{escape(made.title.source)}</p>' if made.title.source else "",
        _pairs(made.about),
        _brief(made),
        "<h2>Sentence by sentence</h2>",
        _table(made.rows),
        _notes(made.notes),
        "".join(f"<p>{escape(remark)}</p>" for remark in made.remarks),
    ]
    body = "\n".join(filter(None, parts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(made.title.target)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def pieces(text: str, note: Note | None) -> list[tuple[str, bool]]:
    """Return a sentence in pieces, and of each whether what was found is in its words.

    All of the sentence is where no finding names words of it; one without a note is not marked at all.
    """
    # A finding without words of its own marks the whole sentence.
    spans = merged([words(finding, text) or (0, len(text)) for finding in note.findings]) if note else []
    # A note with no findings is that of a low confidence, which is of the whole.
    spans = spans or ([(0, len(text))] if note else [])
    made, at = [], 0
    for start, end in spans:
        made += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in (*made, (text[at:], False)) if piece[0]]


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap as one; one of a whole text gives way to those inside it."""
    widest = max((end for _, end in spans), default=0)
    # What marks the whole sentence would hide which words of it another finding means.
    inner = [span for span in spans if span != (0, widest)] or list(spans)
    made: list[tuple[int, int]] = []
    for start, end in sorted(inner):
        if made and start < made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        else:
            made.append((start, end))
    return made


def _brief(made: Sheet) -> str:
    if not made.points:
        return ""
    items = "".join(f"<li>{escape(point)}</li>" for point in made.points)
    return f"<h2>In brief</h2><ul>{items}</ul>{_pairs(made.facts)}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f"<dt>{escape(label[:1].upper() + label[1:])}</dt><dd>{escape(value)}</dd>" for label, value in pairs
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _table(rows: Sequence[Row]) -> str:
    body = "\n".join(
        f'<tr id="s{row.number}"{" class=opens" if row.opens else ""}><td>{row.number}</td>'
        f'<td lang="id">{escape(row.source)}</td><td>{_english(row)}</td></tr>'
        for row in rows
    )
    head = "<thead><tr><th>No.</th><th>Indonesian</th><th>English</th></tr></thead>"
    return f"<table>{head}\n<tbody>\n{body}\n</tbody></table>"


def _english(row: Row) -> str:
    note = row.note
    if not note:
        return escape(row.target)
    # ``escape`` also takes quotation marks, so it may stand in an attribute.
    title = escape("; ".join(note.reasons))
    shown = "".join(
        f'<mark title="{title}">{escape(text)}</mark>' if found else escape(text)
        for text, found in pieces(row.target, note)
    )
    return f'{shown}<sup><a href="#note{note.number}" title="{title}">{note.number}</a></sup>'


def _notes(notes: Sequence[Note]) -> str:
    if not notes:
        return ""
    items = "".join(f'<li id="note{note.number}">{escape(str(note))}</li>' for note in notes)
    return f"<h2>Check before use</h2><ol>{items}</ol>"
