"""Numbers, dates, times and money: what makes one fact, and what became of it."""

from __future__ import annotations

import pytest

from service.facts.figures import figures, outcomes


def compared(source: str, target: str) -> list[tuple[str, str, str, str]]:
    found = figures(source)
    results = outcomes(source, found, target)
    return [
        (f.kind, source[f.start : f.end], o.status, target[o.start : o.end])
        for f, o in zip(found, results, strict=True)
    ]


CASES = """
Tiba Rabu (18/6/2025). | On Wednesday (18/6/2025). | date | Rabu (18/6/2025) | kept | Wednesday (18/6/2025)
Pada 12 Maret 2024. | On March 12, 2024. | date | 12 Maret 2024 | kept | March 12, 2024
Naik pada 2023. | It rose in 2023. | date | 2023 | kept | 2023
Di Piala Dunia 2026 nanti. | At the 2026 World Cup. | number | 2026 | kept | 2026
Sekitar pukul 19.30 WIB. | At about 7:30 p.m. | time | pukul 19.30 WIB | kept | 7:30 p.m.
Rugi Rp1,5 triliun. | Losses of Rp 1.5 trillion. | money | Rp1,5 triliun | kept | Rp 1.5 trillion
Rugi Rp1,5 triliun. | Losses of Rp 15 trillion. | money | Rp1,5 triliun | changed | Rp 15 trillion
Ada 12 orang tewas. | Twelve people died. | number | 12 orang | kept | Twelve people
Ada 12 orang tewas. | People died. | number | 12 orang | missing |
Sejauh 5 km. | Over 5 miles. | number | 5 km | changed | 5 miles
Denda subsider 6 bulan. | A fine of Rp 6. | number | 6 bulan | changed | Rp 6
Antara 500 hingga 600 truk. | 500 to 600 trucks. | number | 500 hingga 600 truk | kept | 500 to 600 trucks
Klub mencetak dua gol lebih dulu. | The club scored two goals first. | number | dua gol | kept | two goals
Menang 2-1 di kandang. | Won 2-1 at home. | number | 2-1 | kept | 2-1
"""


@pytest.mark.parametrize("case", CASES.strip().split("\n"))
def test_a_figure_and_its_english(case: str) -> None:
    source, target, *wanted = (part.strip() for part in case.split("|"))
    assert compared(source, target) == [tuple(wanted)]


def test_a_week_is_no_sunday() -> None:
    assert figures("Dua pekan, satu minggu lagi.")[0].kind == "number"
    assert [f.kind for f in figures("Ia datang Minggu.")] == ["date"]


def test_each_number_of_the_english_answers_once() -> None:
    rows = compared("Ada 3 kapal dan 3 perahu.", "There are 3 ships and 3 boats.")
    assert [row[3] for row in rows] == ["3 ships", "3 boats"]
