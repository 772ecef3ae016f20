"""Which source sentences carry a summary sentence, and what none of them holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.indosum import DEFAULT, load
from eval.research.provenance import CORRUPTIONS, row, table
from service.summary import facts
from service.summary.features import words
from service.summary.provenance import findings, support

SOURCE = (
    "Bupati Sri Lestari meresmikan Pasar Kliwon di Desa Rejo pada Senin (24/7/2023).",
    "Pasar itu menampung 320 pedagang dan menelan biaya Rp4,5 miliar.",
    "Pedagang lama tidak membayar sewa selama enam bulan pertama.",
    "Komisi Pengawas Anggaran akan memeriksa laporan keuangan proyek tersebut.",
    "Warga berharap harga sayur turun di Jawa Tengah.",
)
ENGLISH = (
    "Regent Sri Lestari opened Kliwon Market in Rejo Village on Monday, July 24, 2023.",
    "The market houses 320 traders and cost Rp 4.5 billion.",
    "Existing traders will not pay rent for the first six months.",
)


@pytest.mark.parametrize("index", range(len(SOURCE)))
def test_a_copied_sentence_is_carried_by_itself(index: int) -> None:
    assert support(SOURCE[index], SOURCE) == ((index,), 1.0)
    assert findings(SOURCE[index], [SOURCE[index]]) == ()


@pytest.mark.parametrize(
    ("sentence", "source", "expected"),
    [
        ("Pasar Kliwon di Desa Rejo menampung 320 pedagang.", SOURCE, (0, 1)),
        ("Pedagang lama tidak membayar sewa.", SOURCE, (2,)),
        ("Kliwon Market in Rejo cost Rp 4.5 billion.", ENGLISH, (0, 1)),
        ("Traders will not pay rent.", ENGLISH, (2,)),
        ("Kapal selam menyelam dalam lautan.", SOURCE, ()),
        ("", SOURCE, ()),
        ("…", SOURCE, ()),
        ("Pasar Kliwon.", (), ()),
        ("Pasar Kliwon.", ("", " "), ()),
    ],
)
def test_support(sentence: str, source: tuple[str, ...], expected: tuple[int, ...]) -> None:
    indices, score = support(sentence, source)
    assert indices == expected
    assert (score > 0) == bool(expected)
    assert score <= 1


SHORTER = ("Harga beras naik, kata warga Desa Rejo.", "Harga beras naik.")


def test_support_keeps_to_its_limit_and_prefers_the_shorter_of_equals() -> None:
    assert len(support(" ".join(SOURCE), SOURCE, limit=2)[0]) == 2
    assert support("Harga beras naik.", ["Harga beras naik, kata warga Desa Rejo.", "Harga beras naik."])[
        0
    ] == (1,)


@pytest.mark.parametrize(
    ("sentence", "source", "kinds"),
    [
        ("Pasar itu menampung 350 pedagang.", SOURCE, ["number"]),
        ("Pasar itu menelan biaya Rp4,5 juta.", SOURCE, ["number"]),
        ("Pasar itu menelan biaya Rp4.500.000.000.", SOURCE, []),
        ("Pedagang lama tidak membayar sewa selama 6 bulan.", SOURCE, []),
        ("Bupati Dewi Lestari meresmikan Pasar Kliwon.", SOURCE, ["entity"]),
        ("Bupati meresmikan Pasar Kliwon pada 24 Juli 2023.", SOURCE, []),
        ("Bupati meresmikan Pasar Kliwon pada 24 Juni 2023.", SOURCE, ["entity"]),
        ("Laporan keuangan proyek akan diperiksa KPA.", SOURCE, []),
        ("Laporan keuangan proyek akan diperiksa BPK.", SOURCE, ["entity"]),
        ("Harga sayur turun di Jateng.", SOURCE, []),
        ("Pedagang lama membayar sewa selama enam bulan pertama.", SOURCE, ["negation"]),
        ("Pasar itu tidak menampung pedagang.", SOURCE, ["negation"]),
        ("Kapal selam menyelam.", SOURCE, ["unsupported"]),
        ("The market houses 302 traders.", ENGLISH, ["number"]),
        ("The market cost Rp 4,500,000,000.", ENGLISH, []),
        ("Existing traders will pay rent for the first six months.", ENGLISH, ["negation"]),
        ("The market does not house 320 traders.", ENGLISH, []),  # a word changed: not seen
        ("Regent Sri Wahyuni opened the market.", ENGLISH, ["entity"]),
        ("Regent Sri Lestari's market opened.", ENGLISH, []),
    ],
)
def test_findings(sentence: str, source: tuple[str, ...], kinds: list[str]) -> None:
    assert [finding.kind for finding in findings(sentence, source)] == kinds


@settings(deadline=None)
@given(st.text(), st.lists(st.text(), max_size=5))
def test_any_text_has_a_score_and_its_copy_has_no_findings(sentence: str, source: list[str]) -> None:
    indices, score = support(sentence, source)
    assert 0 <= score <= 1
    assert len(indices) <= 3
    assert set(indices) <= set(range(len(source)))
    if words(sentence):
        assert support(sentence, [*source, sentence])[1] == 1.0
        assert findings(sentence, [sentence]) == ()


def test_a_finding_names_what_is_missing() -> None:
    (found,) = findings("Pasar itu menampung 350 pedagang.", SOURCE)
    assert "350" in str(found)


def test_without_segments_nothing_is_supported() -> None:
    assert [finding.kind for finding in findings("Pasar itu ramai.", ())] == ["unsupported"]


@pytest.mark.parametrize(
    ("source", "same", "new"),
    [
        (
            "Biaya sewa gedung itu Rp1.250.000.",
            "Biaya sewa gedung itu Rp1,25 juta.",
            "Biaya sewa gedung itu Rp12,5 juta.",
        ),
        ("It cost 46.8 billion.", "It cost 46,800,000,000.", "It cost 46.8 million."),
        ("Ia tiba pukul 22.30.", "Ia tiba pukul 22:30.", "Ia tiba pukul 23.30."),
        ("Skor akhir laga itu 2-1.", "Skor akhir 2-1.", "Skor akhir laga itu 3-1."),
        ("Naik 0,125 persen.", "Naik 0,125 persen.", "Naik 0,152 persen."),
        ("Tiga orang datang.", "3 orang datang.", "4 orang datang."),
        ("Ia di peringkat ke-12.", "Ia di peringkat 12.", "Ia di peringkat ke-21."),
        ("Pada 24/7/2018 ia datang.", "Pada 24 Juli 2018 ia datang.", "Pada 25 Juli 2018 ia datang."),
        ("It holds 1,250 people.", "It holds 1250 people.", "It holds 1,520 people."),
    ],
)
def test_numbers_are_compared_by_what_they_mean(source: str, same: str, new: str) -> None:
    assert "number" not in [finding.kind for finding in findings(same, [source])]
    assert [finding.kind for finding in findings(new, [source])].count("number") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kemarin Budi Santoso pergi ke Solo.", ["Budi", "Santoso", "Solo"]),
        ("KPK memeriksa. Lalu pulang.", ["KPK"]),
        ('Ia berkata, "Saya ke Bali."', ["Bali"]),
        ("Biaya Rp5 juta.", []),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    assert list(facts.names(text)) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("KPK", "Komisi Pemberantasan Korupsi", True),
        ("Jateng", "di Jawa Tengah", True),
        ("Menpora", "Menteri Pemuda dan Olahraga", False),  # takes one letter of a word
        ("BPK", "Komisi Pemberantasan Korupsi", False),
        ("BPK", "belum pernah kaya", False),
        ("A" * 400, "A " * 5000, False),
    ],
)
def test_abbreviates(name: str, text: str, expected: bool) -> None:
    assert facts.abbreviates(name, text) is expected


def test_polarity_ends_with_the_clause() -> None:
    assert facts.polarity("Ia tidak akan datang, kata Budi.") == ({"datang"}, {"ia", "kata", "budi"})
    assert facts.polarity("Ia tidak, kata Budi.") == (set(), {"ia", "kata", "budi"})


def test_each_row_counts_its_kinds() -> None:
    cases = [(SOURCE[1], SOURCE), (SOURCE[1].replace("320", "321"), SOURCE)]
    assert row("x", cases).found == {"number": 50.0, "entity": 0.0, "negation": 0.0, "unsupported": 0.0}


@pytest.mark.skipif(not Path(DEFAULT).exists(), reason="IndoSum is not beside the project")
def test_copied_sentences_and_corruptions_on_news() -> None:
    exact, top, rows = table(load(limit=60))
    found = {one.what: one.found for one in rows}
    assert exact > 99
    assert top > 85
    assert not any(found["copied"].values())
    assert found["human, of another article"]["unsupported"] > 95
    for what, (kind, _) in CORRUPTIONS.items():
        assert found[f"copied, {what}"][kind] > 80
