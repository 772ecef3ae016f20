"""Words and sentences."""

from __future__ import annotations

import pytest

from eval.text import sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The 2nd Café_opened!", ["the", "2nd", "café", "opened"]),
        ("Cafe\u0301", ["café"]),
        ("Anak-anak, Rp3,5", ["anak", "anak", "rp3", "5"]),
        ("— …", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two!", ["One.", "Two!"]),
        ("He said “Go.” Then he went.", ["He said “Go.”", "Then he went."]),
        ("It costs 1.250 rupiah. 14 came.", ["It costs 1.250 rupiah.", "14 came."]),
        ("Lines. Stay\nas they are. Here", ["Lines. Stay", "as they are. Here"]),
        ("  ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
