"""Scores against the libraries' own, and the small counts against hand-made ones."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.metrics import METRICS, Corpus, Counting, Options, available, build
from eval.tables import read_lines
from service.document import Finding
from service.errors import NotInstalled, UsageError
from tests.eval_data import GOOD, POOR, REFERENCES, SHARED, SOURCES, needs_shared, written


def score(name: str, corpus: Corpus, options: Options | None = None) -> float:
    (metric,) = build([name], options or Options())
    return float(metric.score(metric.statistics(corpus).sum(axis=0)))


def command(reference: Path, hypothesis: Path, *arguments: str, more: tuple[Path, ...] = ()) -> str:
    """What the ``sacrebleu`` command prints."""
    line = [
        sys.executable,
        "-m",
        "sacrebleu",
        str(reference),
        *map(str, more),
        "-i",
        str(hypothesis),
        "-b",
        "-w",
        "9",
        *arguments,
    ]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


LIBRARY = [
    ("BLEU", ["-m", "bleu"]),
    ("chrF2", ["-m", "chrf"]),
    ("chrF++", ["-m", "chrf", "--chrf-word-order", "2"]),
    ("TER", ["-m", "ter"]),
]


@pytest.mark.parametrize(("name", "arguments"), LIBRARY)
@pytest.mark.parametrize("lines", [GOOD, POOR], ids=["good", "poor"])
def test_the_sacrebleu_command_agrees(
    tmp_path: Path, name: str, arguments: list[str], lines: list[str]
) -> None:
    paths = written(tmp_path, "r", REFERENCES), written(tmp_path, "h", lines)
    ours = score(name, Corpus(read_lines(paths[1]), read_lines(paths[0])))
    assert f"{ours:.9f}" == command(*paths, *arguments)


@needs_shared
@pytest.mark.parametrize(("name", "arguments"), LIBRARY[:3])
def test_the_sacrebleu_command_agrees_on_a_thousand_lines(name: str, arguments: list[str]) -> None:
    paths = SHARED / "peers" / "flores-dev.en", SHARED / "peers" / "flores-dev.opusmt.en"
    ours = score(name, Corpus(read_lines(paths[1]), read_lines(paths[0])))
    assert f"{ours:.9f}" == command(*paths, *arguments)


@needs_shared
@pytest.mark.parametrize("system", ["argos", "bergamot-tiny", "google", "microsoft", "nllb", "opusmt"])
def test_published_bleu_is_reproduced_to_the_digit_shown(system: str) -> None:
    peers = SHARED / "peers"
    published = (peers / f"flores-dev.{system}.en.bleu").read_text().strip()
    corpus = Corpus(read_lines(peers / f"flores-dev.{system}.en"), read_lines(peers / "flores-dev.en"))
    assert f"{score('BLEU', corpus):.1f}" == published


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [(["", ""], 0.0), (["xyz", "xyz"], 0.0), (["of", "it"], 0.0)],
)
def test_bleu_of_nothing_is_nothing(hypothesis: list[str], expected: float) -> None:
    assert score("BLEU", Corpus(hypothesis, ["a house of cards", "it is so"])) == expected


@pytest.mark.parametrize("references", [["", ""], ["a", ""], ["a b", "c"]])
def test_ter_with_empty_references_is_sacrebleus(references: list[str]) -> None:
    from sacrebleu.metrics.ter import TER

    theirs = TER().corpus_score(["a b", "c"], [references]).score
    assert score("TER", Corpus(["a b", "c"], references)) == pytest.approx(theirs)


ROUGE = [("ROUGE-1", "rouge1"), ("ROUGE-2", "rouge2"), ("ROUGE-L", "rougeL"), ("ROUGE-Lsum", "rougeLsum")]


@pytest.mark.parametrize(("name", "kind"), ROUGE)
@pytest.mark.parametrize("stem", [False, True])
def test_rouge_score_agrees_on_ascii(name: str, kind: str, stem: bool) -> None:
    library = importlib.import_module("rouge_score.rouge_scorer")
    joined = [["\n".join(lines[i : i + 3]) for i in (0, 3)] for lines in (GOOD, REFERENCES)]
    scorer = library.RougeScorer([kind], use_stemmer=stem)
    theirs = [scorer.score(r, h)[kind].fmeasure for h, r in zip(*joined, strict=True)]
    ours = score(name, Corpus(joined[0], joined[1]), Options(stem=stem))
    assert ours == pytest.approx(100 * float(np.mean(theirs)), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "hypothesis", "reference", "expected"),
    [
        ("ROUGE-1", "kafé", "café", 0.0),
        ("ROUGE-1", "Café Łódź", "café łódź", 100.0),
        ("ROUGE-1", "", "café", 0.0),
        ("ROUGE-Lsum", "Two rose. One fell.", "One fell.\nTwo rose.", 100.0),
        ("ROUGE-L", "Two rose. One fell.", "One fell.\nTwo rose.", 50.0),
    ],
)
def test_rouge_sees_letters_and_sentences(
    name: str, hypothesis: str, reference: str, expected: float
) -> None:
    assert score(name, Corpus([hypothesis], [reference])) == pytest.approx(expected)


def test_an_empty_hypothesis_counts() -> None:
    assert score("ROUGE-1", Corpus(["one two", ""], ["one two", "three"])) == 50.0


FOUND = [
    (Finding.of("number.lost", source="14"),),
    (),
    (),
    (Finding("echo.copied"), Finding.of("number.lost", source="3,5")),
    (),
    (),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("length-ratio", 25 / 52),
        ("copy-rate", 100 / 6),
        ("numbers-kept", 100 * 1 / 5),
        ("findings-per-1000", 500.0),
        ("compression", 100 * 25 / 49),
        ("novelty", 100 * 15 / 20),
        ("support-rate", 100 * 3 / 4),
    ],
)
def test_counts(name: str, expected: float) -> None:
    support = [(1, 1), (1, 2), (1, 1), (0, 0), (0, 0), (0, 0)]
    corpus = Corpus(POOR, REFERENCES, SOURCES, FOUND, support)
    assert score(name, corpus) == pytest.approx(expected)


def test_a_line_that_stays_the_same_in_english_is_no_copy() -> None:
    corpus = Corpus(["Arema FC", "Kota tua"], ["Arema FC", "The old town"], ["Arema FC", "Kota tua"])
    assert score("copy-rate", corpus) == 100.0


@pytest.mark.parametrize(
    ("source", "target", "kept"),
    [
        ("1.250,5 ton", "1,250.5 tons", 100.0),
        ("pukul 19.30", "at 7:30 p.m.", 100.0),
        ("tiga orang, 14 rumah", "three people, 41 houses", 50.0),
    ],
)
def test_numbers_are_kept_where_they_mean_the_same(source: str, target: str, kept: float) -> None:
    assert score("numbers-kept", Corpus([target], ["a"], [source])) == kept


def test_a_metric_without_anything_to_count_is_undefined() -> None:
    assert np.isnan(score("numbers-kept", Corpus(["a"], ["a"], ["a"])))


def test_terms() -> None:
    terms = (("Gubernur", "governor"), ("korban jiwa", "deaths"), ("polisi", "officer"), ("si", "x"))
    assert score("term-accuracy", Corpus(GOOD, REFERENCES, SOURCES), Options(terms=terms)) == pytest.approx(
        100 * 2 / 3
    )
    with pytest.raises(UsageError, match="--terms"):
        build(["term-accuracy"], Options())


def test_unknown_names_list_the_known_and_case_does_not_matter() -> None:
    assert [metric.name for metric in build(["bleu", "ROUGE-l", "bleu"], Options())] == ["BLEU", "ROUGE-L"]
    with pytest.raises(UsageError, match="there are: BLEU, chrF2, chrF"):
        build(["bleurt"], Options())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("BLEU", ["nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:"]),
        ("TER", ["tok:tercom", "version:"]),
        ("ROUGE-Lsum", ["stemmer:none", "tok:unicode", "sentences:lines-or-marks", "rouge_score:"]),
        ("numbers-kept", ["seed:12345", "warta:"]),
    ],
)
def test_signatures(name: str, parts: list[str]) -> None:
    (metric,) = build([name], Options())
    assert all(part in metric.signature for part in parts)


def test_the_stemmer_is_recorded() -> None:
    (metric,) = build(["ROUGE-1"], Options(stem=True))
    assert "stemmer:porter" in metric.signature


@pytest.mark.parametrize(
    ("name", "module", "message"),
    [
        ("COMET", "comet", "COMET needs the package unbabel-comet"),
        ("BERTScore", "bert_score", "BERTScore needs the package bert-score"),
        ("LaSE", "LaSE", "LaSE needs the package in the folder LaSE of the repository csebuetnlp/CrossSum"),
        ("ROUGE-1", "rouge_score.rouge_scorer", "ROUGE-1 needs the package rouge-score"),
        ("BLEU", "sacrebleu.metrics", "TER needs the package sacrebleu"),
    ],
)
def test_extras_say_what_they_need(
    name: str, module: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hidden in {module, module.partition(".")[0]}:
        monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(NotInstalled, match=message):
        build([name], Options())


def test_spbleu_without_its_model_says_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sacrebleu.utils

    monkeypatch.setattr(sacrebleu.utils, "SACREBLEU_DIR", str(tmp_path))
    with pytest.raises(NotInstalled, match="flores200sacrebleuspm"):
        build(["spBLEU"], Options())


def fake_libraries() -> dict[str, Any]:
    """The three neural libraries as their documented calls: each segment scores its words over ten."""

    def value(text: str) -> float:
        return len(text.split()) / 10

    def predict(data: list[dict[str, str]], batch_size: int, gpus: int, progress_bar: bool) -> Any:
        assert all(row.keys() == {"src", "mt", "ref"} for row in data)
        return types.SimpleNamespace(scores=[value(row["mt"]) for row in data])

    def bert(candidates: list[str], references: list[str], model_type: str, num_layers: int) -> Any:
        scores = np.array([value(text) for text in candidates])
        return scores, scores, scores

    def lase(reference: str, text: str, target_lang: str) -> Any:
        return types.SimpleNamespace(LaSE=value(text))

    def load(path: str, local_files_only: bool) -> Any:
        return types.SimpleNamespace(predict=predict)

    def scorer(cache_dir: str) -> Any:
        return types.SimpleNamespace(score=lase)

    return {
        "comet": types.SimpleNamespace(load_from_checkpoint=load),
        "bert_score": types.SimpleNamespace(score=bert),
        "LaSE": types.SimpleNamespace(LaSEScorer=scorer),
    }


@pytest.mark.parametrize("name", ["COMET", "BERTScore", "LaSE"])
def test_neural_scores_are_means_in_percent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, fake in fake_libraries().items():
        monkeypatch.setitem(sys.modules, module, fake)
    with pytest.raises(NotInstalled, match=f"--weights {name}=PATH"):
        build([name], Options())
    options = Options(weights={name: "/models/some"})
    corpus = Corpus(["a b", "a b c d"], ["x", "y"], ["s", "t"])
    assert score(name, corpus, options) == pytest.approx(30.0)


def test_every_default_has_a_builder() -> None:
    from eval.metrics import DEFAULTS

    assert {name for names in DEFAULTS.values() for name in names} <= METRICS.keys()


SECOND = [
    "Senen market opened again at 07.00 after the fire.",
    "Governor promises 1,250 new stalls to traders.",
    "There were no deaths in the incident.",
    "Losses were put at 3.5 billion rupiah.",
    "Police are questioning a witness, the owner of a shop.",
    "The mayor, Retno, comes on Thursday.",
]


@pytest.mark.parametrize(("name", "arguments"), LIBRARY)
@pytest.mark.parametrize("lines", [GOOD, POOR], ids=["good", "poor"])
def test_two_references_score_as_the_sacrebleu_command_does(
    tmp_path: Path, name: str, arguments: list[str], lines: list[str]
) -> None:
    paths = written(tmp_path, "h", lines), written(tmp_path, "s", SECOND), written(tmp_path, "r", REFERENCES)
    corpus = Corpus(read_lines(paths[0]), REFERENCES, others=[SECOND])
    ours = score(name, corpus, Options(references=2))
    assert f"{ours:.9f}" == command(paths[2], paths[0], *arguments, more=(paths[1],))
    assert ours != score(name, Corpus(read_lines(paths[0]), REFERENCES))
    (metric,) = build([name], Options(references=2))
    assert "nrefs:2|" in metric.signature


def test_the_other_metrics_take_the_nearest_reference() -> None:
    corpus = Corpus(["a b c"], ["x y z w v"], ["x y z"], others=[["a b"]])
    assert score("ROUGE-1", corpus, Options(references=2)) == pytest.approx(80.0)
    assert score("length-ratio", corpus, Options(references=2)) == pytest.approx(1.5)


COUNTED = [
    (Counting(lowercase=True), ["-lc"]),
    (Counting(tokenize="intl"), ["--tokenize", "intl"]),
    (Counting(tokenize="char"), ["--tokenize", "char"]),
    (Counting(tokenize="none"), ["--tokenize", "none"]),
    (Counting(smooth="none"), ["--smooth-method", "none"]),
    (Counting(smooth="floor"), ["--smooth-method", "floor"]),
    (Counting(smooth="floor", smooth_value=0.5), ["--smooth-method", "floor", "--smooth-value", "0.5"]),
    (Counting(smooth="add-k"), ["--smooth-method", "add-k"]),
    (Counting(smooth="add-k", smooth_value=0.25), ["--smooth-method", "add-k", "--smooth-value", "0.25"]),
]


@pytest.mark.parametrize(("counting", "arguments"), COUNTED, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("lines", [GOOD, POOR], ids=["good", "poor"])
def test_options_are_sacrebleus_and_signed(
    tmp_path: Path, counting: Counting, arguments: list[str], lines: list[str]
) -> None:
    paths = written(tmp_path, "r", REFERENCES), written(tmp_path, "h", lines)
    (metric,) = build(["BLEU"], Options(counting=counting))
    ours = float(metric.score(metric.statistics(Corpus(lines, REFERENCES)).sum(axis=0)))
    assert f"{ours:.9f}" == command(*paths, "-m", "bleu", *arguments)
    parts = {part for part in metric.signature.split("|") if not part.startswith(("bs:", "seed:"))}
    signed = subprocess.run(
        [
            sys.executable,
            "-m",
            "sacrebleu",
            *map(str, paths[:1]),
            "-i",
            str(paths[1]),
            "-m",
            "bleu",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert parts == set(json.loads(signed.stdout)["signature"].split("|"))


def test_case_is_an_option_of_chrf_and_ter() -> None:
    shouted = Corpus([line.upper() for line in REFERENCES], REFERENCES)
    assert score("chrF2", shouted) < 50
    assert score("chrF2", shouted, Options(counting=Counting(lowercase=True))) == pytest.approx(100)
    assert score("TER", shouted) == 0
    assert score("TER", shouted, Options(counting=Counting(ter_case=True))) > 50


@pytest.mark.parametrize(
    ("counting", "message"),
    [
        (Counting(tokenize="words"), "unknown tokenizer 'words'; there are: none, zh, 13a"),
        (Counting(smooth="some"), "unknown smoothing 'some'; there are: exp, floor, add-k, none"),
        (Counting(smooth_value=1.0), "goes with the smoothing floor or add-k"),
        (Counting(smooth="floor", smooth_value=-1.0), "between 0 and 100"),
    ],
)
def test_options_that_are_none_are_refused(counting: Counting, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build(["BLEU"], Options(counting=counting))


def test_what_is_missing_does_not_stop_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "comet", None)
    found, missing = available(["COMET", "BLEU"], Options())
    assert [metric.name for metric in found] == ["BLEU"]
    assert len(missing) == 1
    assert missing[0].startswith("COMET needs the package unbabel-comet")
    with pytest.raises(NotInstalled, match="COMET"):
        available(["COMET"], Options())


def test_scores_that_came_with_the_output_are_metrics() -> None:
    nan = float("nan")
    corpus = Corpus(
        ["a", "b", "c"], ["a", "b", "c"], given={"COMET": [0.5, 0.75, nan], "MetricX": [2.0, 4.0, nan]}
    )
    options = Options(given={"COMET": "higher", "MetricX": "lower"})
    assert score("COMET", corpus, options) == pytest.approx(62.5)
    assert score("metricx", corpus, options) == pytest.approx(3.0)
    assert build(["MetricX"], options)[0].better == "lower"


def test_neural_scores_over_two_references(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(rows: list[dict[str, str]], **options: object) -> Any:
        return types.SimpleNamespace(scores=[len(row["ref"]) / 10 for row in rows])

    def load(path: str, local_files_only: bool) -> Any:
        return types.SimpleNamespace(predict=predict)

    monkeypatch.setitem(sys.modules, "comet", types.SimpleNamespace(load_from_checkpoint=load))
    options = Options(weights={"COMET": "/models/some"}, references=2)
    assert score("COMET", Corpus(["m"], ["abcd"], ["s"], others=[["ab"]]), options) == pytest.approx(30.0)
    assert "nrefs:2(mean)" in build(["COMET"], options)[0].signature
