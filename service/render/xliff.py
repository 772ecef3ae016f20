"""A Reading as XLIFF 2.0, which translators' programs open: http://docs.oasis-open.org/xliff/xliff-core/v2.0/."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from service.render.sheet import Row, Sheet


def xliff(made: Sheet) -> str:
    """Return the sentences as units, their marks and what is known of the reading as notes."""
    about = [("about", f"{label}: {value}") for label, value in made.about]
    about += [("brief", point) for point in made.points]
    about += [("brief", f"{label}: {value}") for label, value in made.facts]
    about += [("about", remark) for remark in made.remarks]
    # A title that was made has no Indonesian, and so is no unit.
    units = [_unit(row) for row in ([made.title] if made.title.source else []) + list(made.rows)]
    original = next((value for label, value in made.about if label == "Source"), "")
    named = f" original={quoteattr(clean(original))}" if original else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="id" trgLang="en">\n'
        f'<file id="article"{named}>\n{_notes(about)}{"".join(units)}</file>\n</xliff>\n'
    )


def clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    return kept.replace("\ufffe", "").replace("\uffff", "")


def _unit(row: Row) -> str:
    marks = [("mark", reason) for reason in row.note.reasons] if row.note else []
    name = "title" if not row.number else f"sentence-{row.number}"
    state = "reviewed" if row.own else "translated"
    return (
        f'<unit id="{name}">\n{_notes(marks)}<segment state="{state}">\n'
        f"<source>{_text(row.source)}</source>\n<target>{_text(row.target)}</target>\n</segment>\n</unit>\n"
    )


def _notes(notes: Iterable[tuple[str, str]]) -> str:
    said = "".join(f'<note category="{kind}">{_text(note)}</note>\n' for kind, note in notes)
    return f"<notes>\n{said}</notes>\n" if said else ""


def _text(text: str) -> str:
    return escape(clean(text))
