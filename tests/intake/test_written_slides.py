"""PowerPoint in place, and what a PDF becomes: both languages beside each other."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import docx
import pytest
from lxml import etree

from service.document import Finding, Passage, SegmentTranslation
from service.errors import InputError
from service.intake.documents import document_text, translate_data
from service.intake.documents.blocks import How, Note
from tests.intake.test_documents import LIMIT, loud, pdf_of, pictures_only, same, shuffled, zipped

SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relations(**targets: str) -> str:
    """What a part refers to: the id of each and where it is."""
    inner = "".join(
        f'<Relationship Id="{id}" Type="{RELATED}/x" Target="{target}"/>' for id, target in targets.items()
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'


def shape(paragraphs: str, kind: str = "", descr: str = "") -> str:
    placeholder = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else "<p:nvPr/>"
    told = f' descr="{descr}"' if descr else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"{told}/>{placeholder}</p:nvSpPr>'
        f"<p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>"
    )


def slide(*shapes: str) -> str:
    return f"<p:sld {SPACES}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


BOLD = (
    '<a:p><a:r><a:rPr lang="id-ID" b="1" dirty="0"/><a:t>Harga beras</a:t></a:r><a:r><a:rPr lang="id-ID"/>'
    "<a:t> naik tajam.</a:t></a:r><a:br/><a:r><a:t>Warga tenang.</a:t></a:r></a:p>"
)
NUMBER = '<a:p><a:fld id="{1}" type="slidenum"><a:rPr lang="id-ID"/><a:t>halaman</a:t></a:fld></a:p>'
TITLE = '<a:p><a:r><a:rPr lang="id-ID"/><a:t>Judul Laporan</a:t></a:r></a:p>'


def presentation(**more: str) -> bytes:
    """Two slides, the second before the first in the archive's order, with notes at one."""
    ids = '<p:sldIdLst><p:sldId id="256" r:id="b"/><p:sldId id="257" r:id="a"/></p:sldIdLst>'
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "ppt/presentation.xml": f"<p:presentation {SPACES}>{ids}</p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(a="slides/slide1.xml", b="slides/slide2.xml"),
            "ppt/slides/slide1.xml": slide(shape(BOLD, descr="Grafik harga"), shape(NUMBER, "sldNum")),
            "ppt/slides/slide2.xml": slide(shape(TITLE, "title")),
            "ppt/slides/_rels/slide2.xml.rels": relations(n="../notesSlides/notesSlide1.xml", l="../../../x"),
            "ppt/notesSlides/notesSlide1.xml": slide(shape("<a:p><a:r><a:t>Sapa warga.</a:t></a:r></a:p>")),
            "docProps/core.xml": '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rapat</dc:title></c>',
            **more,
        }
    )


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def test_slides_are_read_in_order_with_their_notes() -> None:
    text = document_text(presentation(), "a.pptx", LIMIT)
    assert text == "Judul Laporan\n\nSapa warga.\n\nHarga beras naik tajam.\nWarga tenang."


def test_a_presentation_comes_back_in_place() -> None:
    done = translate_data(presentation(), "a.pptx", loud, LIMIT)[0]
    first = part(done, "ppt/slides/slide1.xml")
    looks = re.findall(r"<a:rPr([^>]*)/?><a:t>([^<]*)|<a:t>([^<]*)", first.replace("/>", ">"))
    assert [(look.strip(), text or plain) for look, text, plain in looks] == [
        ('lang="en-US" b="1" dirty="0"', "HARGA BERAS"),
        ('lang="en-US"', " NAIK TAJAM."),
        ("", "WARGA TENANG."),
        ('lang="en-US"', "halaman"),
    ]
    assert 'descr="Grafik harga"' in first
    assert "JUDUL LAPORAN" in part(done, "ppt/slides/slide2.xml")
    assert "SAPA WARGA." in part(done, "ppt/notesSlides/notesSlide1.xml")
    assert "<dc:title>RAPAT</dc:title>" in part(done, "docProps/core.xml")
    told = translate_data(presentation(), "a.pptx", loud, LIMIT, How(attributes=True))[0]
    assert 'descr="GRAFIK HARGA"' in part(told, "ppt/slides/slide1.xml")


