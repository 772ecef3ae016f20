"""Office documents, OpenDocument and EPUB that come back in English: what changes, and what stays."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import docx
import odfdo
import openpyxl
import pytest
from docx.oxml import parse_xml as word_xml
from docx.oxml.ns import nsdecls
from lxml import etree
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from service.document import Finding, Passage, SegmentTranslation
from service.errors import InputError
from service.intake.documents import document_text, translate_data
from service.intake.documents.blocks import How, Note
from tests.intake.test_documents import (
    LIMIT,
    again,
    docx_of,
    english,
    epub_of,
    linked,
    loud,
    odt_of,
    report,
    same,
    shuffled,
    zipped,
)

PICTURE = (
    '<w:r xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><w:drawing>'
    '<wp:inline><wp:docPr id="1" name="gambar" descr="Pasar yang ramai" title="Foto pasar"/></wp:inline>'
    "</w:drawing></w:r>"
)


def made(data: bytes, name: str, how: How | None = None) -> bytes:
    return translate_data(data, name, loud, LIMIT, how or How())[0]


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def with_parts(data: bytes, change: Callable[[str, str], str]) -> bytes:
    """A document of which each part in UTF-8 went through ``change``, which gets its name and text."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
    return zipped(
        {name: change(name, text.decode()) if name.endswith(".xml") else text for name, text in texts.items()}
    )


# --- Word -----------------------------------------------------------------------------------------


def titled(document: docx.document.Document) -> None:
    """A title among the properties, Indonesian as their language and that of the words."""
    document.core_properties.title = "Laporan harga"
    document.core_properties.language = "id-ID"
    document.core_properties.comments = "Catatan redaksi"
    run = document.add_paragraph("").add_run("Harga naik.")
    run._r.get_or_add_rPr().append(word_xml(f'<w:lang {nsdecls("w")} w:val="id-ID"/>'))
    document.paragraphs[0]._p.append(word_xml(PICTURE.replace("<w:r ", f"<w:r {nsdecls('w')} ", 1)))


def test_a_word_document_says_that_it_is_english() -> None:
    done = made(docx_of(titled), "a.docx")
    properties = docx.Document(io.BytesIO(done)).core_properties
    assert (properties.title, properties.language) == ("LAPORAN HARGA", "en")
    assert properties.comments == "Catatan redaksi"
    assert 'w:val="en-US"' in part(done, "word/document.xml")
    assert "id-ID" not in part(done, "word/document.xml") + part(done, "docProps/core.xml")
    assert 'descr="Pasar yang ramai"' in part(done, "word/document.xml")


def test_a_word_document_without_a_language_has_english_by_default() -> None:
    data = with_parts(
        docx_of(report), lambda _, text: text.replace('<w:lang w:val="en-US"', '<w:lang w:bidi="ar-SA"')
    )
    plain = with_parts(data, lambda _, text: text.replace('<w:lang w:bidi="ar-SA"', "<w:noProof"))
    styles = part(made(plain, "a.docx"), "word/styles.xml")
    assert styles.count('<w:lang w:val="en-US"/>') == 1


def test_what_stands_for_a_picture_is_translated_by_option() -> None:
    done = made(docx_of(titled), "a.docx", How(attributes=True))
    assert 'descr="PASAR YANG RAMAI"' in part(done, "word/document.xml")
    assert 'title="FOTO PASAR"' in part(done, "word/document.xml")
    assert docx.Document(io.BytesIO(done)).core_properties.comments == "CATATAN REDAKSI"


def remark(answer: SegmentTranslation) -> list[Note]:
    """What the tests' own engine found in a sentence."""
    return [Note(f"{one.kind}: look", dict(one.values).get("target", "")) for one in answer.findings]


def doubted(target: str, words: str) -> Callable[[Passage], Iterator[SegmentTranslation]]:
    """Translate as the table of the tests does, and doubt the words in one sentence of the English."""

    def translate(passage: Passage) -> Iterator[SegmentTranslation]:
        for answer in english(passage):
            found = (Finding.of("number.added", target=words),) if answer.target == target else ()
            yield SegmentTranslation(answer.source, answer.target, 0.0, found)

    return translate


