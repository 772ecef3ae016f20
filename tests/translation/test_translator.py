"""The translator over small engines that note what they are asked."""

from collections.abc import Sequence

import pytest

from service.document import Decoding, Output, Passage, SegmentTranslation
from service.engines.base import Engine
from service.engines.echo import EchoEngine
from service.translation.glossary import Glossary
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
    sources = tuple(f"Kalimat nomor {i}." for i in range(3000))
    found = list(translator(Noting()).stream(Passage(sources)))
    assert [(s.source, s.target) for s in found] == [(s, s.upper()) for s in sources]


def test_the_first_answer_does_not_wait_for_the_last() -> None:
    engine = Noting()
    answers = translator(engine).stream(Passage(tuple(f"Kalimat {i}." for i in range(2000))))
    next(answers)
    assert len(engine.batches) == 1
    assert len(engine.batches[0]) == FIRST_WINDOW
    list(answers)
    assert max(map(len, engine.batches)) == LARGEST_WINDOW


def test_equal_sources_are_translated_once() -> None:
    engine = Noting()
    found = list(translator(engine).stream(Passage(("Sama.", "Beda.", "Sama.") * 5)))
    assert [s.target for s in found] == ["SAMA.", "BEDA.", "SAMA."] * 5
    assert sorted(text for batch in engine.batches for text in batch) == ["Beda.", "Sama."]


def test_a_source_over_the_limit_is_split_and_nothing_is_lost() -> None:
    engine = Noting()
    source = ", ".join(f"kata{i} lagi" for i in range(100))
    (found,) = translator(engine, limit=20).stream(Passage((source,)))
    assert found.target == source.upper()
    assert all(len(text.split()) <= 18 for batch in engine.batches for text in batch)


def test_a_source_of_one_endless_word_is_split_too() -> None:
    class Letters(Noting):
        def count_tokens(self, text: str) -> int:
            return len(text)

    (found,) = translator(Letters(), limit=20).stream(Passage(("x" * 500,)))
    assert found.target.replace(" ", "") == "X" * 500


def test_truncation_anywhere_is_reported() -> None:
    (found,) = translator(Noting(), limit=2000).stream(Passage(("panjang " * 60,)))
    assert found.truncated


def test_the_score_is_that_of_all_the_tokens() -> None:
    class Scored(Noting):
        def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
            return [Output("x", -float(len(t.split())), len(t.split())) for t in texts]

    (found,) = translator(Scored(), limit=5).stream(Passage(("a b c, d",)))
    assert found.score == pytest.approx(-(3 * 3 + 1 * 1) / 4)


def test_nothing_in_nothing_out() -> None:
    assert list(translator(Noting()).stream(Passage(()))) == []


def test_the_beam_asked_for_is_used_and_signed() -> None:
    chosen = Translator(EchoEngine(), builders.preset("tiny", "marian"), "r" * 40, beam_size=7)
    assert chosen.decoding.beam_size == 7
    assert chosen.signature.decoding == chosen.decoding
    assert "beam_size=7" in str(chosen.signature)


class Scripted(EchoEngine):
    """Answers from a table, and notes what it was asked; ``wide`` is what the n-best search finds."""

    def __init__(self, answers: dict[str, str], wide: dict[str, str] | None = None) -> None:
        self.answers, self.wide = answers, wide or {}
        self.asked: list[str] = []

    def generate(self, texts: Sequence[str], _decoding: Decoding) -> list[Output]:
        self.asked += texts
        return [Output(self.answers.get(text, text), -0.3, 9) for text in texts]

    def alternatives(self, text: str, _decoding: Decoding, _count: int) -> list[Output]:
        return [Output(self.wide[text], -0.4, 9)] if text in self.wide else []


def careful(engine: Engine, *, repair: bool = True, expand: bool = False) -> Translator:
    chosen = Care(Glossary.load(), expand, repair)
    return Translator(engine, builders.preset("tiny", "marian", max_input_tokens=200), "r" * 40, care=chosen)


def test_the_model_gets_the_english_names() -> None:
    engine = Scripted({})
    list(careful(engine, repair=False).stream(Passage(("Badan Pusat Statistik mencatat inflasi.",))))
    assert engine.asked[0] == "Statistics Indonesia mencatat inflasi."


