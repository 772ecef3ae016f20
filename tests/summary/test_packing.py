"""Packs of whole sentences, merged summaries, and lengths that are kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.summary.packing import fit_words, merge, pack, title_fits


def tokens(text: str) -> int:
    return len(text.split())


def sized(*lengths: int) -> list[str]:
    return ["k " * length for length in lengths]


@pytest.mark.parametrize(
    ("lengths", "limit", "title", "expected"),
    [
        ([], 10, "", []),
        ([4], 10, "", [[0]]),
        ([5, 5], 10, "", [[0, 1]]),
        ([5, 5, 1], 10, "", [[0], [1, 2]]),
        ([10] * 7, 30, "", [[0, 1], [2, 3, 4], [5, 6]]),
        ([5, 5], 10, "a b", [[0], [1]]),
        ([5, 5], 10, "a b c d e f", [[0, 1]]),  # a title above half the limit is left out
        ([3, 99, 3, 3], 10, "", [[0], [1], [2, 3]]),
        ([99, 98], 10, "", [[0], [1]]),
        ([0, 0, 5], 5, "", [[0, 1, 2]]),
    ],
)
def test_pack(lengths: list[int], limit: int, title: str, expected: list[list[int]]) -> None:
    assert pack(sized(*lengths), tokens, limit, title) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), max_size=30), st.integers(1, 40), st.integers(0, 8))
def test_packs_hold_each_sentence_once_and_keep_the_limit(lengths: list[int], limit: int, title: int) -> None:
    heading = "t " * title
    packs = pack(sized(*lengths), tokens, limit, heading)
    room = limit - (title if title_fits(tokens, limit, heading) else 0)
    assert [index for one in packs for index in one] == list(range(len(lengths)))
    assert all(one for one in packs)
    for one in packs:
        assert sum(lengths[index] for index in one) <= room or len(one) == 1


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30))
def test_packs_are_as_few_as_can_be(lengths: list[int]) -> None:
    fewest, load = 1, 0
    for length in lengths:
        fewest, load = (fewest + 1, length) if load + length > 20 else (fewest, load + length)
    assert len(pack(sized(*lengths), tokens, 20)) == fewest


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 token"):
        pack(["a"], tokens, 0)


@pytest.mark.parametrize(
    ("ranked", "lengths", "limit", "expected"),
    [
        ([2, 0, 1], [10, 10, 10], 20, [0, 2]),
        ([2, 0, 1], [10, 10, 10], 29, [0, 2]),
        ([2, 0, 1], [10, 10, 10], 30, [0, 1, 2]),
        ([1, 0], [5, 50], 20, [1]),
        ([0], [5], 0, [0]),
        ([], [], 20, []),
    ],
)
def test_fit_words(ranked: list[int], lengths: list[int], limit: int, expected: list[int]) -> None:
    assert fit_words(ranked, lengths, limit) == expected


FLOOD = "Banjir merendam 40 rumah di Desa Sukamaju sejak Selasa malam."
AGAIN = "Banjir merendam 40 rumah di Desa Sukamaju pada Selasa malam."
AID = "Bantuan beras dan selimut tiba dari kabupaten pada Rabu pagi."
DIKE = "Tanggul yang jebol akan diperbaiki dalam dua pekan oleh dinas pengairan."


@pytest.mark.parametrize(
    ("summaries", "options", "expected"),
    [
        ([], {}, []),
        ([[], [""]], {}, []),
        ([[FLOOD], [AGAIN], [AID]], {}, [FLOOD, AID]),
        ([[FLOOD], [AID], [DIKE]], {}, [FLOOD, AID, DIKE]),
        ([[FLOOD, AID], [DIKE, FLOOD]], {"max_words": 1}, [FLOOD]),
    ],
)
def test_merge(summaries: list[list[str]], options: dict[str, int], expected: list[str]) -> None:
    assert merge(summaries, **options) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_merge_keeps_to_the_number_of_sentences_in_reading_order(count: int) -> None:
    merged = merge([[FLOOD], [AID], [DIKE]], max_sentences=count)
    assert len(merged) == count
    assert merged == [sentence for sentence in (FLOOD, AID, DIKE) if sentence in merged]


@pytest.mark.parametrize("words", [12, 20, 25, 40])
def test_merge_keeps_to_the_words_within_one_sentence(words: int) -> None:
    total = sum(tokens(sentence) for sentence in merge([[FLOOD], [AID], [DIKE]], max_words=words))
    assert total <= words
    assert total == 31 or total + 11 > words
