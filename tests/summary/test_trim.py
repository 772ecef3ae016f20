"""What a brief leaves out of a sentence, in both languages, and what it never does."""

from __future__ import annotations

import pytest

from service.summary.trim import trim

CUT = [
    (
        "dateline",
        "JAKARTA – Warga mulai kembali ke rumah masing-masing.",
        "JAKARTA – Residents are going back to their homes.",
        "Warga mulai kembali ke rumah masing-masing.",
        "Residents are going back to their homes.",
    ),
    (
        "opening",
        "Sementara itu, warga mulai kembali ke rumah masing-masing.",
        "Meanwhile, residents are going back to their homes.",
        "Warga mulai kembali ke rumah masing-masing.",
        "Residents are going back to their homes.",
    ),
    (
        "attribution",
        "\"Airnya sudah mulai surut,\" kata Surya kepada wartawan di Demak, Rabu (18/6/2025).",
        "\"The water has begun to recede,\" said Surya to reporters in Demak on Wednesday (18/6/2025).",
        "\"Airnya sudah mulai surut,\" kata Surya.",
        "\"The water has begun to recede,\" said Surya.",
    ),
    (
        "attribution",
        "\"Airnya sudah mulai surut,\" ujar Bupati Surya usai rapat di Demak, Rabu.",
        "\"The water has begun to recede,\" Regent Surya said after a meeting in Demak on Wednesday.",
        "\"Airnya sudah mulai surut,\" ujar Bupati Surya.",
        "\"The water has begun to recede,\" Regent Surya said.",
    ),
    (
        "bracket",
        "Komisi Pemberantasan Korupsi (KPK) memeriksa dua orang saksi.",
        "The Corruption Eradication Commission (KPK) questioned two witnesses.",
        "Komisi Pemberantasan Korupsi memeriksa dua orang saksi.",
        "The Corruption Eradication Commission questioned two witnesses.",
    ),
    (
        "clause",
        "Warga, yang sudah lama menunggu bantuan, akhirnya pulang ke rumah mereka kemarin.",
        "Residents, who had long waited for help, were finally going home yesterday.",
        "Warga akhirnya pulang ke rumah mereka kemarin.",
        "Residents were finally going home yesterday.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "source", "target", "short", "english"), CUT)
def test_what_can_be_spared_is_cut_from_both(
    kind: str, source: str, target: str, short: str, english: str
) -> None:
    done = trim(source, target)
    assert [cut.kind for cut in done.cuts] == [kind]
    assert (done.source, done.target) == (short, english)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # A bracket that counts, or names somebody's party or role.
        ("Rabu (18/6/2025) ia tiba di kota itu lagi.", "On Wednesday (18/6/2025) he came there again."),
        (
            "Menurut Budi Santoso (Golkar) hal itu benar.",
            "According to Budi Santoso (Golkar) it is true.",
        ),
        # A country, or a negation, in a bracket is no short form.
        (
            "Mereka menunggu pasangan Kim Won-ho/Shin Seung-chan (Korea).",
            "They were waiting for the pair of Kim Won-ho/Shin Seung-chan (Korea).",
        ),
        (
            "Film Cinta Yang Tulus (Tak) Direstui itu tayang.",
            "The film Cinta Yang Tulus (Tak) Direstui is out.",
        ),
        # Only one language has it.
        ("Sementara itu, warga mulai kembali ke rumah.", "Residents are going back to their homes."),
        ("Komisi Pemberantasan Korupsi (KPK) memeriksa saksi.", "The KPK questioned witnesses in the case."),
        # A clause that names, counts, denies, or goes on to a list.
        (
            "Warga, yang tidak mendapat bantuan, akhirnya pulang.",
            "Residents, who got no help, were going home.",
        ),
        ("Ia, yang lahir pada tahun 1990, akhirnya pulang.", "He, who was born in 1990, was going home."),
        (
            "Ia memakai lahan, yang ada di sana untuk menanam sawi, terong, dan cabai.",
            "He used land, which is there to grow mustard, was eggplant and chillies.",
        ),
        # Too little would be left.
        ("Sementara itu, warga pulang.", "Meanwhile, residents went home."),
    ],
)
def test_what_may_matter_stays(source: str, target: str) -> None:
    done = trim(source, target)
    assert (done.source, done.target, done.cuts) == (source, target, ())


def test_an_acronym_that_another_sentence_uses_stays_introduced() -> None:
    source = "Komisi Pemberantasan Korupsi (KPK) memeriksa dua orang saksi."
    target = "The Corruption Eradication Commission (KPK) questioned two witnesses."
    assert trim(source, target, frozenset(("kpk",))).cuts == ()


def test_a_speaker_is_never_cut() -> None:
    source = '"Airnya sudah mulai surut," kata Surya.'
    target = '"The water has begun to recede," said Surya.'
    assert trim(source, target).cuts == ()