@pytest.mark.parametrize(
    ("build", "target", "words", "commented"),
    [
        (report, "Residents were asked to stay calm.", "", "Residents were asked to stay calm."),
        (report, "Residents were asked to stay calm.", "asked", "asked"),
        (report, "Rice prices rose sharply at the Induk Market.", "sharply", "sharply"),
        (
            report,
            "Rice prices rose sharply at the Induk Market.",
            "",
            "Rice prices rose sharply at the Induk Market.",
        ),
        (linked, "Rice prices rose sharply at the Induk Market.", "Induk", "Induk"),
    ],
)
def test_a_mark_is_a_comment_on_its_words(
    build: Callable[[docx.document.Document], None], target: str, words: str, commented: str
) -> None:
    done, findings = translate_data(
        docx_of(build), "a.docx", doubted(target, words), LIMIT, How(notes=remark)
    )
    document = docx.Document(io.BytesIO(done))
    assert [(one.author, one.text) for one in document.comments] == [("Warta", "number: look")]
    assert len(findings) == 1
    text, inside = "", False
    for element in document.element.body.iter():
        local = etree.QName(element).localname
        inside = local == "commentRangeStart" or (inside and local != "commentRangeEnd")
        text += element.text or "" if inside and local == "t" else ""
    assert text == commented
    plain, _ = translate_data(docx_of(build), "a.docx", english, LIMIT)
    paragraphs = [p.text for p in document.paragraphs]
    assert paragraphs == [p.text for p in docx.Document(io.BytesIO(plain)).paragraphs]


def test_comments_come_beside_those_that_are_there() -> None:
    def build(document: docx.document.Document) -> None:
        report(document)
        document.add_comment(document.paragraphs[1].runs[0], text="periksa", author="Redaksi")

    sentence = "Residents were asked to stay calm."
    done, _ = translate_data(docx_of(build), "a.docx", doubted(sentence, ""), LIMIT, How(notes=remark))
    comments = docx.Document(io.BytesIO(done)).comments
    assert [(one.comment_id, one.author, one.text) for one in comments] == [
        (0, "Redaksi", "periksa"),
        (1, "Warta", "number: look"),
    ]


def test_no_comment_stands_in_a_header() -> None:
    """Word refuses a document that has one there."""

    def doubt(passage: Passage) -> Iterator[SegmentTranslation]:
        return (
            SegmentTranslation(s, s, 0.0, (Finding.of("entity.lost", name=s),)) for s in passage.sentences
        )

    done, found = translate_data(docx_of(report), "a.docx", doubt, LIMIT, How(notes=remark))
    document = docx.Document(io.BytesIO(done))
    assert len(document.comments) == 4 and len(found) == 6
    assert "comment" not in document.sections[0].header.part.blob.decode()


# --- OpenDocument ---------------------------------------------------------------------------------


def odt_with(inner: str, styles: str = "") -> bytes:
    """An OpenDocument text of the paragraphs ``inner``, in XML with the usual prefixes."""
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"), ("text", "text"), ("style", "style"), ("draw", "drawing"),
            ("svg", "svg-compatible"), ("fo", "xsl-fo-compatible"),
        )
    )  # fmt: skip
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {spaces} {dc}>'
            f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{inner}"
            "</office:text></office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {spaces} {dc}><office:meta><dc:title>Laporan</dc:title>"
            "<dc:language>id-ID</dc:language></office:meta></office:document-meta>",
        }
    )


NOTED = (
    '<text:p text:style-name="P1">Harga beras<text:note text:id="n1">'
    "<text:note-citation>1</text:note-citation>"
    "<text:note-body><text:p>Menurut badan pangan.</text:p></text:note-body></text:note> naik tajam.</text:p>"
)
REMARK = (
    "<text:p>Warga<office:annotation><dc:creator>Redaksi</dc:creator><text:p>periksa lagi</text:p>"
    "</office:annotation> tenang.</text:p>"
)
SPANS = (
    '<text:h text:outline-level="1">Judul</text:h><text:p>'
    '<text:span text:style-name="T1">Harga beras</text:span> naik tajam di '
    '<text:a xlink:href="x">Pasar Induk</text:a>.</text:p>'
)


def body(data: bytes) -> str:
    text = part(data, "content.xml")
    return text[text.index("<office:text>") + len("<office:text>") : text.index("</office:text>")]


