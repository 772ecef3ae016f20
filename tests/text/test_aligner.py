"""Words of two languages that belong together, and where a part of a sentence stands in the other."""

from __future__ import annotations

import pytest

from service.intake.documents.alignment import SURE
from service.text.aligner import LONGEST, align, tokens
from service.text.projection import cut, project
from service.text.stems import bare, english_stem


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("menyapu", "sapu"),
        ("memakai", "pakai"),
        ("mengirimkan", "kirim"),
        ("penandatanganan", "tandatangan"),
        ("diperbaikinya", "perbaiki"),
        ("bukunya", "buku"),
        ("keberhasilan", "hasil"),
        ("terbesar", "besar"),
    ],
)
def test_a_root_is_among_the_forms(word: str, root: str) -> None:
    assert root in bare(word)


@pytest.mark.parametrize("word", ["ia", "di", "nya", "aku", ""])
def test_a_short_word_loses_nothing(word: str) -> None:
    assert all(len(form) > 2 for form in bare(word))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("countries", "country"),
        ("trained", "training"),
        ("running", "runs"),
        ("passes", "pass"),
    ],
)
def test_forms_of_an_english_word_have_one_stem(one: str, other: str) -> None:
    assert english_stem(one)[:5] == english_stem(other)[:5]


def test_numbers_and_the_parts_of_a_compound_are_words() -> None:
    assert [token.text for token in tokens("Anak-anak membayar Rp1.250,5 (12/3), 5%.")] == [
        "anak", "anak", "membayar", "rp", "1.250,5", "12", "3", "5", "%",
    ]  # fmt: skip


def linked(source: str, target: str) -> dict[str, str]:
    """Return for each source word the target word that it most likely became."""
    found = align(source, target)
    assert found is not None
    best = found.backward.argmax(1).tolist()
    return {token.text: found.target[place].text for token, place in zip(found.source, best, strict=True)}


def test_words_find_their_translations_across_another_order() -> None:
    pairs = linked(
        "Pada Rabu, Menteri Keuangan mengumumkan anggaran baru.",
        "The finance minister announced a new budget on Wednesday.",
    )
    expected = {
        "rabu": "wednesday",
        "menteri": "minister",
        "keuangan": "finance",
        "anggaran": "budget",
        "baru": "new",
    }
    assert {word: pairs[word] for word in expected} == expected


def test_names_numbers_and_unknown_forms_are_linked_by_their_looks() -> None:
    pairs = linked(
        "Zulkarwan Hadisuwito membeli 1.250 kodifikasi.", "Zulkarwan Hadisuwito bought 1,250 codifications."
    )
    assert pairs["zulkarwan"] == "zulkarwan"
    assert pairs["hadisuwito"] == "hadisuwito"
    assert pairs["1.250"] == "1,250"
    assert pairs["kodifikasi"] == "codifications"


@pytest.mark.parametrize(
    ("source", "part", "target", "expected"),
    [
        (
            "Artikel di situs Kompas itu dibaca banyak orang.",
            "situs Kompas",
            "The article on the Kompas website was read by many people.",
            "Kompas website",
        ),
        (
            "Menurut laporan tahunan itu, jumlah relawan naik.",
            "laporan tahunan",
            "The number of volunteers rose, according to the annual report.",
            "annual report",
        ),
        (
            "Ia membayar denda Rp300 juta pada Senin.",
            "denda Rp300 juta",
            "On Monday he paid a fine of Rp 300 million.",
            "a fine of Rp 300 million",
        ),
    ],
)
def test_a_part_is_found(source: str, part: str, target: str, expected: str) -> None:
    found, at = align(source, target), source.index(part)
    assert found is not None
    there = project(found, (at, at + len(part)), [(0, len(target))])
    assert there is not None
    assert target[there.start : there.end] == expected
    assert there.sure > 0.7


def test_a_part_that_is_not_there_is_not_sure() -> None:
    source, part = "Warga menolak pembangunan jembatan itu.", "pembangunan jembatan"
    found, at = align(source, "Residents are angry."), source.index(part)
    assert found is not None
    there = project(found, (at, at + len(part)), [(0, 20)])
    assert there is not None
    assert there.sure < 0.5


@pytest.mark.parametrize(
    ("source", "part", "target", "sure"),
    [
        ("Pesan itu dipastikan hoaks.", "dipastikan", "The message was confirmed to be a hoax.", False),
        (
            "Warga berkumpul di tepi Danau Toba.",
            "Danau Toba",
            "People met on the shores of Lake Toba.",
            False,
        ),
        (
            "Penumpang kereta cepat turun.",
            "kereta cepat",
            "Passengers of the high-speed train got off.",
            True,
        ),
        ("Bank itu menambah cadangan devisa.", "devisa", "The bank added to its foreign exchange.", True),
    ],
)
def test_a_word_at_an_edge_that_is_there_for_its_place_alone_is_not_sure(
    source: str, part: str, target: str, sure: bool
) -> None:
    found, at = align(source, target), source.index(part)
    assert found is not None
    there = project(found, (at, at + len(part)), [(0, len(target))])
    assert there is not None
    assert (there.sure > SURE) == sure


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Menteri Keuangan| mengatakan hal itu.", "The finance minister| said so."),
        ("Harga beras |naik tajam.", "Rice prices |rose sharply."),
        ("Menurut laporan itu|, harga naik.", "According to the report|, prices rose."),
    ],
)
def test_a_place_between_words_is_found(source: str, target: str) -> None:
    found = align(source.replace("|", ""), target.replace("|", ""))
    assert found is not None
    assert cut(found, source.index("|"), (0, len(target) - 1)) == target.index("|")


@pytest.mark.parametrize(
    ("source", "target"), [("", "A."), ("A.", ""), ("…", "A."), ("a " * (LONGEST + 1), "A.")]
)
def test_nothing_and_too_much_are_not_aligned(source: str, target: str) -> None:
    assert align(source, target) is None
