"""The table of the aligner, learnt from a few sentences, and the measure of placed marks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.research import placement
from eval.training import aligner
from service.text.aligner import Lexicon, english_unit, tokens

FEW = [
    ("rumah besar", "the big house"),
    ("rumah kecil", "the small house"),
    ("buku kecil", "the small book"),
    ("buku besar", "the big book"),
    ("rumah", "house"),
    ("kota itu", "that city"),
    ("kota besar", "the big city"),
    ("rumah itu", "that house"),
] * 3


def test_words_are_learnt_from_sentences_and_packed() -> None:
    rows = [
        ([t.unit for t in tokens(one)], [english_unit(t.unit) for t in tokens(other)]) for one, other in FEW
    ]
    arrays = aligner.table(rows)
    words, stems = (arrays[name].tobytes().decode().split("\n") for name in ("words", "stems"))
    best, at = {}, 0
    for word, size in zip(words, arrays["sizes"].tolist(), strict=True):
        part = slice(at, at + size)
        both = arrays["forward"][part].astype(int) + arrays["backward"][part]
        best[word] = stems[arrays["which"][part][both.argmax()]]
        at += size
    assert best["rumah"] == english_unit("house")
    assert best["kecil"] == "small"


def test_probabilities_survive_packing() -> None:
    chances = np.array([1.0, 0.5, 0.03, 0.0])
    packed = aligner.packed(chances.tolist())
    assert packed.tolist()[0] == 255
    assert np.exp2((packed.astype(float) - 255) / 16)[:3] == pytest.approx(chances[:3], rel=0.03)
    assert packed[3] == 0


def test_a_rare_word_counts_as_its_stem() -> None:
    sentences = [["sapu", "baru"]] * aligner.LEAST_COUNT + [["menyapu"]]
    replaced, known = aligner.source_units(sentences)
    assert known == {"sapu", "baru"}
    assert replaced[-1] == ["sapu"]


def test_the_table_that_ships_is_small_and_whole() -> None:
    folder = Path(aligner.OUTPUT).parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000
    assert "no sentence" in (folder / "NOTICE").read_text("utf-8")
    lexicon = Lexicon.load()
    assert lexicon.starts[-1] == len(lexicon.which)
    assert max(lexicon.row("rumah"), key=lambda stem: lexicon.row("rumah")[stem][0]) == english_unit("house")
    assert lexicon.known("menyapunya") in lexicon.words


def test_every_case_of_the_measure_can_be_read() -> None:
    cases = placement.load()
    assert len(cases) >= 200
    assert {case.half for case in cases} == {"tune", "held", "last"}
    assert all(case.right for case in cases)
    for case in cases:
        for start, end in case.right:
            assert 0 <= start <= end <= len(case.target)
            assert case.is_note or case.target[start:end].strip()


def test_marks_are_where_they_should_be() -> None:
    """At least 94 in 100 are right or said to be at the end, of all; docs/formats.md has the figures."""
    results = [placement.result(case)[0] for case in placement.load()]
    assert results.count("wrong") <= 0.06 * len(results)
    assert results.count("right") >= 0.8 * len(results)


def test_a_mark_in_the_wrong_place_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in placement.load() if case.english == "own" and case.kind == "link")
    moved = frozenset((start + 1, end + 1) for start, end in case.right)
    wrong = placement.Case(case.half, case.kind, case.english, case.source, case.target, moved, case.alone)
    assert placement.result(case)[0] == "right"
    assert placement.result(wrong)[0] == "wrong"
