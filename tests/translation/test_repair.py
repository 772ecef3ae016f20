"""The repair ladder, over an engine that answers from a table and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from service.document import Decoding, Output, Segment, Segmented
from service.translation import repair as ladder
from service.translation.repair import repair

SOURCE = "Panitia menerima 1894 surat, lalu membagikannya kepada warga."
GOOD = "The committee received 1,894 letters, then handed them to residents."
WRONG = "The committee received 189 letters, then handed them to residents."
LOOP = "The committee received 1,894 letters letters letters, then handed them to residents."
DECODING = Decoding(beam_size=2)


class TableEngine:
    """Answers ``generate`` by source, or by source and n-gram bound, and ``alternatives`` from a list."""

    signature = "table"

    def __init__(self, answers: dict[str, str], alternatives: Sequence[Output] = ()) -> None:
        self.answers = answers
        self.nbest = list(alternatives)
        self.asked: list[tuple[str, str, Decoding]] = []

    def generate(self, texts: Sequence[str], decoding: Decoding) -> list[Output]:
        self.asked += [("generate", text, decoding) for text in texts]
        return [Output(self.answers.get(text, WRONG), -0.5, 10) for text in texts]

    def alternatives(self, text: str, decoding: Decoding, count: int) -> list[Output]:
        self.asked.append(("alternatives", text, decoding))
        return self.nbest[:count]

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def halves(sentence: str, fits: Callable[[str], bool]) -> Segmented:
    first, _, second = sentence.partition(", ")
    if not second or not fits(second):
        return Segmented("", (Segment(sentence, ""),))
    return Segmented("", (Segment(f"{first},", " "), Segment(second, "")))


def kinds(result: ladder.Repaired) -> list[str]:
    return [finding.kind for finding in result.findings]


def test_a_clean_segment_costs_nothing() -> None:
    engine = TableEngine({})
    first = Output(GOOD, -0.1, 10)
    assert repair(SOURCE, first, engine, DECODING, split=halves) == ladder.Repaired(first, ())
    assert engine.asked == []


def test_the_first_clean_answer_ends_the_ladder() -> None:
    engine = TableEngine({SOURCE: GOOD}, [Output(GOOD, -0.2, 10)])
    result = repair(SOURCE, Output(LOOP, -0.1, 10), engine, DECODING)
    assert (result.output.text, kinds(result)) == (GOOD, [])
    assert [attempt.rung for attempt in result.attempts] == ["no-repeat"]


@pytest.mark.parametrize(("first", "asked"), [(LOOP, 4), (WRONG, 0)])
def test_only_a_loop_is_decoded_without_repeats(first: str, asked: int) -> None:
    engine = TableEngine({SOURCE: GOOD}, [Output(GOOD, -0.2, 10)])
    repair(SOURCE, Output(first, -0.1, 10), engine, DECODING)
    assert engine.asked[0][2].no_repeat_ngram_size == asked


def test_the_best_of_the_alternatives_is_the_one_with_fewest_findings_then_the_best_score() -> None:
    other = GOOD.replace("then", "and then")
    engine = TableEngine({}, [Output(WRONG, -0.1, 10), Output(other, -0.4, 10), Output(GOOD, -0.3, 10)])
    result = repair(SOURCE, Output(WRONG, -0.1, 10), engine, DECODING)
    assert result.output == Output(GOOD, -0.3, 10)
    assert engine.asked == [("alternatives", SOURCE, Decoding(beam_size=ladder.ALTERNATIVES))]


def test_capitals_are_tried_in_small_letters() -> None:
    source = "PANITIA MENERIMA 1894 SURAT"
    engine = TableEngine({"Panitia menerima 1894 surat": "The committee received 1,894 letters"})
    result = repair(source, Output("THE COMMITTEE RECEIVED LETTERS", -0.1, 10), engine, DECODING)
    assert result.output.text == "The committee received 1,894 letters"
    assert result.attempts[-1].rung == "sentence-case"


def test_a_split_sentence_is_joined_and_scored_by_its_tokens() -> None:
    engine = TableEngine(
        {
            "Panitia menerima 1894 surat,": "The committee received 1,894 letters.",
            "lalu membagikannya kepada warga.": "Then handed them to residents.",
        }
    )
    result = repair(SOURCE, Output(WRONG, -0.9, 10), engine, DECODING, split=halves)
    assert result.output == Output(GOOD, -0.5, 20)
    assert [attempt.rung for attempt in result.attempts] == ["split"]


def test_what_stays_wrong_is_the_first_and_its_findings_stay() -> None:
    worse = "The committee committee committee received 18 letters."
    engine = TableEngine({SOURCE: worse}, [Output(worse, -0.01, 10)])
    first = Output(WRONG, -0.2, 10)
    result = repair(SOURCE, first, engine, DECODING, split=halves)
    assert result.output == first
    assert kinds(result) == ["number"]
    assert [attempt.rung for attempt in result.attempts] == ["split", "n-best"]


def test_an_engine_without_alternatives_leaves_the_first() -> None:
    first = Output(WRONG, -0.2, 10)
    assert repair(SOURCE, first, TableEngine({}), DECODING).output == first


def test_no_rung_starts_after_the_time_is_up() -> None:
    engine = TableEngine({SOURCE: GOOD}, [Output(GOOD, -0.2, 10)])
    result = repair(SOURCE, Output(WRONG, -0.2, 10), engine, DECODING, seconds=-1.0)
    assert engine.asked == []
    assert kinds(result) == ["number"]


def test_a_truncated_answer_is_tried_again() -> None:
    engine = TableEngine({SOURCE: GOOD})
    result = repair(SOURCE, Output(GOOD, -0.2, 10, truncated=True), engine, DECODING)
    assert result.output == Output(GOOD, -0.5, 10)
    assert result.findings == ()