def test_the_comments_of_an_opendocument_are_no_text_of_it() -> None:
    assert document_text(odt_with(REMARK), "a.odt", LIMIT) == "Warga tenang."


def test_an_opendocument_translated_into_itself_is_the_same() -> None:
    data = odt_with(NOTED + REMARK + SPANS)
    done = translate_data(data, "a.odt", same, LIMIT)[0]
    assert part(done, "content.xml") == part(data, "content.xml")
    with zipfile.ZipFile(io.BytesIO(done)) as archive:
        assert archive.namelist()[0] == "mimetype"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (
            SPANS,
            '<text:h text:outline-level="1">Judul</text:h><text:p><text:span text:style-name="T1">Rice prices'
            '</text:span> rose sharply at the <text:a xlink:href="x">Induk Market</text:a>.</text:p>',
        ),
        (
            "<text:p>Warga diminta tenang.<text:line-break/>Warga diminta tenang.</text:p>",
            "<text:p>Residents were asked to stay calm.<text:line-break/>Residents were asked to stay calm."
            "</text:p>",
        ),
        (
            '<text:p><text:s text:c="4"/>Warga <text:s/>diminta tenang.</text:p>',
            '<text:p><text:s text:c="4"/>Residents were asked to stay calm.</text:p>',
        ),
        (
            "<text:tracked-changes><text:p>Warga diminta tenang.</text:p></text:tracked-changes><text:p/>",
            "<text:tracked-changes><text:p>Warga diminta tenang.</text:p></text:tracked-changes><text:p/>",
        ),
    ],
)
def test_an_opendocument_comes_back_in_place(inner: str, expected: str) -> None:
    assert body(translate_data(odt_with(inner), "a.odt", english, LIMIT)[0]) == expected


def test_the_notes_of_an_opendocument_are_translated_and_its_comments_stay() -> None:
    done = body(made(odt_with(NOTED + REMARK), "a.odt"))
    assert "<text:p>MENURUT BADAN PANGAN.</text:p></text:note-body></text:note>" in done
    assert "<text:p>periksa lagi</text:p></office:annotation>" in done
    assert "WARGA<office" in done or "WARGA <office" in done
    assert document_text(made(odt_with(NOTED), "a.odt"), "a.odt", LIMIT) == (
        "HARGA BERAS NAIK TAJAM.\n\nMENURUT BADAN PANGAN."
    )


def test_an_opendocument_says_that_it_is_english() -> None:
    language = (
        '<style:style style:name="P1"><style:text-properties fo:language="id" fo:country="ID"/></style:style>'
    )
    done = made(odt_with(SPANS, language), "a.odt")
    assert 'fo:language="en" fo:country="US"' in part(done, "content.xml")
    meta = etree.fromstring(part(done, "meta.xml").encode())
    assert [element.text for element in meta[0]] == ["LAPORAN", "en"]


def test_a_real_opendocument_comes_back(tmp_path: Path) -> None:
    done = again("a.odt", odt_of(["Harga naik.", "Warga tenang."]), loud, tmp_path)
    document = odfdo.Document(io.BytesIO(done))
    assert [str(p.text) for p in document.body.get_elements("//text:p|//text:h")] == [
        "JUDUL LAPORAN",
        "HARGA NAIK.",
        "WARGA TENANG.",
    ]


def test_an_opendocument_in_other_prefixes_is_translated_too() -> None:
    def renamed(_: str, text: str) -> str:
        return re.sub(r"(?<![\w:-])text:", "t:", text).replace("xmlns:text=", "xmlns:t=")

    data = with_parts(odt_with(SPANS), renamed)
    assert "<t:h" in part(data, "content.xml")
    assert "JUDUL" in part(made(data, "a.odt"), "content.xml")


# --- Excel ----------------------------------------------------------------------------------------


