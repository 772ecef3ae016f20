"""Runs: cached, resumable, timed, through the product's pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from eval.datasets import Dataset
from eval.harness import Cache, PipelineSystem, run
from eval.scoring import Answer
from service.document import (
    Article,
    Decoding,
    Finding,
    Passage,
    SegmentTranslation,
    Signature,
    Summary,
    SummarySentence,
)
from service.errors import EngineError, InputError
from tests.eval_data import REFERENCES, SOURCES

DATA = Dataset("d", "mt", (*REFERENCES, REFERENCES[0]), (*SOURCES, SOURCES[0]))
SIGNATURE = Signature("echo", "none", "0", "echo", Decoding(), "0.1.0")


class Shouting:
    """Upper-cases; remembers what it was asked; stops at a word as a kill would."""

    def __init__(self, signature: str = "shout", stop: str = "\0") -> None:
        self.signature = signature
        self.asked: list[str] = []
        self._stop = stop

    def __call__(self, sources: Sequence[str]) -> Iterable[Answer]:
        for source in sources:
            if self._stop in source:
                raise KeyboardInterrupt
            self.asked.append(source)
            yield Answer(source.upper(), 0.5, (Finding("echo.copied"),), (1, 2))


def test_answers_are_in_order_and_equal_sources_asked_once(tmp_path: Path) -> None:
    system = Shouting()
    (output,) = run(DATA, {"shout": lambda: system}, tmp_path, batch=2)
    assert output.texts == tuple(source.upper() for source in DATA.sources)
    assert system.asked == SOURCES
    assert output.signature == "shout"


def test_a_second_run_asks_nothing_and_is_the_same(tmp_path: Path) -> None:
    first = run(DATA, {"shout": Shouting}, tmp_path)
    system = Shouting()
    assert run(DATA, {"shout": lambda: system}, tmp_path) == first
    assert system.asked == []


def test_another_signature_is_asked_anew(tmp_path: Path) -> None:
    run(DATA, {"shout": Shouting}, tmp_path)
    system = Shouting("shout, beam 2")
    run(DATA, {"shout": lambda: system}, tmp_path)
    assert system.asked == SOURCES


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(DATA, {"shout": lambda: Shouting(stop="Kerugian")}, tmp_path, batch=2)
    system = Shouting()
    (output,) = run(DATA, {"shout": lambda: system}, tmp_path, batch=2)
    assert system.asked == SOURCES[2:]
    assert len(output.answers) == 7


@pytest.mark.parametrize("torn", [1, 40, 200])
def test_a_torn_last_line_is_dropped_and_written_again(tmp_path: Path, torn: int) -> None:
    (whole,) = run(DATA, {"shout": Shouting}, tmp_path)
    file = tmp_path / "cache.jsonl"
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join(lines[:5]) + b"\n" + lines[5][:torn])
    system = Shouting()
    (output,) = run(DATA, {"shout": lambda: system}, tmp_path)
    assert system.asked == SOURCES[5:]
    assert output.texts == whole.texts
    assert all(json.loads(line) for line in file.read_text().split("\n") if line)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache.jsonl").write_text('{"key": "a"}\n{}\n')
    with pytest.raises(InputError, match="line 1 is damaged"):
        Cache(tmp_path / "cache.jsonl")


def test_missing_answers_stop_the_run(tmp_path: Path) -> None:
    class Dropping(Shouting):
        def __call__(self, sources: Sequence[str]) -> Iterable[Answer]:
            return list(super().__call__(sources))[1:]

    with pytest.raises(EngineError, match="bad gave 3 answers to 4 sources"):
        run(DATA, {"bad": Dropping}, tmp_path)


def test_without_sources_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="d has no sources"):
        run(Dataset("d", "mt", ("a",)), {"shout": Shouting}, tmp_path)


def test_speed_and_size_are_measured(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    (output,) = run(DATA, {"s": Shouting}, tmp_path, 4, lambda *step: seen.append(step))
    cost = output.cost
    assert cost is not None
    assert seen == [("s", 4, 6), ("s", 6, 6)]
    assert cost.batch == 4
    assert 0 < cost.p50_seconds <= cost.p95_seconds <= cost.seconds
    assert cost.words_per_second * cost.seconds == pytest.approx(sum(len(s.split()) for s in SOURCES))
    assert cost.tokens_per_second > cost.words_per_second
    assert cost.peak_megabytes is None or cost.peak_megabytes > 1
    assert "cores" in cost.hardware


class Fake:
    """A pipeline that reverses words; its summary has one sentence with support and one without."""

    signature = SIGNATURE

    def translate_all(self, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        found = (Finding.of("number.lost", source="14"),)
        return [
            [SegmentTranslation(s, " ".join(s.split()[::-1]), -0.5, found, 0.7) for s in passage.sentences]
            for passage in passages
        ]

    def summarize(self, article: Article, brief: object) -> Summary:
        sentences = (SummarySentence("First.", (0,)), SummarySentence("Second."))
        return Summary(sentences, f"{brief}: {article.text[:4]}", SIGNATURE)


def test_the_pipeline_translates_and_summarises(tmp_path: Path) -> None:
    translations, summaries = (PipelineSystem(Fake(), task, "brief") for task in ("mt", "sum"))
    (answer,) = translations(["satu dua"])
    assert (answer.text, answer.confidence, answer.findings) == (
        "dua satu",
        0.7,
        (Finding.of("number.lost", source="14"),),
    )
    (answer,) = summaries(["Satu. Dua."])
    assert (answer.text, answer.support) == ("First.\nSecond.", (1, 2))
    assert translations.signature == f"{SIGNATURE}|task:mt"
    outputs = run(DATA, {"fake": lambda: translations, "sums": lambda: summaries}, tmp_path)
    assert outputs[0].signature == f"{SIGNATURE}|task:mt"
    assert outputs[1].signature == f"{SIGNATURE}|task:sum|brief|{SIGNATURE}"
