"""Links, bold, notes and comments land on their words, or at the sentence's end, which is said."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from service.document import Passage, SegmentTranslation
from service.intake.documents import translate_document
from service.intake.documents.alignment import Mark, Placer
from service.intake.documents.blocks import Translate

LIMIT = 1_000_000
ENGLISH = {
    "Artikel di situs Kompas itu dibaca banyak orang.": "The article on the Kompas website was read by many.",
    "Menteri Keuangan mengumumkan anggaran baru di Jakarta.": (
        "In Jakarta, the finance minister announced a new budget."
    ),
    "Warga setuju besar pasak daripada tiang.": "Residents agree that they spend more than they earn.",
    "Harga beras naik tajam, kata menteri.": "The minister said rice prices rose sharply.",
}


def by(table: Mapping[str, str], asked: list[str] | None = None) -> Translate:
    """Translate the sentences of a table, and note what was asked for."""

    def translate(passage: Passage) -> Iterator[SegmentTranslation]:
        if asked is not None:
            asked.extend(passage.sentences)
        return (SegmentTranslation(s, table.get(s, s), 0.0) for s in passage.sentences)

    return translate


def again(
    name: str, text: str | bytes, folder: Path, asked: list[str] | None = None
) -> tuple[bytes, list[str]]:
    """Return a document in English and the codes of what was found."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = translate_document(folder / name, folder / f"en-{name}", by(ENGLISH, asked), LIMIT)
    return (folder / f"en-{name}").read_bytes(), [item.finding.code for item in found]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "a.html",
            "<p>Artikel di <a href=k>situs Kompas</a> itu dibaca banyak orang.</p>",
            "<p>The article on the <a href=k>Kompas website</a> was read by many.</p>",
        ),
        (
            "a.html",
            "<p><b>Menteri Keuangan</b> mengumumkan <i>anggaran baru</i> di <a href=j>Jakarta</a>.</p>",
            "<p>In <a href=j>Jakarta</a>, the <b>finance minister</b> announced <i>a new budget</i>.</p>",
        ),
        (
            "a.md",
            "Artikel di [situs Kompas](http://k.id)[^1] itu dibaca banyak orang.\n\n[^1]: 2024\n",
            "The article on the [Kompas website](http://k.id)[^1] was read by many.\n\n[^1]: 2024\n",
        ),
        (
            "a.md",
            "Menteri Keuangan[^1] mengumumkan anggaran baru di Jakarta.\n",
            "In Jakarta, the finance minister[^1] announced a new budget.\n",
        ),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:04,000\nHarga beras <i>naik tajam</i>, kata menteri.\n",
            "1\n00:00:01,000 --> 00:00:04,000\nThe minister said rice prices <i>rose sharply</i>.\n",
        ),
    ],
)
def test_marks_land_on_their_words(name: str, source: str, expected: str, tmp_path: Path) -> None:
    asked: list[str] = []
    done, codes = again(name, source, tmp_path, asked)
    assert done.decode() == expected
    assert codes == []
    assert len(asked) == 1, "what the aligner finds is not translated a second time"


def test_what_is_not_found_goes_to_the_end_and_is_said(tmp_path: Path) -> None:
    asked: list[str] = []
    source = "<p>Warga setuju <b>besar pasak daripada tiang</b>.</p>"
    done, codes = again("a.html", source, tmp_path, asked)
    assert done.decode() == "<p>Residents agree that they spend more than they <b>earn</b>.</p>"
    assert codes == ["format.at_end"]
    assert asked[1:] == ["besar pasak daripada tiang"]


def test_code_that_is_lost_is_put_at_the_end() -> None:
    placer = Placer({})
    parts = ["Jalankan ", "warta read", " sekarang."]
    assert placer.place("Run it now.", parts, [Mark(1, 2, fixed=True)]) == ["Run it now", " warta read", "."]
    assert [problem.code for problem in placer.problems] == ["format.at_end"]
    assert placer.lost == []


def test_two_marks_that_are_lost_are_both_there() -> None:
    placer = Placer({})
    parts = ["", "abrakadabra", " dan ", "simsalabim", "."]
    placed = placer.place("Nothing.", parts, [Mark(1, 2), Mark(3, 4)])
    assert "".join(placed) == "Nothing."
    assert len(placer.problems) == 2


def test_a_picture_in_a_sentence_keeps_the_spaces_around_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a.html", tmp_path / "b.html"
    source.write_text(
        "<p>Artikel di <a href=x>situs Kompas</a> <img src=a> itu <i>dibaca</i><wbr> banyak orang.</p>"
    )
    english = {
        "Artikel di situs Kompas  itu dibaca banyak orang.": "The article on the Kompas website was read."
    }
    translate_document(source, target, by({**english, "dibaca": "read"}), LIMIT)
    assert "</a> <img src=a> was <i>read</i>" in target.read_text()


def noted(document: docx.document.Document) -> None:
    """Write a sentence with the number of a footnote behind its subject, and a comment on its object."""
    paragraph = document.add_paragraph("Menteri Keuangan")
    paragraph.add_run()._r.append(parse_xml(f'<w:footnoteReference {nsdecls("w")} w:id="2"/>'))
    paragraph.add_run(" mengumumkan ")
    paragraph._p.append(parse_xml(f'<w:commentRangeStart {nsdecls("w")} w:id="7"/>'))
    paragraph.add_run("anggaran baru")
    paragraph._p.append(parse_xml(f'<w:commentRangeEnd {nsdecls("w")} w:id="7"/>'))
    paragraph.add_run(" di Jakarta.")


def test_notes_and_comments_of_word_stay_with_their_words(tmp_path: Path) -> None:
    out = io.BytesIO()
    document = docx.Document()
    noted(document)
    document.save(out)
    done, codes = again("a.docx", out.getvalue(), tmp_path)
    shown = ""
    for element in docx.Document(io.BytesIO(done)).paragraphs[0]._p.iter():
        name = element.tag.rpartition("}")[2]
        marks = {"footnoteReference": "¹", "commentRangeStart": "⟦", "commentRangeEnd": "⟧"}
        shown += (element.text or "") if name == "t" else marks.get(name, "")
    assert shown == "In Jakarta, the finance minister¹ announced a ⟦new budget⟧."
    assert codes == []