def workbook() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Harga"
    for row in (["Kota", "Harga", "Status"], ["Kota Bandung", 12500, "Lunas"], ["Kota Bogor", 7, "Belum"]):
        sheet.append(row)
    sheet["D2"] = '=IF(C2="Lunas",B2*2,0)'
    sheet["E2"] = "Baris satu\nBaris dua"
    sheet["E3"] = CellRichText("Harga ", TextBlock(InlineFont(b=True), "beras"), " naik")
    sheet["A1"].font = Font(bold=True)
    sheet.add_table(Table(displayName="Daftar", ref="A1:C3"))
    choices = DataValidation(type="list", formula1='"Lunas,Belum"')
    sheet.add_data_validation(choices)
    choices.add("C2:C3")
    book.create_sheet("Lain").append(["Kota Bandung", None, 3.5])
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    """The workbook with its texts in a part of their own, as Excel writes it."""
    out = io.BytesIO()
    book.save(out)
    texts: dict[str, int] = {}

    def shared(found: re.Match[str]) -> str:
        return f'<c{found[1]} t="s"{found[2]}><v>{texts.setdefault(found[3], len(texts))}</v></c>'

    cell = re.compile(r'<c((?: [rs]="[^"]*")*) t="inlineStr"([^>]*)><is>(.*?)</is></c>', re.DOTALL)
    data = with_parts(out.getvalue(), lambda _, text: cell.sub(shared, text))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    related = f'<Relationship Id="s" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, end, more in (
        ("[Content_Types].xml", b"</Types>", types),
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", related),
    ):
        parts[name] = parts[name].replace(end, more.encode())
    inner = "".join(f"<si>{text}</si>" for text in texts)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}">{inner}</sst>'.encode()
    return zipped(parts)


