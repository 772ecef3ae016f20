"""Documents: real files made by the libraries of their formats, and hostile ones made by hand."""

from __future__ import annotations

import html as stdlib_html
import io
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import docx
import odfdo
import openpyxl
import pypdf
import pytest
import zstandard
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]

from service.cli import app as cli
from service.document import Finding, Passage, SegmentTranslation
from service.errors import InputError, UsageError, WartaError
from service.intake.documents import (
    document_text,
    html,
    keeps_structure,
    markdown,
    read_document,
    subtitles,
    translate_document,
)
from service.intake.documents.blocks import Translate, together
from tests.packed import gzipped

LIMIT = 5_000_000
ENGLISH = {
    "Harga beras naik tajam di Pasar Induk.": "Rice prices rose sharply at the Induk Market.",
    "Harga beras": "Rice prices",
    "Pasar Induk": "the Induk Market",
    "Warga diminta tenang.": "Residents were asked to stay calm.",
    "tenang": "calm",
    "beras": "Rice.",
    "Di Pasar Induk harga beras naik.": "The price of rice rose at Induk Market.",
}


def same(passage: Passage) -> Iterator[SegmentTranslation]:
    """Every sentence as it is."""
    return (SegmentTranslation(source, source, 0.0) for source in passage.sentences)


def loud(passage: Passage) -> Iterator[SegmentTranslation]:
    """Every sentence in capitals."""
    return (SegmentTranslation(source, source.upper(), 0.0) for source in passage.sentences)


def shuffled(passage: Passage) -> Iterator[SegmentTranslation]:
    """Every sentence in capitals, its words in the opposite order."""
    return (SegmentTranslation(s, " ".join(reversed(s.upper().split())), 0.0) for s in passage.sentences)


def english(passage: Passage) -> Iterator[SegmentTranslation]:
    """The sentences that stand in the table above, others as they are."""
    return (SegmentTranslation(source, ENGLISH.get(source, source), 0.0) for source in passage.sentences)


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf_of(pages: Sequence[Sequence[str]], password: str = "") -> bytes:
    """A PDF with a line of text a string."""
    made = FPDF()
    made.set_font("helvetica", size=11)
    for page in pages:
        made.add_page()
        for line in page:
            made.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    data = bytes(made.output())
    if not password:
        return data
    writer = pypdf.PdfWriter(io.BytesIO(data))
    writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx_of(build: Callable[[docx.document.Document], None]) -> bytes:
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def report(document: docx.document.Document) -> None:
    """Headings, runs of several looks, a table, a header and a footer."""
    document.add_heading("Laporan Harga", level=1)
    paragraph = document.add_paragraph()
    paragraph.add_run("Harga beras").bold = True
    paragraph.add_run(" naik tajam di ")
    paragraph.add_run("Pasar ").italic = True
    paragraph.add_run("Induk").italic = True
    paragraph.add_run(". Warga diminta tenang.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Kota"
    table.cell(0, 1).text = "12.500"
    document.sections[0].header.paragraphs[0].text = "Warta Pasar"
    document.sections[0].footer.paragraphs[0].text = "Halaman penutup"


def linked(document: docx.document.Document) -> None:
    """A link between plain words."""
    paragraph = document.add_paragraph("Harga beras naik tajam di ")
    link = (
        f'<w:hyperlink {nsdecls("w", "r")} w:anchor="pasar"><w:r><w:t>Pasar Induk</w:t></w:r></w:hyperlink>'
    )
    paragraph._p.append(parse_xml(link))
    paragraph.add_run(".")


def xlsx_of(rows: Sequence[list[str | float | None]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def odt_of(paragraphs: Sequence[str]) -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Header(1, "Judul Laporan"))
    for text in paragraphs:
        document.body.append(odfdo.Paragraph(text))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)


def epub_of(chapters: Mapping[str, str], spine: Sequence[str], **more: str) -> bytes:
    items = "".join(f'<item id="{i}" href="{name}"/>' for i, name in enumerate(chapters))
    order = "".join(f'<itemref idref="{list(chapters).index(name)}"/>' for name in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    inside = {f"OEBPS/{name}": text for name, text in chapters.items() if ".." not in name}
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package}
        | inside
        | more
    )


