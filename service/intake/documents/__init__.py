"""Documents: their text, and the same document in English. One table, by content and by suffix."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from service.errors import InputError, UsageError, WartaError
from service.intake.compression import SUFFIXES as PACKED
from service.intake.compression import is_packed
from service.intake.documents import (
    bilingual,
    columns,
    epub,
    html,
    keyed,
    markdown,
    office,
    opendocument,
    pdf,
    po,
    sheet,
    slides,
    subtitles,
    word,
    workbook,
    xliff,
)
from service.intake.documents.archive import ZIP, Archive, Limits, unpack
from service.intake.documents.blocks import AS_EVER, How, PlacedFinding, Translate
from service.intake.encoding import decode, has_mark, read_bytes

_LINE_END = re.compile(r"\r\n?")
UNPACKED = 10
"""How many times the largest file a file may unpack to."""


Written = tuple[bytes, list[PlacedFinding]]
"""A document in English, and what to look at in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A document type: how it is read, and how it is written in English, if it can be.

    ``made`` are the suffixes of what is written where that is another type.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Limits], str]
    translate: Callable[[bytes, Limits, Translate, How], Written] | None = None
    made: tuple[str, ...] = ()

    def target(self, name: str) -> str:
        """Return what the translation of a document of that name is called."""
        wanted = self.made or self.suffixes
        return name if Path(name).suffix.lower() in wanted else name + wanted[0]


def _text(data: bytes, _: Limits) -> str:
    return decode(data)


def _html(data: bytes, _: Limits) -> str:
    return html.read(decode(data))


def _markdown(data: bytes, _: Limits) -> str:
    return markdown.read(_lines(decode(data)))


def _subtitles(data: bytes, _: Limits) -> str:
    return subtitles.read(_lines(decode(data)))


def _docx(data: bytes, limits: Limits) -> str:
    return word.read_docx(Archive(data, limits))


def _odt(data: bytes, limits: Limits) -> str:
    return opendocument.read(Archive(data, limits))


def _epub(data: bytes, limits: Limits) -> str:
    return epub.read(Archive(data, limits), limits)


def _xlsx(data: bytes, limits: Limits) -> str:
    Archive(data, limits)
    return sheet.read(data, limits)


def _pptx(data: bytes, limits: Limits) -> str:
    return slides.read(Archive(data, limits))


def _xliff(data: bytes, _: Limits) -> str:
    return xliff.read(data)


def _po(data: bytes, _: Limits) -> str:
    return po.read(decode(data))


def _json(data: bytes, _: Limits) -> str:
    return keyed.read(decode(data))


def _html_again(data: bytes, _: Limits, translate: Translate, how: How) -> Written:
    markup = html.parse(decode(data))
    findings = markup.translate(translate)
    text = markup.joined()
    if how.attributes:
        text, more = html.translate_attributes(text, translate)
        findings += more
    return _encoded(data, text), findings


def _markdown_again(data: bytes, _: Limits, translate: Translate, __: How) -> Written:
    text = decode(data)
    markup = markdown.parse(_lines(text))
    findings = markup.translate(translate)
    return _encoded(data, _ended_as(text, markup.joined())), findings


def _subtitles_again(data: bytes, _: Limits, translate: Translate, __: How) -> Written:
    text = decode(data)
    done, findings = subtitles.translate(_lines(text), translate)
    return _encoded(data, _ended_as(text, done)), findings


def _docx_again(data: bytes, limits: Limits, translate: Translate, how: How) -> Written:
    return word.translate_docx(Archive(data, limits), translate, how)


def _odt_again(data: bytes, limits: Limits, translate: Translate, how: How) -> Written:
    return opendocument.translate(Archive(data, limits), translate, how)


def _epub_again(data: bytes, limits: Limits, translate: Translate, how: How) -> Written:
    return epub.translate(Archive(data, limits), limits, translate, how)


def _xlsx_again(data: bytes, limits: Limits, translate: Translate, how: How) -> Written:
    return workbook.translate(Archive(data, limits), limits, translate, how)


def _pptx_again(data: bytes, limits: Limits, translate: Translate, how: How) -> Written:
    return slides.translate(Archive(data, limits), translate, how)


def _xliff_again(data: bytes, _: Limits, translate: Translate, __: How) -> Written:
    done, findings = xliff.translate(data, translate)
    return (BOM_UTF8 if has_mark(data) else b"") + done, findings