def test_names_that_were_not_copied_cost_a_second_look_and_the_better_is_kept() -> None:
    source = "Badan Pusat Statistik mencatat inflasi."
    given = "Statistics Indonesia mencatat inflasi."
    answers = {given: "It recorded inflation.", source: "Statistics Indonesia recorded inflation."}
    engine = Scripted(answers)
    (found,) = careful(engine, repair=False).stream(Passage((source,)))
    assert engine.asked == [given, source]
    assert found.target == "Statistics Indonesia recorded inflation."


def test_a_suspicious_answer_is_decoded_again() -> None:
    source = "Harga beras naik 12 persen."
    wrong, right = "Rice prices rose 21 percent.", "Rice prices rose 12 percent."
    (found,) = careful(Scripted({source: wrong}, {source: right})).stream(Passage((source,)))
    assert (found.target, found.repaired, found.findings) == (right, True, ())


def test_what_stays_wrong_stays_visible() -> None:
    source, wrong = "Harga beras naik 12 persen.", "Rice prices rose 21 percent."
    for repair in (True, False):
        (found,) = careful(Scripted({source: wrong}), repair=repair).stream(Passage((source,)))
        assert (found.target, found.repaired) == (wrong, False)
        assert [finding.kind for finding in found.findings] == ["number"]
        assert found.band != "high"


def test_a_clean_answer_is_decoded_once() -> None:
    engine = Scripted({"Warga tidak panik.": "Residents are not panicking."})
    (found,) = careful(engine).stream(Passage(("Warga tidak panik.",)))
    assert engine.asked == ["Warga tidak panik."]
    assert found.findings == ()
    assert found.confidence is not None and 0 < found.confidence < 1


def test_capitals_are_calmed_for_the_model_and_given_back() -> None:
    engine = Scripted({"Harga beras naik di Bandung": "Rice prices rise in Bandung"})
    article = "Harga beras naik di Bandung sejak Senin."
    (found,) = careful(engine, repair=False).stream(
        Passage(("HARGA BERAS NAIK DI BANDUNG",), article, frozenset((0,)))
    )
    assert engine.asked == ["Harga beras naik di Bandung"]
    assert found.target == "RICE PRICES RISE IN BANDUNG"


def test_a_dateline_is_kept_in_front() -> None:
    engine = Scripted({"Harga beras naik 12 persen.": "Rice prices rose 12 percent."})
    (found,) = careful(engine).stream(Passage(("BANDUNG – Harga beras naik 12 persen.",)))
    assert found.target == "BANDUNG – Rice prices rose 12 percent."


def test_english_passes_through_unasked() -> None:
    source = "The visit will last three days, officials said in a statement on Sunday."
    engine = Scripted({})
    (found,) = careful(engine).stream(Passage((source,)))
    assert engine.asked == []
    assert (found.target, found.findings) == (source, ())


def test_an_acronym_is_spelled_out_at_its_first_mention_on_request() -> None:
    sources = ("KPK memeriksa lima saksi.", "KPK belum menahan siapa pun.")
    answers = {"KPK memeriksa lima saksi.": "The KPK questioned five witnesses."}
    answers |= {"KPK belum menahan siapa pun.": "The KPK has not detained anyone."}
    found = list(
        careful(Scripted(answers), repair=False, expand=True).stream(Passage(sources, " ".join(sources)))
    )
    assert found[0].target == "The Corruption Eradication Commission (KPK) questioned five witnesses."
    assert found[1].target == "The KPK has not detained anyone."


def test_glossary_and_repair_are_signed() -> None:
    signature = str(careful(EchoEngine(), repair=False).signature)
    assert "glossary:522@" in signature
    assert "repair:no" in signature


def test_the_first_sentence_is_told_before_it_is_decoded_again() -> None:
    sources = ("340 orang mengungsi dari desa.", "341 orang mengungsi dari desa.")
    answers, wide = (
        {s: f"{n}People fled the village." for s, n in zip(sources, ns, strict=True)}
        for ns in (("", ""), ("340 ", "341 "))
    )
    made = careful(Scripted(answers, wide))
    told: list[SegmentTranslation] = []
    found = list(made.stream(Passage(sources), told.append))
    assert [t.target for t in told] == ["People fled the village."]
    assert [f.kind for f in told[0].findings] == ["number"]
    assert [t.target for t in found] == ["340 People fled the village.", "341 People fled the village."]
    assert made.tally.counts()[0] == 2  # a draft is no segment


def test_a_sentence_without_findings_has_no_draft() -> None:
    told: list[SegmentTranslation] = []
    source = "Orang-orang mengungsi dari desa."
    list(careful(Scripted({source: "People fled the village."})).stream(Passage((source,)), told.append))
    assert told == []