def test_a_title_is_a_headline_and_a_finding_names_its_slide() -> None:
    asked: list[Passage] = []

    def doubt(passage: Passage) -> Iterator[SegmentTranslation]:
        asked.append(passage)
        found = (Finding.of("number.lost", source="12"),)
        return (SegmentTranslation(s, s, 0.0, found if "Warga" in s else ()) for s in passage.sentences)

    _, found = translate_data(presentation(), "a.pptx", doubt, LIMIT)
    assert "Judul Laporan" in {asked[0].sentences[index] for index in asked[0].headlines}
    assert [one.place for one in found] == ["slide 1"]


def test_words_turned_round_leave_a_presentation_that_opens() -> None:
    done = translate_data(presentation(), "a.pptx", shuffled, LIMIT)[0]
    old, new = (document_text(data, "a.pptx", LIMIT).upper().split() for data in (presentation(), done))
    assert sorted(old) == sorted(new)
    again = translate_data(presentation(), "a.pptx", same, LIMIT)[0]
    assert document_text(again, "a.pptx", LIMIT) == document_text(presentation(), "a.pptx", LIMIT)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("ppt/slides/slide1.xml", LAUGHS + slide(), "XML entities"),
        ("ppt/slides/slide1.xml", OUTSIDE + slide(), "XML entities"),
        ("ppt/slides/slide1.xml", "<p:sld", "not XML"),
        ("ppt/presentation.xml", "<p:x", "not XML"),
        ("ppt/media/x", " " * 4_000_000, "bomb"),
        ("../x", "a", "leaves its folder"),
    ],
)
def test_hostile_presentations_are_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        document_text(presentation(**{name: text}), "a.pptx", LIMIT)


# --- PDF ------------------------------------------------------------------------------------------

LONG = "Harga beras di pasar tradisional naik tajam sejak awal pekan ini, kata para pedagang"
PAGES = [[LONG, "setempat.", "Warga resah & marah."], ["Penutup laporan ini."]]


def doubt(passage: Passage) -> Iterator[SegmentTranslation]:
    """Capitals, with doubts about one word of two sentences."""
    for source in passage.sentences:
        found = (Finding.of("number.added", target=source.upper().split()[1]),)
        yield SegmentTranslation(source, source.upper(), 0.0, found if "W" in source or "P" in source else ())


def remark(answer: SegmentTranslation) -> list[Note]:
    return [Note("number: <look>", dict(one.values)["target"]) for one in answer.findings]


def test_a_pdf_becomes_a_word_document_in_two_languages() -> None:
    done, found = translate_data(pdf_of(PAGES), "a.pdf", doubt, LIMIT, How(suffix=".docx", notes=remark))
    document = docx.Document(io.BytesIO(done))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows == [
        ["1", "1"],
        [f"{LONG} setempat.", f"{LONG} setempat.".upper()],
        ["Warga resah & marah.", "WARGA RESAH & MARAH."],
        ["2", "2"],
        ["Penutup laporan ini.", "PENUTUP LAPORAN INI."],
    ]
    assert [one.text for one in document.comments] == ["number: <look>"] * 2
    assert [one.place for one in found] == ["page 1", "page 2"]
    inside, held = False, list[str | None]()
    for element in document.element.body.iter():
        local = etree.QName(element).localname
        inside = local == "commentRangeStart" or (inside and local != "commentRangeEnd")
        held += [element.text] if inside and local == "t" else []
    assert held == ["RESAH", "LAPORAN"]
    assert translate_data(pdf_of(PAGES), "a.pdf", doubt, LIMIT, How(notes=remark))[0] == done


def test_a_pdf_becomes_a_page_in_two_languages() -> None:
    done, _ = translate_data(pdf_of(PAGES), "a.pdf", doubt, LIMIT, How(suffix=".html", notes=remark))
    text = done.decode()
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert '<td lang="id" translate="no">Warga resah &amp; marah.</td>' in text
    assert '<td>WARGA <mark title="number: &lt;look&gt;">RESAH</mark> &amp; MARAH.</td>' in text
    assert "HARGA BERAS" in document_text(done, "a.html", LIMIT)


def test_a_pdf_of_pictures_becomes_nothing() -> None:
    with pytest.raises(InputError, match="scan"):
        translate_data(pictures_only(), "a.pdf", loud, LIMIT)
