"""A document in two languages beside each other, for what cannot be written again in its own type."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from itertools import pairwise

from service.intake.documents.blocks import Change, PlacedNote
from service.intake.documents.office import without_illegal

HTML_SUFFIXES = (".html", ".htm")
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TOGETHER = 20
"""Notes at most about one piece of a row: more of them about the same words would be told as often."""
_STYLE = (
    "body{max-width:70em;margin:2em auto;padding:0 1em;font:1em/1.5 Georgia,serif}"
    "table{border-collapse:collapse;width:100%}"
    "td{vertical-align:top;width:50%;padding:.4em 1em;border-bottom:1px solid #ddd}"
    ".heading td{font-weight:bold;font-size:1.15em}.page td{color:#666;font-size:.85em}"
)
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_KIND}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "word/styles.xml": f'<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/>'
    '<w:lang w:val="en-US"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/>'
    '<w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style></w:styles>',
}


@dataclass(frozen=True, slots=True)
class Row:
    """A paragraph in both languages; ``page`` is the number of the page on which it begins."""

    source: str
    target: str
    page: int
    heading: bool = False
    notes: tuple[PlacedNote, ...] = ()


def rows(paragraphs: Sequence[tuple[str, int, bool]], changes: Sequence[Change | None]) -> list[Row]:
    """Return paragraphs, each with its page and whether it is a heading, beside what became of them."""
    return [
        Row(source, change.texts[0] if change else source, page, heading, change.notes if change else ())
        for (source, page, heading), change in zip(paragraphs, changes, strict=True)
    ]


def as_html(found: Sequence[Row]) -> bytes:
    """Return a page of two columns, Indonesian and English."""
    title = next((row.target for row in found if row.heading), found[0].target if found else "")
    body = "".join(_html_rows(found))
    page = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title[:200])}</title>'
        f"<style>{_STYLE}</style></head><body><table>\n{body}</table></body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _html_rows(found: Sequence[Row]) -> Iterator[str]:
    page = 0
    for row in found:
        if row.page != page:
            page = row.page
            yield f'<tr class="page"><td colspan="2">{page}</td></tr>\n'
        kind = ' class="heading"' if row.heading else ""
        yield (
            f'<tr{kind}><td lang="id" translate="no">{escape(row.source)}</td>'
            f"<td>{''.join(_marked_words(row))}</td></tr>\n"
        )


def _marked_words(row: Row) -> Iterator[str]:
    """Yield the English of a row, its notes as titles of what they are about."""
    for text, notes in _parted(row):
        told = escape("; ".join(note.text for note in notes))
        yield f'<mark title="{told}">{escape(text)}</mark>' if told else escape(text)


def _parted(row: Row) -> Iterator[tuple[str, list[PlacedNote]]]:
    """Yield the English of a row in pieces, each with the notes that are about it."""
    most = len(row.target)
    opening: dict[int, list[PlacedNote]] = {}
    for note in row.notes:
        if note.start < min(note.end, most):
            opening.setdefault(note.start, []).append(note)
    edges = sorted({0, most, *(min(edge, most) for note in row.notes for edge in (note.start, note.end))})
    about: list[PlacedNote] = []
    for start, end in pairwise(edges):
        about = [note for note in (*about, *opening.get(start, ())) if note.end >= end][:_TOGETHER]
        yield row.target[start:end], about


def as_docx(found: Sequence[Row]) -> bytes:
    """Return a Word document of a table: Indonesian and English."""
    edges = ("top", "left", "bottom", "right", "insideH", "insideV")
    borders = "".join(f'<w:{edge} w:val="single" w:sz="4" w:color="CCCCCC"/>' for edge in edges)
    document = (
        f'<w:document {_W}><w:body><w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{borders}'
        '</w:tblBorders></w:tblPr><w:tblGrid><w:gridCol w:w="4800"/><w:gridCol w:w="4800"/></w:tblGrid>'
        f'{"".join(_word_rows(found))}</w:tbl><w:p/><w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"/></w:sectPr></w:body>'
        "</w:document>"
    )
    out = BytesIO()
    parts = {**_PARTS, "word/document.xml": document}
    if any(row.notes for row in found):
        parts |= _commented([note for row in found for note in row.notes])
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            # Of one date, so that equal documents are equal files.
            archive.writestr(zipfile.ZipInfo(name), _XML + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _commented(notes: Sequence[PlacedNote]) -> dict[str, str]:
    """Return the parts that comments need, numbered in their order."""
    comments = "".join(
        f'<w:comment w:id="{number}" w:author="Warta" w:initials="W"><w:p><w:r><w:t>'
        f"{escape(without_illegal(note.text), quote=False)}</w:t></w:r></w:p></w:comment>"
        for number, note in enumerate(notes)
    )
    kind = f'<Override PartName="/word/comments.xml" ContentType="{_KIND}.comments+xml"/></Types>'
    related = f'<Relationship Id="rId2" Type="{_OFFICE}/comments" Target="comments.xml"/></Relationships>'
    types, relations = "[Content_Types].xml", "word/_rels/document.xml.rels"
    return {
        "word/comments.xml": f"<w:comments {_W}>{comments}</w:comments>",
        types: _PARTS[types].replace("</Types>", kind),
        relations: _PARTS[relations].replace("</Relationships>", related),
    }


def _word_rows(found: Sequence[Row]) -> Iterator[str]:
    page = number = 0
    for row in found:
        if row.page != page:
            page = row.page
            yield f"<w:tr>{_cell(_run(str(page)), wide=True)}</w:tr>"
        source = _cell(_run(row.source, "id-ID"), heading=row.heading)
        target = _cell("".join(_commented_runs(row, number)), heading=row.heading)
        number += len(row.notes)
        yield f"<w:tr>{source}{target}</w:tr>"


def _commented_runs(row: Row, number: int) -> Iterator[str]:
    """Yield the English of a row as runs, its notes as comments from ``number`` on."""
    open_notes: list[PlacedNote] = []
    numbers = {id(note): number + index for index, note in enumerate(row.notes)}
    end: tuple[str, list[PlacedNote]] = ("", [])
    for text, notes in (*_parted(row), end):
        for note in [one for one in open_notes if one not in notes]:
            open_notes.remove(note)
            id_ = numbers[id(note)]
            yield f'<w:commentRangeEnd w:id="{id_}"/><w:r><w:commentReference w:id="{id_}"/></w:r>'
        for note in [one for one in notes if one not in open_notes]:
            open_notes.append(note)
            yield f'<w:commentRangeStart w:id="{numbers[id(note)]}"/>'
        yield _run(text) if text else ""


def _run(text: str, language: str = "en-US") -> str:
    plain = escape(without_illegal(text), quote=False)
    return f'<w:r><w:rPr><w:lang w:val="{language}"/></w:rPr><w:t xml:space="preserve">{plain}</w:t></w:r>'


def _cell(runs: str, *, heading: bool = False, wide: bool = False) -> str:
    span = '<w:gridSpan w:val="2"/>' if wide else ""
    style = '<w:pPr><w:pStyle w:val="Heading2"/></w:pPr>' if heading else ""
    width = f'<w:tcW w:w="{5000 if wide else 2500}" w:type="pct"/>'
    return f"<w:tc><w:tcPr>{width}{span}</w:tcPr><w:p>{style}{runs}</w:p></w:tc>"