def _po_again(data: bytes, _: Limits, translate: Translate, __: How) -> Written:
    done, findings = po.translate(decode(data), translate)
    return _encoded(data, done), findings


def _json_again(data: bytes, _: Limits, translate: Translate, how: How) -> Written:
    done, findings = keyed.translate(decode(data), translate, how)
    return _encoded(data, done), findings


TEXT = Kind("text", (".txt", ".text"), _text)
HTML = Kind("HTML", (".html", ".htm", ".xhtml"), _html, _html_again)
MARKDOWN = Kind("Markdown", (".md", ".markdown"), _markdown, _markdown_again)
SUBTITLES = Kind("subtitles", (".srt", ".vtt"), _subtitles, _subtitles_again)
DOCX = Kind("Word", (".docx", ".docm"), _docx, _docx_again)
ODT = Kind("OpenDocument", (".odt",), _odt, _odt_again)
EPUB = Kind("EPUB", (".epub",), _epub, _epub_again)
XLSX = Kind("Excel", (".xlsx", ".xlsm"), _xlsx, _xlsx_again)
PPTX = Kind("PowerPoint", (".pptx", ".pptm"), _pptx, _pptx_again)
PDF = Kind("PDF", (".pdf",), pdf.read, pdf.translate, made=(".docx", *bilingual.HTML_SUFFIXES))
XLIFF = Kind("XLIFF", (".xlf", ".xliff"), _xliff, _xliff_again)
PO = Kind("gettext", (".po", ".pot"), _po, _po_again)
JSON = Kind("JSON", (".json", ".arb"), _json, _json_again)

KINDS = (TEXT, HTML, MARKDOWN, SUBTITLES, DOCX, ODT, EPUB, XLSX, PPTX, PDF, XLIFF, PO, JSON)
_KEYED = (XLIFF, PO, JSON)
_TEXTUAL = (TEXT, HTML, MARKDOWN, SUBTITLES, *_KEYED)
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)


def read_document(path: Path, max_bytes: int, keys: Sequence[str] = ()) -> str:
    """Return the text of the document at ``path``, for :func:`service.intake.clean.clean`.

    ``max_bytes`` bounds the file; what it unpacks to may be ten times that. ``keys`` are those of
    :class:`~service.intake.documents.blocks.How`. Raises InputError, in one line that begins with the path.
    """
    data = read_bytes(path, max_bytes)
    try:
        text = document_text(data, path.name, max_bytes, keys)
    except InputError as problem:
        raise InputError(problem, at=path) from problem.__cause__
    return text


def document_text(data: bytes, name: str, max_bytes: int, keys: Sequence[str] = ()) -> str:
    """Do as :func:`read_document` for a document in memory; ``name`` gives the suffix. Raises InputError."""
    limits = Limits(max_bytes * UNPACKED)
    data, name = _unpacked(data, name, limits)
    kind = kind_of(data, name)
    text = keyed.read(decode(data), keys) if kind is JSON else kind.read(data, limits)
    if not text.strip():
        raise InputError("input.no_article", "no article text in it")
    return text


def sheet_rows(data: bytes, name: str, max_bytes: int) -> Iterator[tuple[str, int, list[str]]]:
    """Yield sheet, row number and cells of a workbook's rows; none for another document.

    Raises InputError.
    """
    limits = Limits(max_bytes * UNPACKED)
    data, name = _unpacked(data, name, limits)
    if kind_of(data, name) is XLSX:
        Archive(data, limits)
        yield from sheet.rows(data, limits)


def add_columns(
    data: bytes, name: str, sheets: Mapping[str, Mapping[int, Sequence[columns.Value]]], max_bytes: int
) -> bytes:
    """Return a workbook with new cells at the right of its sheets' rows: sheet, row from 1, values.

    Raises InputError.
    """
    limits = Limits(max_bytes * UNPACKED)
    data, _ = _unpacked(data, name, limits)
    return columns.with_columns(Archive(data, limits), sheets)


def keeps_structure(source: Path, target: Path) -> bool:
    """Return whether :func:`translate_document` makes ``target``: its source's type, or what that becomes."""
    old, new = source.suffix.lower(), target.suffix.lower()
    return any(kind.translate and old in kind.suffixes and new in (kind.made or (old,)) for kind in KINDS)


