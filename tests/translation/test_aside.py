"""Addresses and the numbers of notes: kept from the engine, put back, and missed by the guard."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from service import presets
from service.document import Decoding, Output, Passage
from service.engines.echo import EchoEngine
from service.intake.documents import html
from service.text.segment import split
from service.translation.aside import addresses, set_aside
from service.translation.glossary import Glossary
from service.translation.guard.check import check
from service.translation.translator import Care, Translator


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hubungi humas@kemlu.go.id atau 0812-3456-7890.", ["humas@kemlu.go.id", "0812-3456-7890"]),
        ("Lihat https://kemlu.go.id/berita?x=1, lalu www.kota.example.", ["https://kemlu.go.id/berita?x=1", "www.kota.example"]),  # noqa: E501
        ("Tagar #PesanDamai dari @kemlu_ri ramai.", ["#PesanDamai", "@kemlu_ri"]),
        ("Perkara 12/Pid.Sus/2024/PN Jkt.Sel diputus.", ["12/Pid.Sus/2024/PN Jkt.Sel"]),
        ("Laporan LP/B/123/VI/2024/SPKT diterima.", ["LP/B/123/VI/2024/SPKT"]),
        ("Telepon (021) 555 1234 atau +62 812 3456 7890.", ["(021) 555 1234", "+62 812 3456 7890"]),
        ("Kata dia kepada Kompas.com.", ["Kompas.com"]),
        ("JAKARTA, KOMPAS.com - Hujan turun.", []),
        ("Senin (12/8/2024) pukul 08.00-10.00 senilai Rp1.250.000.", []),
        ("Tahun ajaran 2023/2024 dan/atau 60 km/jam, Covid-19/flu/TB.", []),
        ("Juara #1, 0,5 persen, S.H., R.A. Kartini.", []),
    ],
)  # fmt: skip
def test_addresses(text: str, found: list[str]) -> None:
    assert addresses(text) == found


class Marking(EchoEngine):
    """Writes English around what it is told to copy, and drops the marks in ``lost``."""

    def __init__(self, lost: Sequence[str] = (), plain: bool = True) -> None:
        super().__init__()
        self.lost, self.plain, self.asked = lost, plain, list[str]()

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:  # noqa: ARG002
        self.asked += texts
        return [Output(self._made(sentence), -0.1, 9) for sentence in texts]

    def _made(self, sentence: str) -> str:
        kept = [word for word in sentence.split() if word.startswith("X") or (self.plain and "@" in word)]
        return " ".join(
            ["Please write to", *(word for word in kept if word.strip(".") not in self.lost), "soon."]
        )


def translator(engine: EchoEngine) -> Translator:
    return Translator(engine, presets.get("echo"), "r", care=Care(Glossary.load(), repair=False))


def test_the_engine_sees_no_address_and_the_glossary_neither() -> None:
    engine = Marking()
    (done,) = translator(engine).stream(Passage(("Surati humas@kemlu.go.id segera.",)))
    assert engine.asked == ["Surati X1X segera."]
    assert done.target == "Please write to humas@kemlu.go.id soon."
    assert done.findings == ()


def test_a_lost_mark_is_tried_again_with_the_address_itself() -> None:
    engine = Marking(lost=["X1X"])
    (done,) = translator(engine).stream(Passage(("Surati humas@kemlu.go.id segera.",)))
    assert engine.asked == ["Surati X1X segera.", "Surati humas@kemlu.go.id segera."]
    assert done.target == "Please write to humas@kemlu.go.id soon."
    assert done.findings == ()


def test_an_address_lost_for_good_stands_at_the_end_and_is_found() -> None:
    (done,) = translator(Marking(lost=["X1X"], plain=False)).stream(
        Passage(("Surati humas@kemlu.go.id segera.",))
    )
    assert done.target == "Please write to soon (humas@kemlu.go.id)."
    assert [finding.kind for finding in done.findings] == ["address"]


def test_capitals_do_not_change_an_address() -> None:
    done = set_aside("HUBUNGI humas@Kota.example SEGERA, WARGA DIMINTA")
    assert done.restore(done.text.upper()) == "HUBUNGI humas@Kota.example SEGERA, WARGA DIMINTA"


def test_the_guard_misses_an_address_but_no_number_of_a_note() -> None:
    assert [f.kind for f in check("Surati humas@kota.example.", "Write to humas@city.example.")] == [
        "address"
    ]
    assert check("Harga naik 5¹ persen.²", "Prices rose 5 percent.") == ()
    assert [f.kind for f in check("Harga naik 5¹ persen.", "Prices rose 51 percent.")] == ["number"]


@pytest.mark.parametrize(
    ("source", "given", "english", "shown"),
    [
        ("Harga naik 5¹ persen.", "Harga naik 5 persen.", "Prices rose 5 percent.", "Prices rose 5¹ percent."),  # noqa: E501
        ("Harga naik 1.500² rupiah.", "Harga naik 1.500 rupiah.", "It rose by 1,500 rupiah.", "It rose by 1,500² rupiah."),  # noqa: E501
        ("Kata Rina.¹²", "Kata Rina.", "Rina said.", "Rina said.¹²"),
        ("Luas 30 m², 5 km², dan CO₂.", "Luas 30 m², 5 km², dan CO₂.", "30 m², 5 km² and CO₂.", "30 m², 5 km² and CO₂."),  # noqa: E501
    ],
)  # fmt: skip
def test_notes_stand_behind_their_word(source: str, given: str, english: str, shown: str) -> None:
    aside = set_aside(source)
    assert (aside.text, aside.restore(english)) == (given, shown)


PAGE = (
    '<p>Harga naik 5<sup><a href="#n1">1</a></sup> persen.<sup>[2]</sup> Luas 30 m<sup>2</sup>, '
    'CO<sub>2</sub> turun<a href="#fn3">[3]</a>.</p>'
)


def test_html_says_what_is_a_note_and_keeps_its_tags() -> None:
    markup = html.parse(PAGE)
    assert markup.paragraphs == ["Harga naik 5¹ persen.² Luas 30 m², CO₂ turun³."]
    assert split(markup.paragraphs[0]).segments[0].text == "Harga naik 5¹ persen.²"
    english = {
        "Harga naik 5 persen.": "Prices rose 5 percent.",
        "Luas 30 m², CO₂ turun.": "Area 30 m², CO₂ fell.",
    }

    class Dictionary(EchoEngine):
        def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:  # noqa: ARG002
            return [Output(english[sentence], -0.1, 9) for sentence in texts]

    assert markup.translate(translator(Dictionary()).stream) == []
    assert markup.joined() == (
        '<p>Prices rose 5<sup><a href="#n1">1</a></sup> percent.<sup>[2]</sup> Area 30 m<sup>2</sup>, '
        'CO<sub>2</sub> fell<a href="#fn3">[3]</a>.</p>'
    )