CHAPTER = "<html><head><title>Bab</title></head><body><h1>{0}</h1><p>Isi <i>bab</i> {0}.</p></body></html>"
SRT = (
    "1\n00:00:01,000 --> 00:00:02,500\nHarga beras naik\ntajam di\n\n"
    "2\n00:00:02,600 --> 00:00:04,000\n<i>Pasar Induk.</i>\n\n"
    "3\n00:00:09,100 --> 00:00:14,000\n- Siapa itu?\n- Saya.\n\n"
)
VTT = "WEBVTT\n\nNOTE jangan ubah\n\n00:01.000 --> 00:02.000 align:start\n<v Rina>Warga diminta tenang.</v>\n"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Judul Berita</title><style>p{a:b}</style></head>
<body class='x'><p>
   <b>Harga beras</b> naik
   tajam di <a href="x?a=1&amp;b=2">Pasar Induk</a>. Satu &lt; dua &nbsp;ya.
</p><script>if (a<b) "teks di sini"</script><img alt='gambar' src=a.png><ul><li>satu hal<li>dua <br>hal</ul>
<pre>kode ini</pre><div translate=no>Merek Dagang</div></body></html>
"""
MARKDOWN = """---
title: Harga Beras
---
# Judul Berita #

**Harga beras** naik tajam
di [Pasar Induk](http://a.b/c_(d)). Lihat [r] dan `kode x` serta http://a.id/x_y.

- satu hal
  lanjutan hal
1. [ ] dua *hal*

> kutipan satu
> baris dua

| Kota | Harga |
|------|------:|
| Bandung \\| Jawa | 12 |

```py
print("jangan ubah")
```

    kode menjorok

<div>HTML tetap</div>

[r]: http://x.y "Judul tetap"
"""


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", b"Harga naik.\n", "Harga naik.\n"),
        (
            "a.txt",
            docx_of(report),
            "Laporan Harga\n\nHarga beras naik tajam di Pasar Induk. Warga diminta tenang.",
        ),
        ("a.docx", docx_of(linked), "Harga beras naik tajam di Pasar Induk."),
        ("a.odt", odt_of(["Satu.", "Dua."]), "Judul Laporan\n\nSatu.\n\nDua."),
        (
            "a.xlsx",
            xlsx_of([["Kota", "Harga"], ["Bandung", 12], [None, 1.5]]),
            "Kota | Harga\n\nBandung | 12\n\n1.5",
        ),
        (
            "a.epub",
            epub_of(
                {"b.xhtml": CHAPTER.format("dua"), "a.xhtml": CHAPTER.format("satu")}, ["a.xhtml", "b.xhtml"]
            ),
            "satu\n\nIsi bab satu.\n\ndua\n\nIsi bab dua.",
        ),
        ("a.srt", SRT.encode(), "Harga beras naik tajam di Pasar Induk.\n\n- Siapa itu?\n\n- Saya."),
        ("tanpa-akhiran", VTT.encode(), "Warga diminta tenang."),
        ("a.html", b"<p>Satu <b>dua</b></p>tiga<script>x</script>", "Satu dua\n\ntiga"),
        ("a.md", b"# Judul\n\n*Satu* [dua](x)\nlagi\n", "Judul\n\nSatu dua lagi"),
        ("a.txt.gz", gzipped(b"Harga naik."), "Harga naik."),
        ("a.md.zst", zstandard.compress(b"# Judul"), "Judul"),
        ("a.docx.gz", gzipped(docx_of(linked)), "Harga beras naik tajam di Pasar Induk."),
    ],
)
def test_reads(name: str, data: bytes, expected: str) -> None:
    text = document_text(data, name, LIMIT)
    assert text[: len(expected)] == expected
    assert "Halaman penutup" not in text


def test_an_article_is_taken_out_of_its_page() -> None:
    story = "".join(
        f"<p>Paragraf {n} menceritakan harga beras di pasar yang naik sejak pekan lalu.</p>" for n in "ABCDEF"
    )
    page = (
        "<!doctype html><html><head><title>Harga Beras Naik</title></head><body>"
        "<nav><a href=/>Beranda</a> <a href=/o>Olahraga</a></nav><article><h1>Harga Beras Naik</h1>"
        f"{story}</article><footer>Hak cipta milik redaksi</footer></body></html>"
    )
    text = document_text(page.encode(), "a.txt", LIMIT)
    assert text.startswith("Harga Beras Naik\n\nParagraf A")
    assert text.count("\n\n") == 6
    assert "Beranda" not in text
    assert "Hak cipta" not in text


PDF_LINES = [
    "Harga beras di tingkat pengecer naik lagi pada pekan ini, kata pemerin-",
    "tah daerah. Para pedagang mengeluh karena pasokan dari petani dan anak-",
    "anak buah mereka berkurang sejak awal bulan.",
    "Pemerintah berjanji menambah cadangan beras agar harga di pasar turun",
]


def test_pdf_text_is_put_together_again() -> None:
    pages = [
        ["WARTA PASAR EDISI 7", *PDF_LINES, "Halaman 1"],
        ["WARTA PASAR EDISI 7", "dalam dua pekan mendatang.", "Halaman 2"],
        ["WARTA PASAR EDISI 7", "Penutup laporan ini.", "Halaman 3"],
    ]
    assert document_text(pdf_of(pages), "a.pdf", LIMIT).split("\n\n") == [
        "Harga beras di tingkat pengecer naik lagi pada pekan ini, kata pemerintah daerah. Para pedagang "
        "mengeluh karena pasokan dari petani dan anak-anak buah mereka berkurang sejak awal bulan.",
        "Pemerintah berjanji menambah cadangan beras agar harga di pasar turun dalam dua pekan mendatang.",
        "Penutup laporan ini.",
    ]


def encrypted_docx() -> bytes:
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(docx_of(linked))).encrypt("rahasia", out)
    return out.getvalue()


def pictures_only() -> bytes:
    made = FPDF()
    made.add_page()
    made.rect(10, 10, 50, 50)
    return bytes(made.output())


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
WORD_BOMB = f"{BOMB}<w:document {W}><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:document>"


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + stream.encode("utf-16-le")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.pdf", lambda: pdf_of([["Isi"]], "rahasia"), "password-protected"),
        ("a.pdf", pictures_only, "holds no text; it may be a scan"),
        ("a.pdf", lambda: pdf_of([PDF_LINES])[:400], "a broken PDF file"),
        ("a.pdf", lambda: b"Harga naik.", "no PDF document"),
        ("a.docx", encrypted_docx, "password-protected"),
        ("a.doc", lambda: ole("WordDocument"), "an old Office document"),
        ("a.docx", lambda: b"Harga naik.", "no Word document"),
        ("a.docx", lambda: docx_of(linked)[:3000], "broken"),
        ("a.docx", lambda: zipped({"word/document.xml": "<w:document"}), "broken"),
        ("a.docx", lambda: zipped({"word/document.xml": WORD_BOMB}), "XML entities"),
        ("a.odt", lambda: zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "broken"),
        ("a.xlsx", lambda: zipped({"xl/workbook.xml": BOMB + "<x>&b;</x>"}), "a broken Excel file"),
        ("a.epub", lambda: epub_of({"../../etc/passwd": ""}, ["../../etc/passwd"]), "broken"),
        ("a.epub", lambda: epub_of({}, [], **{"../evil": "x"}), "leaves its folder"),
        (
            "a.epub",
            lambda: epub_of({}, [], **{"META-INF/encryption.xml": "<EncryptionMethod Algorithm='aes'/>"}),
            "protected",
        ),
        ("a.zip", lambda: zipped({"a.txt": "isi"}), "a ZIP archive, not a document"),
        ("a.docx", lambda: zipped({"word/document.xml": b" " * 4_000_000}), "bomb"),
        ("a.gz", lambda: gzipped(b"a" * 4_000_000), "bomb"),
        ("a.zst", lambda: zstandard.compress(b"a" * 4_000_000), "bomb"),
        (
            "a.gz",
            lambda: gzipped(gzipped(gzipped(gzipped(b"isi")))),
            "packed more than 3",
        ),
        ("a.gz", lambda: gzipped(b"Harga beras naik.")[:20], "a broken gzip file"),
        (
            "a.zst",
            lambda: zstandard.compress(b"Harga beras naik.")[:8],
            "broken Zstandard|no article text|empty",
        ),
        ("a.srt", lambda: b"1\n00:00:01,000 --> 00:00:02,000\n\n", "no article text"),
        ("a.html", lambda: b"<script>x</script>", "no article text"),
        ("a.png", lambda: b"\x89PNG\r\n\x1a\n", "PNG"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    name: str, make: Callable[[], bytes], message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(InputError, match=message) as caught:
        read_document(path, LIMIT)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("library", "name", "make"),
    [
        ("pypdf", "a.pdf", lambda: pdf_of([["Isi"]])),
        ("lxml", "a.docx", lambda: docx_of(linked)),
        ("openpyxl", "a.xlsx", lambda: xlsx_of([["Isi"]])),
        ("zstandard", "a.zst", lambda: zstandard.compress(b"Isi")),
        ("trafilatura", "a.html", lambda: b"<html><p>Isi</p>"),
    ],
)
def test_a_missing_library_says_what_to_install(
    library: str, name: str, make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf"needs {library}.*pip install 'warta\[documents\]'"):
        document_text(data, name, LIMIT)


@pytest.mark.parametrize(
    ("name", "message"), [("kosong.docx", "empty"), ("besar.txt", "larger"), ("x", "no such")]
)
def test_files_that_cannot_be_read(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "kosong.docx").write_bytes(b"")
    (tmp_path / "besar.txt").write_bytes(b"a" * 11)
    with pytest.raises(InputError, match=message):
        read_document(tmp_path / name, 10)


def test_a_name_with_spaces_and_emoji(tmp_path: Path) -> None:
    path, out = tmp_path / "laporan harga 🌾.docx", tmp_path / "laporan harga 🌾.en.docx"
    path.write_bytes(docx_of(linked))
    assert read_document(path, LIMIT) == "Harga beras naik tajam di Pasar Induk."
    translate_document(path, out, english, LIMIT)
    assert "Rice prices rose" in read_document(out, LIMIT)


def again(name: str, data: bytes, translate: Translate, folder: Path) -> bytes:
    (folder / name).write_bytes(data)
    translate_document(folder / name, folder / ("en-" + name), translate, LIMIT)
    return (folder / ("en-" + name)).read_bytes()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", PAGE),
        ("a.html", "<p>tanda < lepas & <b>tak <i>tutup</b> juga</p> <a href='"),
        ("a.md", MARKDOWN),
        ("a.md", MARKDOWN.replace("\n", "\r\n")),
        ("a.md", "teks *lepas **dan [lagi](\n| a | b\n\n    x\n- \n\n* * *\nJudul\n---"),
        ("a.srt", SRT),
        ("a.srt", SRT.replace("\n", "\r\n")),
        (
            "a.srt",
            "\n1\n00:00:01,000 --> 00:00:02,000\n\n"
            "2\n00:00:02,000 --> 00:00:03,000\nIya\n3\n00:00:04,0 --> 00:00:05,0",
        ),
        ("a.vtt", VTT),
    ],
)
def test_text_translated_into_itself_is_byte_for_byte_the_same(name: str, text: str, tmp_path: Path) -> None:
    assert again(name, text.encode(), same, tmp_path) == text.encode()


def runs(data: bytes) -> list[list[tuple[str, bool | None, bool | None]]]:
    document = docx.Document(io.BytesIO(data))
    section = document.sections[0]
    cells = [p for table in document.tables for cell in table._cells for p in cell.paragraphs]
    paragraphs = [*document.paragraphs, *cells, *section.header.paragraphs, *section.footer.paragraphs]
    return [[(run.text, run.bold, run.italic) for run in p.runs] for p in paragraphs]


@pytest.mark.parametrize("build", [report, linked])
def test_docx_translated_into_itself_is_the_same(
    build: Callable[[docx.document.Document], None], tmp_path: Path
) -> None:
    data = docx_of(build)
    done = again("a.docx", data, same, tmp_path)
    assert runs(done) == runs(data)
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(done)) as new:
        assert old.namelist() == new.namelist()
        for name in set(old.namelist()) - {"word/document.xml", "word/styles.xml"}:
            if "header" not in name and "footer" not in name:
                assert old.read(name) == new.read(name)


def test_docx_keeps_its_looks(tmp_path: Path) -> None:
    done = runs(again("a.docx", docx_of(report), english, tmp_path))
    assert [run for run in done[1] if run[0]] == [
        ("Rice prices", True, None),
        (" rose sharply at the ", None, None),
        ("Induk Market", None, True),
        (". Residents were asked to stay calm.", None, None),
    ]
    loudly = runs(again("a.docx", docx_of(report), loud, tmp_path))
    assert [text for paragraph in loudly for text, _, _ in paragraph if text][-4:] == [
        "KOTA",
        "12.500",
        "WARTA PASAR",
        "HALAMAN PENUTUP",
    ]


def test_docx_moves_links_and_looks_with_their_words(tmp_path: Path) -> None:
    def build(document: docx.document.Document) -> None:
        paragraph = document.add_paragraph("Di ")
        link = (
            f'<w:hyperlink {nsdecls("w", "r")} w:anchor="p"><w:r><w:t>Pasar Induk</w:t></w:r></w:hyperlink>'
        )
        paragraph._p.append(parse_xml(link))
        paragraph.add_run(" harga ")
        paragraph.add_run("beras").bold = True
        paragraph.add_run(" naik.")

    done = docx.Document(io.BytesIO(again("a.docx", docx_of(build), english, tmp_path))).paragraphs[0]
    assert done.text == "The price of rice rose at Induk Market."
    assert [run.text for run in done.runs if run.bold] == ["rice"]
    assert [link.text for link in done.hyperlinks] == ["Induk Market"]


def test_docx_keeps_its_links(tmp_path: Path) -> None:
    done = docx.Document(io.BytesIO(again("a.docx", docx_of(linked), english, tmp_path)))
    link = done.paragraphs[0].hyperlinks[0]
    assert (link.fragment, link.text) == ("pasar", "Induk Market")
    assert done.paragraphs[0].text == "Rice prices rose sharply at the Induk Market."


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "<p><b>Harga beras</b> naik tajam di <a href=x>Pasar <i>Induk</i></a>. Warga diminta tenang.</p>",
            "<p><b>Rice prices</b> rose sharply at the <a href=x><i>Induk</i> Market</a>. "
            "Residents were asked to stay calm.</p>",
        ),
        ("<p>Warga diminta <em>tenang</em>.</p>", "<p>Residents were asked to stay <em>calm</em>.</p>"),
        ("<h1><b>Warga diminta tenang.</b></h1>", "<h1><b>Residents were asked to stay calm.</b></h1>"),
        (
            "<p>Di <a href=p>Pasar Induk</a> harga <b>beras</b> naik.</p>",
            "<p>The price of <b>rice</b> rose at <a href=p>Induk Market</a>.</p>",
        ),
    ],
)
def test_inline_tags_stay_on_their_words(source: str, expected: str, tmp_path: Path) -> None:
    assert again("a.html", source.encode(), english, tmp_path).decode() == expected


def test_html_says_that_it_is_english_and_leaves_code_alone(tmp_path: Path) -> None:
    done = again(
        "a.html", PAGE.replace('lang="en"', 'lang="id-ID"').encode("cp1252"), loud, tmp_path
    ).decode()
    assert '<html lang="en">' in done
    kept = [
        "<style>p{a:b}</style>",
        'if (a<b) "teks di sini"',
        "<img alt='gambar' src=a.png>",
        "<pre>kode ini</pre>",
    ]
    assert all(part in done for part in [*kept, "Merek Dagang", 'href="x?a=1&amp;b=2"', "SATU &lt; DUA"])
    assert re.findall("<[^<>]+>", done) == re.findall("<[^<>]+>", PAGE)


def test_markdown_keeps_its_markup(tmp_path: Path) -> None:
    done = again("a.md", MARKDOWN.encode(), loud, tmp_path).decode()
    assert done.startswith(
        "---\ntitle: Harga Beras\n---\n# JUDUL BERITA #\n\n**HARGA BERAS** NAIK TAJAM DI [PASAR"
    )
    assert (
        "[R][r] DAN `kode x` SERTA http://a.id/x_y.\n\n- SATU HAL LANJUTAN HAL\n1. [ ] DUA *HAL*\n\n" in done
    )
    assert "> KUTIPAN SATU BARIS DUA\n\n| KOTA | HARGA |\n|------|------:|\n| BANDUNG" in done
    assert done.endswith(MARKDOWN[MARKDOWN.index("```py") :])


def test_every_cue_keeps_its_time_and_has_words(tmp_path: Path) -> None:
    done = again("a.srt", SRT.encode(), english, tmp_path).decode()
    assert re.findall("(?m)^.*-->.*$", done) == re.findall("(?m)^.*-->.*$", SRT)
    assert done == (
        "1\n00:00:01,000 --> 00:00:02,500\nRice prices\nrose sharply at\n\n"
        "2\n00:00:02,600 --> 00:00:04,000\n<i>the Induk Market.</i>\n\n" + SRT[SRT.index("3\n") :]
    )


def test_a_sentence_of_fewer_words_than_cues_is_reported(tmp_path: Path) -> None:
    def short(passage: Passage) -> Iterator[SegmentTranslation]:
        return (SegmentTranslation(source, "Up.", 0.0) for source in passage.sentences)

    (tmp_path / "a.srt").write_text(SRT, "utf-8")
    found = translate_document(tmp_path / "a.srt", tmp_path / "b.srt", short, LIMIT)
    assert [(item.place, item.finding.kind) for item in found] == [("cue 2", "empty")]


def test_findings_name_their_place(tmp_path: Path) -> None:
    def doubtful(passage: Passage) -> Iterator[SegmentTranslation]:
        found = (Finding.of("number.lost", source="12"),)
        return (SegmentTranslation(s, s, 0.0, found if "12" in s else ()) for s in passage.sentences)

    (tmp_path / "a.html").write_text("<p>Satu hal.</p><p>Ada 12 hal.</p>", "utf-8")
    found = translate_document(tmp_path / "a.html", tmp_path / "b.html", doubtful, LIMIT)
    assert [(item.place, item.source, item.finding.kind) for item in found] == [
        ("paragraph 2", "Ada 12 hal.", "number")
    ]


def test_what_cannot_be_written_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Isi.")
    with pytest.raises(UsageError, match="text documents cannot be written again"):
        translate_document(tmp_path / "a.txt", tmp_path / "b.txt", same, LIMIT)
    (tmp_path / "a.md").write_text("Isi.")
    with pytest.raises(WartaError, match="cannot be written"):
        translate_document(tmp_path / "a.md", tmp_path / "none" / "b.md", same, LIMIT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "a.txt"]


@pytest.mark.parametrize(
    ("source", "target", "kept"),
    [
        ("a.docx", "b.DOCX", True),
        ("a.html", "b.htm", False),
        ("a.txt", "b.txt", False),
        ("a.pdf", "b.pdf", False),
        ("a.pdf", "b.docx", True),
        ("a.pdf", "b.HTM", True),
        ("a.docx", "b.html", False),
        ("a.odt", "b.odt", True),
        ("a.json", "b.json", True),
        ("a.po", "b.pot", False),
    ],
)
def test_which_documents_keep_their_structure(source: str, target: str, kept: bool) -> None:
    assert keeps_structure(Path(source), Path(target)) is kept


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>" * 50_000 + "teks",
        "<a <a" * 50_000,
        "<!--" * 50_000,
        "<a '\"" * 50_000,
        "satu <b>dua.</b> " * 5_000,
    ],
)
def test_hostile_html_is_read_and_comes_back(hostile: str) -> None:
    """Each takes seconds here and minutes where a parser is quadratic."""
    assert html.parse(hostile).joined() == hostile
    html.parse(hostile).translate(loud)


@pytest.mark.parametrize(
    "hostile", ["**a " * 20_000, "[" * 50_000, "`a " * 10_000, "![" * 50_000, "| " * 50_000]
)
def test_hostile_markdown_comes_back(hostile: str) -> None:
    assert markdown.parse(hostile).joined() == hostile


def test_hostile_subtitles_take_linear_time() -> None:
    hostile = "00:01.000 --> 00:02.000\n" * 20_000
    assert subtitles.parse(hostile).joined() == hostile


PIECES = (
    "<b> </b> <p> </a> <a\thref='x'> <code> </code> Satu\thal. dua \t \n &amp; < <br> * ** ` [ ](u) | #\t "
    "-\t >\t \n\n \\ <!-- --> 12 <script> </script> ~~~\n ! http://a.b/c"
)


def letters(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w", stdlib_html.unescape(text).lower()))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES.split(" ")), max_size=40).map("".join))
def test_nothing_is_lost_whatever_the_markup(text: str) -> None:
    for parse in (html.parse, markdown.parse):
        assert parse(text).joined() == text
        markup = parse(text)
        markup.translate(same)
        assert markup.joined() == text
        markup.translate(shuffled)
        assert not letters(text) - letters(markup.joined())


def in_a_style_of_its_own(document: docx.document.Document) -> None:
    """A heading in a style that is based on Word's, one by its outline level, and plain text."""
    style = document.styles.add_style("Rubrik Kota", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Warga diminta tenang.")
    document.add_paragraph("Harga Beras Naik", style="Rubrik Kota")
    level = f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'
    document.add_paragraph("Pasar Induk Sepi")._p.get_or_add_pPr().append(parse_xml(level))


@pytest.mark.parametrize(
    ("name", "data", "headlines", "context"),
    [
        (
            "a.docx",
            docx_of(in_a_style_of_its_own),
            {"Harga Beras Naik", "Pasar Induk Sepi"},
            "Warga diminta tenang.",
        ),
        (
            "a.html",
            b"<title>Kabar Pasar</title><p>Harga naik.</p><h3>Warga <b>Kota</b> Resah</h3><p>Ya.</p>",
            {"Kabar Pasar", "Warga Kota Resah"},
            "Harga naik.\n\nYa.",
        ),
        ("a.md", b"Harga naik.\n\nWarga Resah\n---\n\nYa.\n", {"Warga Resah"}, "Harga naik.\n\nYa."),
        ("b.md", b"Harga naik.\n\n- satu\n\n---\n\nYa.\n", set(), "Harga naik.\n\nsatu\n\nYa."),
        ("c.md", b"Warga Kota Resah\n\nHarga naik tajam di pasar.\n", {"Warga Kota Resah"}, None),
        ("d.md", b"Warga Kota Resah.\n\nHarga naik tajam di pasar.\n", set(), None),
    ],
)
def test_headings_are_headlines_and_no_context(
    name: str, data: bytes, headlines: set[str], context: str | None, tmp_path: Path
) -> None:
    asked: list[Passage] = []

    def noting(passage: Passage) -> Iterator[SegmentTranslation]:
        asked.append(passage)
        return same(passage)

    again(name, data, noting, tmp_path)
    passage = asked[0]
    assert {passage.sentences[index] for index in passage.headlines} == headlines
    assert context is None or passage.context == context


def test_several_pages_are_translated_in_common_calls() -> None:
    sources = [
        "<p>Harga beras naik.</p>",
        "<p>Warga <b>tenang</b>.</p>",
        "",
        "<p>Warga <i>tenang</i>.</p><p>Ya.</p>",
    ]
    pages, calls = [html.parse(source) for source in sources], list[list[Passage]]()

    def translate_all(passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        calls.append(list(passages))
        return [list(loud(passage)) for passage in passages]

    together([page.steps() for page in pages], translate_all)
    assert [page.joined() for page in pages] == [
        "<p>HARGA BERAS NAIK.</p>",
        "<p>WARGA <b>TENANG</b>.</p>",
        "",
        "<p>WARGA <i>TENANG</i>.</p><p>YA.</p>",
    ]
    assert len(calls) == 1
    assert [passage.sentences for passage in calls[0]] == [
        ("Harga beras naik.",),
        ("Warga tenang.",),
        (),
        ("Warga tenang.", "Ya."),
    ]


def test_warta_translate_keeps_a_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WARTA_HOME", str(tmp_path / "home"))
    (tmp_path / "a.docx").write_bytes(docx_of(linked))
    for output in ("b.docx", "b.txt"):
        monkeypatch.setattr("sys.argv", ["warta", "translate", "--model", "echo", "a.docx", "-o", output])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code in (0, None)
    assert docx.Document("b.docx").paragraphs[0].hyperlinks[0].text == "Pasar Induk"
    assert Path("b.txt").read_text("utf-8") == "Harga beras naik tajam di Pasar Induk.\n"
    told = capsys.readouterr().err.splitlines()
    assert {line.partition(".docx: ")[2].partition(".")[0] for line in told} == {"1 sentence, 0 to check"}