def inline(book: openpyxl.Workbook) -> bytes:
    """The workbook with each text in its cell."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("save", [saved, inline])
def test_a_workbook_comes_back_in_place(save: Callable[[openpyxl.Workbook], bytes]) -> None:
    done = openpyxl.load_workbook(io.BytesIO(made(save(workbook()), "a.xlsx")), rich_text=True)
    assert done.sheetnames == ["Harga", "Lain"]
    rows = [[cell.value for cell in row] for row in done["Harga"].iter_rows()]
    assert rows[0][:3] == ["KOTA", "HARGA", "STATUS"]
    assert rows[1] == ["KOTA BANDUNG", 12500, "Lunas", '=IF(C2="Lunas",B2*2,0)', "BARIS SATU\nBARIS DUA"]
    assert rows[2][:3] == ["KOTA BOGOR", 7, "Belum"]
    assert str(rows[2][4]) == "HARGA BERAS NAIK"
    assert isinstance(rows[2][4], CellRichText) and any(
        isinstance(piece, TextBlock) and piece.font.b and piece.text.strip() == "BERAS"
        for piece in rows[2][4]
    )
    assert done["Harga"]["A1"].font.b
    assert [column.name for column in done["Harga"].tables["Daftar"].tableColumns] == [
        "KOTA",
        "HARGA",
        "STATUS",
    ]
    assert [cell.value for cell in done["Lain"][1]] == ["KOTA BANDUNG", None, 3.5]


def test_two_columns_of_a_table_never_become_one() -> None:
    def alike(passage: Passage) -> Iterator[SegmentTranslation]:
        return (
            SegmentTranslation(s, "Price" if s in ("Kota", "Harga") else s, 0.0) for s in passage.sentences
        )

    done = translate_data(saved(workbook()), "a.xlsx", alike, LIMIT)[0]
    book = openpyxl.load_workbook(io.BytesIO(done))
    names = [column.name for column in book["Harga"].tables["Daftar"].tableColumns]
    assert names == [cell.value for cell in book["Harga"][1]][:3] == ["Kota", "Harga", "Status"]


def test_columns_that_a_formula_names_stay() -> None:
    book = workbook()
    book["Harga"]["D3"] = "=SUM(Daftar[Harga])"
    done = openpyxl.load_workbook(io.BytesIO(made(saved(book), "a.xlsx")))
    assert [cell.value for cell in done["Harga"][1]][:3] == ["Kota", "Harga", "Status"]
    assert done["Harga"]["A2"].value == "KOTA BANDUNG"


def test_a_finding_in_a_workbook_names_its_cell() -> None:
    def doubtful(passage: Passage) -> Iterator[SegmentTranslation]:
        found = (Finding.of("number.lost", source="12"),)
        return (SegmentTranslation(s, s, 0.0, found if "Bogor" in s else ()) for s in passage.sentences)

    _, found = translate_data(saved(workbook()), "a.xlsx", doubtful, LIMIT)
    assert [one.place for one in found] == ["Harga!A3"]


def test_a_workbook_translated_into_itself_has_the_same_cells() -> None:
    data = saved(workbook())
    done = translate_data(data, "a.xlsx", same, LIMIT)[0]
    assert part(done, "xl/sharedStrings.xml").count("<r>") == part(data, "xl/sharedStrings.xml").count("<r>")
    for name in ("Harga", "Lain"):
        old, new = (openpyxl.load_workbook(io.BytesIO(d), rich_text=True)[name] for d in (data, done))
        assert [[c.value for c in row] for row in old] == [[c.value for c in row] for row in new]


# --- EPUB -----------------------------------------------------------------------------------------

XHTML = (
    '<?xml version="1.0" encoding="iso-8859-1"?>\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="id">'
    "<head><title>{0}</title></head><body><h1>{0}</h1><p>Isi <i>bab</i> caf\u00e9."
    "<img src='a' alt='Foto pasar'/></p></body></html>"
)
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>Buku Harga</text></docTitle><navMap>'
    "<navPoint><navLabel><text>Bab satu</text></navLabel></navPoint></navMap></ncx>"
)
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
    "<dc:title>Buku Harga</dc:title><dc:language>id</dc:language></metadata><manifest>"
    '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="t" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
    '<spine toc="t"><itemref idref="a"/></spine></package>'
)
NAV = (
    "<html xmlns='http://www.w3.org/1999/xhtml'><body><nav><ol><li><a href='a.xhtml'>Bab satu</a></li></ol>"
    "</nav></body></html>"
)


def book() -> bytes:
    more: dict[str, str] = {"OEBPS/book.opf": PACKAGE, "OEBPS/toc.ncx": NCX, "OEBPS/nav.xhtml": NAV}
    data = epub_of({"a.xhtml": "x"}, ["a.xhtml"], **more)
    return with_chapter(data, XHTML.format("Bab satu").encode("iso-8859-1"))


def with_chapter(data: bytes, chapter: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zipped({n: chapter if n == "OEBPS/a.xhtml" else archive.read(n) for n in archive.namelist()})


def test_a_book_comes_back_in_place() -> None:
    done = made(book(), "a.epub")
    chapter = part(done, "OEBPS/a.xhtml")
    assert chapter.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    etree.fromstring(chapter.encode())
    assert 'xml:lang="en"' in chapter
    assert "<h1>BAB SATU</h1><p>ISI <i>BAB</i> CAF\u00c9.<img src='a' alt='Foto pasar'/>" in chapter
    assert "BAB SATU</a>" in part(done, "OEBPS/nav.xhtml")
    assert "<text>BUKU HARGA</text>" in part(done, "OEBPS/toc.ncx")
    package = part(done, "OEBPS/book.opf")
    assert "<dc:title>BUKU HARGA</dc:title><dc:language>en</dc:language>" in package
    with zipfile.ZipFile(io.BytesIO(done)) as archive:
        assert archive.namelist()[0] == "mimetype"
    assert 'alt="FOTO PASAR"' in part(made(book(), "a.epub", How(attributes=True)), "OEBPS/a.xhtml")


def test_elements_of_a_book_may_have_ended_where_they_begin() -> None:
    """A browser would take all that follows such a script for its text."""
    body = "<body><p><a id='p1'/>Harga <b>naik</b>.</p></body>"
    chapter = f"<html xmlns='x'><head><script src='a'/></head>{body}</html>"
    data = with_chapter(book(), chapter.encode())
    assert document_text(data, "a.epub", LIMIT) == "Harga naik."
    assert part(made(data, "a.epub"), "OEBPS/a.xhtml") == chapter.replace(
        "Harga <b>naik</b>.", "HARGA <b>NAIK</b>."
    ).replace("<html ", '<html lang="en" ')


def test_a_book_calls_a_chapter_in_its_contents_as_at_its_head() -> None:
    asked: list[str] = []

    def counted(passage: Passage) -> Iterator[SegmentTranslation]:
        asked.extend(passage.sentences)
        return (SegmentTranslation(s, f"{s} {len(asked)}", 0.0) for s in passage.sentences)

    done = translate_data(book(), "a.epub", counted, LIMIT)[0]
    heading = etree.fromstring(part(done, "OEBPS/a.xhtml").encode()).findtext(".//{*}h1")
    assert heading and f"<text>{heading}</text>" in part(done, "OEBPS/toc.ncx")
    assert f">{heading}</a>" in part(done, "OEBPS/nav.xhtml")


# --- hostile ones, and what has no container --------------------------------------------------------

LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
ODT = "application/vnd.oasis.opendocument.text"
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def spoiled(data: bytes, name: str, doctype: str) -> bytes:
    """The document with a declaration before the root of a part."""
    return with_parts(
        data,
        lambda part, text: (
            doctype + text[text.index("?>") + 2 if text.startswith("<?") else 0 :] if part == name else text
        ),
    )


@pytest.mark.parametrize("doctype", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize(
    ("name", "data", "inside"),
    [
        ("a.docx", docx_of(titled), "docProps/core.xml"),
        ("a.docx", docx_of(report), "word/styles.xml"),
        ("a.odt", odt_with(SPANS), "content.xml"),
        ("a.odt", odt_with(SPANS), "meta.xml"),
        ("a.xlsx", saved(workbook()), "xl/sharedStrings.xml"),
        ("a.xlsx", saved(workbook()), "xl/tables/table1.xml"),
    ],
)
def test_entities_are_refused(name: str, data: bytes, inside: str, doctype: str) -> None:
    with pytest.raises(InputError, match="XML entities"):
        made(spoiled(data, inside, doctype), name)


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        (
            "a.odt",
            {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": " " * 4_000_000},
            "bomb",
        ),
        ("a.odt", {"mimetype": "application/vnd.oasis.opendocument.text", "../a": "x"}, "leaves its folder"),
        ("a.odt", {"mimetype": "application/vnd.oasis.opendocument.text"}, "broken"),
        ("a.xlsx", {"xl/workbook.xml": "<a/>"}, "lacks its part"),
        ("a.xlsx", {"xl/workbook.xml": "<a/>", "xl/../../b": ""}, "leaves its folder"),
        ("a.epub", {"mimetype": "application/epub+zip"}, "lacks its part"),
    ],
)
def test_hostile_archives_are_refused(name: str, members: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(zipped(members), name)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b""], ids=["UTF-8", "UTF-16", "none"])
def test_subtitles_keep_their_byte_order_mark(mark: bytes) -> None:
    text = "1\r\n00:00:01,000 --> 00:00:02,500\r\nHarga naik.\r\n\r\n"
    data = mark + text.encode("utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-8")
    done = made(data, "a.srt")
    assert done == (codecs.BOM_UTF8 if mark else b"") + text.upper().encode()


def test_attributes_of_a_page_are_translated_by_option() -> None:
    page = (
        '<!doctype html><html lang="en"><head><meta name="description" content="Kabar &amp; harga">'
        '<meta name="author" content="Nama orang"></head><body><img alt=\'Foto pasar\' src=a title="Pasar">'
        '<img translate="no" alt="Merek"><img alt=""><script>x("<img alt=\'Bukan\'>")</script></body></html>'
    )
    plain = made(page.encode(), "a.html").decode()
    assert plain == page
    done = made(page.encode(), "a.html", How(attributes=True)).decode()
    assert 'content="KABAR &amp; HARGA"' in done and 'content="Nama orang"' in done
    assert '<img alt="FOTO PASAR" src=a title="PASAR">' in done
    assert 'alt="Merek"' in done and "<img alt=''" not in done and "alt='Bukan'" in done


@pytest.mark.parametrize("name", ["a.odt", "a.xlsx", "a.epub", "a.docx"])
def test_words_turned_round_leave_a_document_that_opens(name: str) -> None:
    documents: dict[str, Sequence[bytes]] = {
        "a.odt": [odt_with(NOTED + REMARK + SPANS)],
        "a.xlsx": [saved(workbook())],
        "a.epub": [book()],
        "a.docx": [docx_of(report), docx_of(linked), docx_of(titled)],
    }
    for data in documents[name]:
        done = translate_data(data, name, shuffled, LIMIT, How(attributes=True))[0]
        old, new = (document_text(d, name, LIMIT) for d in (data, done))
        assert sorted(new.upper().split()) == sorted(old.upper().split())