def translate_document(
    path_in: Path, path_out: Path, translate: Translate, max_bytes: int, how: How = AS_EVER
) -> list[PlacedFinding]:
    """Write the document at ``path_in`` to ``path_out`` with its text translated and the rest as it was.

    ``translate`` gets sentences and gives one translation each, in order. The file appears when it
    is complete. Raises InputError for what cannot be read, UsageError for a type that cannot be
    written, WartaError if the disk refuses.
    """
    data = read_bytes(path_in, max_bytes)
    try:
        how = replace(how, suffix=path_out.suffix.lower())
        done, findings = translate_data(data, path_in.name, translate, max_bytes, how)
    except (InputError, UsageError) as problem:
        raise type(problem)(f"{path_in}: {problem}") from problem.__cause__
    partial = path_out.with_name(path_out.name + ".partial")
    try:
        partial.write_bytes(done)
        partial.replace(path_out)
    except OSError as problem:
        raise WartaError(
            "file.unwritable", "cannot be written: {reason}", at=path_out, reason=problem.strerror
        ) from problem
    return findings


def translate_data(
    data: bytes, name: str, translate: Translate, max_bytes: int, how: How = AS_EVER
) -> Written:
    """Do as :func:`translate_document` for a document in memory; ``name`` gives the suffix."""
    limits = Limits(max_bytes * UNPACKED)
    kind = kind_of(data, name)
    if kind.translate is None:
        raise UsageError(
            "document.not_written",
            "{kind} documents cannot be written again; write text instead",
            kind=kind.name,
        )
    return kind.translate(data, limits, translate, how)


def kind_of(data: bytes, name: str) -> Kind:
    """Return the type of a document by its content; the suffix decides between kinds of text.

    Raises InputError for content of no type, or text under a suffix that promises another.
    """
    suffix = Path(name).suffix.lower()
    # The standard allows a kilobyte of anything before the mark; an article may speak of it.
    if b"%PDF-" in data[: 1024 if suffix in PDF.suffixes else 5]:
        return PDF
    if data.startswith(ZIP):
        return _zipped(data)
    if data.startswith(office.OLE):
        raise office.explain_ole(data)
    promised = next((kind for kind in KINDS if suffix in kind.suffixes), TEXT)
    if promised not in _TEXTUAL:
        raise InputError(
            "document.other_kind",
            "not what its name says: no {kind} document, or a broken one",
            kind=promised.name,
        )
    if promised in _KEYED:
        return promised
    head = decode(
        data[:65_536] if len(data) > 65_536 and data[:2] not in (b"\xff\xfe", b"\xfe\xff") else data
    )
    if html.is_page(head):
        return HTML
    if promised is not MARKDOWN and subtitles.is_subtitles(_lines(head)):
        return SUBTITLES
    return promised


def _zipped(data: bytes) -> Kind:
    archive = Archive(data, Limits(unpacked=1 << 40, ratio=1 << 20))
    names = archive.names
    if "mimetype" in names:
        mime = archive.read("mimetype").strip()
        if mime == b"application/epub+zip":
            return EPUB
        if mime.startswith(b"application/vnd.oasis.opendocument.text"):
            return ODT
        raise InputError(
            "document.archive_type",
            "an archive of type {type!r}, which is not read",
            type=mime[:60].decode("ascii", "replace"),
        )
    if "word/document.xml" in names:
        return DOCX
    if workbook.BOOK in names:
        return XLSX
    if slides.MAIN in names:
        return PPTX
    if "META-INF/container.xml" in names:
        return EPUB
    raise InputError("input.zip_archive", "a ZIP archive, not a document; unpack it first")


def _unpacked(data: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    for _ in range(limits.depth):
        if not is_packed(data):
            return data, name
        data = unpack(data, limits)
        stem = Path(name)
        name = stem.stem if stem.suffix.lower() in PACKED else name
    if is_packed(data):
        raise InputError("input.packed_deep", "packed more than {times} times over", times=limits.depth)
    if not data:
        raise InputError("input.empty", "empty")
    return data, name


def _lines(text: str) -> str:
    """Return ``text`` with line feeds only."""
    return _LINE_END.sub("\n", text)


def _encoded(old: bytes, text: str) -> bytes:
    """Return ``text`` in UTF-8, with a byte order mark where ``old`` had one, of whichever encoding."""
    return (BOM_UTF8 if has_mark(old) else b"") + text.encode("utf-8", "replace")


def _ended_as(old: str, new: str) -> str:
    """Return ``new`` with the line ends that ``old`` had."""
    return new.replace("\n", "\r\n") if "\r\n" in old else new
