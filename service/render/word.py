"""A Reading as a Word document: two languages in two columns, what is marked with comments on its words."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from service.render.marks import Note, words
from service.render.sheet import Row, Sheet
from service.render.xliff import clean

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_NARROW = 0.4
"""The width of the column of numbers, in inches."""


def sheet_docx(made: Sheet) -> bytes:
    """Return the document."""
    from docx import Document

    document = Document()
    document.core_properties.author = "Warta"
    document.core_properties.title = clean(made.title.target)[:200]
    _sentence(document, document.add_heading("", level=1), made.title)
    if made.title.source:
        document.add_paragraph().add_run(clean(made.title.source)).italic = True
    for label, value in made.about:
        _labelled(document.add_paragraph(), label, value)
    if made.points:
        document.add_heading("In brief", level=2)
        for point in made.points:
            document.add_paragraph(clean(point), style="List Bullet")
        for label, value in made.facts:
            _labelled(document.add_paragraph(), label.capitalize(), value)
    document.add_heading("Sentence by sentence", level=2)
    _table(document, made.rows)
    document.add_paragraph()
    for remark in made.remarks:
        document.add_paragraph(clean(remark))
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _table(document: Any, rows: Sequence[Row]) -> None:
    """Add the sentences, a row each, under a head that every page repeats."""
    from docx.oxml import OxmlElement
    from docx.shared import Inches

    table = document.add_table(rows=0, cols=3)
    table.style = "Table Grid"
    head = table.add_row()
    # python-docx has no name for it.
    repeats = OxmlElement("w:tblHeader")
    head._tr.get_or_add_trPr().append(repeats)
    for cell, label in zip(head.cells, ("No.", "Indonesian", "English"), strict=True):
        cell.paragraphs[0].add_run(label).bold = True
    for row in rows:
        number, source, target = table.add_row().cells
        number.paragraphs[0].add_run(str(row.number))
        source.paragraphs[0].add_run(clean(row.source)).bold = row.subhead
        _sentence(document, target.paragraphs[0], row)
    wide = (document.sections[0].page_width - document.sections[0].left_margin * 2 - Inches(_NARROW)) // 2
    # Word goes by the widths of the cells, not by that of the column.
    for column, width in zip(table.columns, (Inches(_NARROW), wide, wide), strict=True):
        for cell in column.cells:
            cell.width = width


def _labelled(paragraph: Paragraph, label: str, value: str) -> None:
    paragraph.add_run(f"{clean(label)}: ").bold = True
    paragraph.add_run(clean(value))
    paragraph.paragraph_format.space_after = 0


def _sentence(document: Document, paragraph: Paragraph, row: Row) -> None:
    """Add a sentence's English, with its marks as comments."""
    text = clean(row.target)
    if row.note:
        _comment(document, paragraph, text, row.note)
    else:
        paragraph.add_run(text)


def _comment(document: Document, paragraph: Paragraph, text: str, note: Note) -> None:
    """Add a marked sentence, with a comment for each finding on its words, or on all of it."""
    whole = 0, len(text)
    places = [words(finding, text) or whole for finding in note.findings] or [whole]
    # Every edge of a finding parts the runs: a comment begins and ends with a run.
    cuts = sorted({0, len(text), *(edge for place in places for edge in place)})
    runs = {start: paragraph.add_run(text[start:end]) for start, end in pairwise(cuts)}
    for (start, end), reason in zip(places, note.reasons, strict=True):
        inside = [run for at, run in runs.items() if start <= at < end]
        if inside:
            document.add_comment([inside[0], inside[-1]], text=clean(reason), author="Warta", initials="W")
