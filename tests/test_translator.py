"""The translator over small engines that note what they are asked."""

from collections.abc import Sequence

import pytest

from service.document import Decoding, Output
from service.engines.base import Engine
from service.engines.echo import EchoEngine
from service.translation.translator import FIRST_WINDOW, LARGEST_WINDOW, Care, Translator
from tests import builders


class Noting(EchoEngine):
    """Echo, in capitals, that keeps the batches it was given; ``limit`` words are too many."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
        self.batches.append(list(texts))
        return [Output(text.upper(), -0.5, len(text.split()), len(text) > 400) for text in texts]


def translator(engine: Engine, limit: int = 64) -> Translator:
    preset = builders.preset("tiny", "marian", max_input_tokens=limit)
    return Translator(engine, preset, "r" * 40, care=Care(repair=False))


def test_one_translation_a_source_in_order() -> None:
    sources = [f"Kalimat nomor {i}." for i in range(3000)]
    found = list(translator(Noting()).translate(sources))
    assert [(s.source, s.target) for s in found] == [(s, s.upper()) for s in sources]


def test_the_first_answer_does_not_wait_for_the_last() -> None:
    engine = Noting()
    answers = translator(engine).translate([f"Kalimat {i}." for i in range(2000)])
    next(answers)
    assert len(engine.batches) == 1
    assert len(engine.batches[0]) == FIRST_WINDOW
    list(answers)
    assert max(map(len, engine.batches)) == LARGEST_WINDOW


def test_equal_sources_are_translated_once() -> None:
    engine = Noting()
    found = list(translator(engine).translate(["Sama.", "Beda.", "Sama."] * 5))
    assert [s.target for s in found] == ["SAMA.", "BEDA.", "SAMA."] * 5
    assert sorted(text for batch in engine.batches for text in batch) == ["Beda.", "Sama."]


def test_a_source_over_the_limit_is_split_and_nothing_is_lost() -> None:
    engine = Noting()
    source = ", ".join(f"kata{i} lagi" for i in range(100))
    (found,) = translator(engine, limit=20).translate([source])
    assert found.target == source.upper()
    assert all(len(text.split()) <= 18 for batch in engine.batches for text in batch)


def test_a_source_of_one_endless_word_is_split_too() -> None:
    class Letters(Noting):
        def count_tokens(self, text: str) -> int:
            return len(text)

    (found,) = translator(Letters(), limit=20).translate(["x" * 500])
    assert found.target.replace(" ", "") == "X" * 500


def test_truncation_anywhere_is_reported() -> None:
    (found,) = translator(Noting(), limit=2000).translate(["panjang " * 60])
    assert found.truncated


def test_the_score_is_that_of_all_the_tokens() -> None:
    class Scored(Noting):
        def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
            return [Output("x", -float(len(t.split())), len(t.split())) for t in texts]

    (found,) = translator(Scored(), limit=5).translate(["a b c, d"])
    assert found.score == pytest.approx(-(3 * 3 + 1 * 1) / 4)


def test_nothing_in_nothing_out() -> None:
    assert list(translator(Noting()).translate([])) == []


def test_the_beam_asked_for_is_used_and_signed() -> None:
    chosen = Translator(EchoEngine(), builders.preset("tiny", "marian"), "r" * 40, beam_size=7)
    assert chosen.decoding.beam_size == 7
    assert chosen.signature.decoding == chosen.decoding
    assert "beam_size=7" in str(chosen.signature)
