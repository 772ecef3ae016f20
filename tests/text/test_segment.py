"""Sentences: the law, the traps, the limits, and time that grows with the text only."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.bench.segmenter import TRAPS, corrected, detokenise, ours, passes
from service.document import Segmented
from service.text.segment import split, split_long

# Text that provokes the splitter more often than random Unicode does.
PROVOKING = st.text(st.sampled_from(list("aA1.!?…,;:–\"'”“()[] \t\n\r\u00a0\u2028\x85")), max_size=60)


def texts(segmented: Segmented) -> list[str]:
    return [segment.text for segment in segmented.segments]


def assert_lossless(segmented: Segmented, text: str) -> None:
    assert segmented.text == text
    assert all(s.text and s.text == s.text.strip() and not s.gap.strip() for s in segmented.segments)
    assert not segmented.lead.strip()


@given(st.one_of(st.text(), PROVOKING))
def test_join_undoes_split_for_any_string(text: str) -> None:
    assert_lossless(split(text), text)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028", " \t\r\n "])
def test_white_space_alone_has_no_segments(text: str) -> None:
    assert split(text) == Segmented(text, ())


@pytest.mark.parametrize("trap", TRAPS)
def test_trap(trap: str) -> None:
    assert passes(ours, trap)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Judul tanpa titik\nIsi berita.", ["Judul tanpa titik", "Isi berita."]),
        ("Satu.\r\n\r\nDua.  Tiga.\n", ["Satu.", "Dua.", "Tiga."]),
        ("Satu.\u00a0Dua.", ["Satu.", "Dua."]),
        ('Ia berkata, "Kami pergi. Tono ikut. Rina tinggal.', None),
        ("(Rapat batal. Warga pulang. Hujan turun.", None),
    ],
)
def test_line_breaks_end_segments_and_open_marks_hold_nothing(text: str, expected: list[str] | None) -> None:
    found = texts(split(text))
    assert found == expected if expected else len(found) == 3


@pytest.mark.parametrize(
    "text",
    [
        "kata " * 20_000,
        "k" * 100_000,
        "." * 1_000_000,
        ". " * 500_000,
        '"' * 1_000_000,
        '." ' * 330_000,
        "(" * 1_000_000,
        "(a. B " * 160_000,
        " " * 1_000_000,
        " \n" * 500_000,
        "A. " * 330_000,
        "a" + " " * 500_000 + "\n" + "b",
    ],
    ids=lambda text: repr(text[:6]),
)
def test_time_is_linear(text: str) -> None:
    """Quadratic work on these would take minutes; linear work takes under two seconds."""
    began = time.thread_time()
    segmented = split(text)
    assert time.thread_time() - began < 5
    assert segmented.text == text


def at_most(characters: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= characters


@pytest.mark.parametrize(
    ("sentence", "limit", "expected"),
    [
        ("Muat semua.", 20, ["Muat semua."]),
        ("Satu dua, tiga; empat lima, enam.", 20, ["Satu dua, tiga;", "empat lima, enam."]),
        ("Isinya: beras dan gula pasir.", 22, ["Isinya:", "beras dan gula pasir."]),
        ("Beras, gula, kopi, teh, susu.", 15, ["Beras,", "gula, kopi,", "teh, susu."]),
        ("Utara – selatan timur", 14, ["Utara –", "selatan timur"]),
        ("satu dua tiga empat", 10, ["satu dua", "tiga empat"]),
        ("Nilai 1.000,5 ton", 12, ["Nilai", "1.000,5 ton"]),
        ("abcdefghij", 4, ["abc", "def", "ghij"]),
    ],
)
def test_long_sentence_is_cut_at_the_strongest_mark(sentence: str, limit: int, expected: list[str]) -> None:
    assert texts(split_long(sentence, at_most(limit))) == expected


@given(st.one_of(st.text(), PROVOKING), st.integers(0, 20))
def test_pieces_and_gaps_are_the_sentence(sentence: str, limit: int) -> None:
    segmented = split_long(sentence, at_most(limit))
    assert_lossless(segmented, sentence)
    assert all(len(piece) <= max(limit, 1) for piece in texts(segmented))


def test_pieces_are_as_few_as_words_allow_and_even() -> None:
    pieces = texts(split_long("kata " * 20_000, at_most(1_000)))
    assert len(pieces) == 100
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 10


def test_a_long_unbroken_text_costs_a_bounded_amount_of_measuring() -> None:
    measured = 0

    def fits(text: str) -> bool:
        nonlocal measured
        measured += len(text)
        return len(text) <= 500

    split_long("kata " * 20_000, fits)
    assert measured < 30 * 100_000


def test_gold_text_is_rebuilt_and_its_slips_undone() -> None:
    gold = [["1", "."], ['"', "Kenapa", "?", '"'], ["tanya", "dia", "(", "15", "/", "3", ")", "."]]
    assert detokenise(t for s in gold for t in s) == '1. "Kenapa?" tanya dia (15/3).'
    assert corrected(gold) == ([[t for s in gold for t in s]], (1, 0, 1))
