"""The commands as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eval.cli import app
from service.errors import Mismatch, WartaError
from tests.eval.test_harness import Fake
from tests.eval_data import GOOD, POOR, REFERENCES, SOURCES, written


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {"ref": REFERENCES, "src": SOURCES, "good": GOOD, "poor": POOR}
    return {name: written(tmp_path, name, lines) for name, lines in texts.items()}


def score(files: dict[str, Path], *arguments: object) -> Result:
    return call("score", "--ref", files["ref"], "--src", files["src"], "--resamples", 100, *arguments)


def test_score_prints_the_agreed_json(files: dict[str, Path]) -> None:
    result = score(
        files, "--hyp", files["good"], "--hyp", files["poor"], "--metrics", "BLEU,chrF2", "--format", "json"
    )
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [system["name"] for system in document["systems"]] == ["good", "poor"]
    assert len(document["comparisons"]) == 2
    assert "poor: empty, counted all the same (1 line: 3)" in result.stderr


def test_names_can_be_given(files: dict[str, Path]) -> None:
    result = score(files, "--hyp", files["good"], "--name", "ours", "--metrics", "BLEU")
    assert result.stdout.split("\n")[1].startswith("ours ")
    assert "must be given once for every --hyp (1)" in str(
        score(files, "--hyp", files["good"], "--name", "a", "--name", "b").exception
    )


def test_files_of_one_name_are_told_apart_by_their_paths(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    other = written(tmp_path / "b", "good", POOR)
    document = json.loads(
        score(files, "--hyp", files["good"], "--hyp", other, "--metrics", "BLEU", "--format", "json").stdout
    )
    assert [system["name"] for system in document["systems"]] == [str(files["good"]), str(other)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics", "bleurt"], "unknown metric 'bleurt'"),
        (["--weights", "COMET"], "--weights takes METRIC=PATH"),
        (["--metrics", "term-accuracy"], "--terms FILE"),
    ],
)
def test_a_wrong_command_is_one_line(files: dict[str, Path], arguments: list[str], message: str) -> None:
    error = score(files, "--hyp", files["good"], *arguments).exception
    assert isinstance(error, WartaError)
    assert message in str(error)
    assert "\n" not in str(error)


def test_terms_training_text_and_repair(files: dict[str, Path], tmp_path: Path) -> None:
    terms = written(tmp_path, "terms", ["Gubernur\tgovernor"])
    train = written(tmp_path, "train", [f"{SOURCES[1]}\tother"])
    written(tmp_path, "src", ["KafÃ© buka.", *SOURCES[1:]])
    common = ["--hyp", files["good"], "--terms", terms, "--metrics", "term-accuracy", "--train", train]
    broken, mended = score(files, *common), score(files, *common, "--repair")
    assert "100.0" in broken.stdout
    assert "ref: stands in the training text (1 line: 2)" in broken.stderr
    assert "double-encoded text (1 line: 1)" in broken.stderr
    assert "double-encoded" not in mended.stderr


def test_compare_and_gate(files: dict[str, Path], tmp_path: Path) -> None:
    for name, lines in (("a", "good"), ("b", "poor")):
        done = score(
            files,
            "--hyp",
            files[lines],
            "--name",
            name,
            "--metrics",
            "chrF2,TER",
            "--out",
            tmp_path / f"out-{name}",
        )
        assert done.exit_code == 0
    both = call("compare", tmp_path / "out-a", tmp_path / "out-b", "--format", "json")
    assert [c["metric"] for c in json.loads(both.stdout)["comparisons"]] == ["chrF2", "TER"]
    baseline = ["--baseline", tmp_path / "out-a"]
    worse = call("gate", tmp_path / "out-b", *baseline, "--max-drop", "chrF2=0.5", "--max-drop", "TER=1")
    assert (worse.exit_code, worse.stdout.count("FAIL"), "paired" in worse.stdout) == (1, 2, True)
    allowed = call("gate", tmp_path / "out-b" / "report.json", *baseline, "--max-drop", "chrF2=90")
    assert allowed.exit_code == 0
    better = call("gate", tmp_path / "out-a", "--baseline", tmp_path / "out-b", "--max-drop", "chrF2=0")
    assert better.exit_code == 0


def test_a_drop_that_may_be_chance_passes(files: dict[str, Path], tmp_path: Path) -> None:
    slipped = written(tmp_path, "slipped", [*GOOD[:5], "Mayor Retno will come Thursday."])
    for name, path in (("new", slipped), ("old", files["good"])):
        score(files, "--hyp", path, "--name", "ours", "--metrics", "BLEU", "--out", tmp_path / name)
    result = call("gate", tmp_path / "new", "--baseline", tmp_path / "old", "--max-drop", "bleu=0.5")
    assert (result.exit_code, result.stdout[:4]) == (0, "ok: ")
    assert "drop +" in result.stdout


def test_a_gate_on_printed_json_uses_the_intervals(files: dict[str, Path], tmp_path: Path) -> None:
    for name in ("good", "poor"):
        printed = score(files, "--hyp", files[name], "--metrics", "chrF2", "--format", "json").stdout
        written(tmp_path, f"{name}.json", [printed])
    gate = ["gate", tmp_path / "poor.json", "--baseline", tmp_path / "good.json", "--max-drop", "chrF2=0.5"]
    result = call(*gate)
    assert result.exit_code == 1
    assert "unpaired, from the intervals" in result.stdout


@pytest.mark.parametrize(
    ("drop", "message"), [("BLEU", "METRIC=NUMBER"), ("BLEU=x", "METRIC=NUMBER"), ("TER=1", "it has: chrF2")]
)
def test_a_gate_that_cannot_judge_says_why(
    files: dict[str, Path], tmp_path: Path, drop: str, message: str
) -> None:
    score(files, "--hyp", files["good"], "--metrics", "chrF2", "--out", tmp_path / "o")
    assert message in str(
        call("gate", tmp_path / "o", "--baseline", tmp_path / "o", "--max-drop", drop).exception
    )


def test_gates_refuse_other_text(files: dict[str, Path], tmp_path: Path) -> None:
    score(files, "--hyp", files["good"], "--metrics", "BLEU", "--out", tmp_path / "o")
    call(
        "score", "--hyp", files["good"], "--ref", files["poor"], "--metrics", "BLEU", "--out", tmp_path / "p"
    )
    result = call("gate", tmp_path / "o", "--baseline", tmp_path / "p", "--max-drop", "BLEU=1")
    assert "scored on other text" in str(result.exception)


def test_a_baseline_that_does_not_match_has_its_own_exit_code(files: dict[str, Path], tmp_path: Path) -> None:
    score(files, "--hyp", files["good"], "--metrics", "BLEU", "--out", tmp_path / "o")
    score(files, "--hyp", files["good"], "--metrics", "BLEU", "--lowercase", "--out", tmp_path / "lc")
    summary = tmp_path / "summary.md"
    gate = ["gate", tmp_path / "o", "--max-drop", "BLEU=1", "--summary", summary]
    error = call(*gate, "--baseline", tmp_path / "lc").exception
    assert isinstance(error, Mismatch)
    assert error.exit_code == 3
    assert "computed with other options (" in str(error)
    assert "case:lc" in str(error)
    assert summary.read_text().startswith("### :warning: The baseline does not match")
    line = [sys.executable, "-m", "eval", *map(str, gate), "--baseline", str(tmp_path / "lc")]
    assert subprocess.run(line, capture_output=True, check=False).returncode == 3


def test_the_summary_for_ci_is_a_table(files: dict[str, Path], tmp_path: Path) -> None:
    for name in ("good", "poor"):
        score(
            files,
            "--hyp",
            files[name],
            "--name",
            "a|b",
            "--metrics",
            "chrF2",
            "--out",
            tmp_path / f"o-{name}",
        )
    summary = tmp_path / "summary.md"
    gate = [
        "gate",
        tmp_path / "o-poor",
        "--max-drop",
        "chrF2=1",
        "--summary",
        summary,
        "--format",
        "markdown",
    ]
    result = call(*gate, "--baseline", tmp_path / "o-good")
    assert result.exit_code == 1
    assert result.stdout == summary.read_text().removesuffix("\n")
    assert "### :x: 1 of 1 scores dropped" in result.stdout
    rows = [line for line in result.stdout.split("\n") if line.startswith("| :x:")]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 9
    assert call(*gate, "--baseline", tmp_path / "o-poor").exit_code == 0
    assert "No score dropped" in summary.read_text()


def test_a_second_reference_counts(files: dict[str, Path], tmp_path: Path) -> None:
    other = written(tmp_path, "other", POOR)
    one = score(files, "--hyp", files["poor"], "--metrics", "BLEU", "--format", "json")
    two = score(files, "--hyp", files["poor"], "--ref", other, "--metrics", "BLEU", "--format", "json")
    scores = [json.loads(result.stdout)["systems"][0]["scores"][0] for result in (one, two)]
    assert scores[0]["score"] < scores[1]["score"] == pytest.approx(100)
    assert "nrefs:2" in scores[1]["signature"]


def test_hypotheses_come_from_standard_input(files: dict[str, Path]) -> None:
    arguments = ["score", "--hyp", "-", "--ref", str(files["ref"]), "--metrics", "BLEU", "--format", "csv"]
    result = CliRunner().invoke(app, arguments, input=files["good"].read_text())
    assert result.stdout.split("\n")[1].startswith("stdin,system,BLEU,")
    twice = CliRunner().invoke(app, [*arguments, "--src", "-"], input="a\n")
    assert "only one file can be standard input" in str(twice.exception)


def test_scores_and_ratings_from_elsewhere_stand_in_the_report(
    files: dict[str, Path], tmp_path: Path
) -> None:
    comet = written(tmp_path, "comet", [f"0.{n}" for n in range(1, 7)])
    head = "system\tseg_id\tsource\ttarget\tcategory\tseverity"
    spans = written(tmp_path, "mqm.tsv", [head, f"good\t1\t\t<v>{GOOD[0]}</v>\tStyle\tminor"])
    given = ["--scores", f"COMET={comet}", "--spans", spans, "--metrics", "BLEU", "--by", "length"]
    first = score(files, "--hyp", files["good"], *given, "--out", tmp_path / "out", "--format", "json")
    document = json.loads(first.stdout)
    scores = {s["name"]: s["score"] for s in document["systems"][0]["scores"]}
    assert scores["COMET"] == pytest.approx(35.0)
    assert scores["MQM"] == pytest.approx(1.0)
    assert {part["column"] for part in document["subsets"]} == {"length"}
    again = call("compare", tmp_path / "out", "--format", "json")
    kept = {s["name"]: (s["score"], s["better"]) for s in json.loads(again.stdout)["systems"][0]["scores"]}
    assert kept["MQM"] == (pytest.approx(1.0), "lower")
    assert kept["COMET"] == (pytest.approx(35.0), "higher")
    assert kept.keys() == scores.keys()


def test_a_missing_metric_leaves_the_others(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bert_score", None)
    result = score(files, "--hyp", files["good"], "--metrics", "BERTScore,BLEU", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "warning: BERTScore needs the package bert-score" in result.stderr
    assert "left out: BERTScore needs" in result.stdout
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [s["name"] for s in document["systems"][0]["scores"]] == ["BLEU"]


def test_training_text_divides_the_scores(files: dict[str, Path], tmp_path: Path) -> None:
    train = written(tmp_path, "train", [SOURCES[1]])
    result = score(files, "--hyp", files["good"], "--train", train, "--metrics", "BLEU")
    assert "By training" in result.stdout
    assert "contamination: of 6 segments 1 stand in train and 0 nearly" in result.stdout
    own = written(tmp_path, "own.tsv", [f"{s}\t{r}" for s, r in zip(SOURCES, REFERENCES, strict=True)])
    listed = call("contamination", "--dataset", own, "--train", train).stdout
    assert "stands in the training text (1 line: 2)" in listed


def test_datasets_are_listed_with_licence_and_rule() -> None:
    listed = call("datasets").stdout
    assert "warta-bench  [mt, here, SHA-256 df751ff0a0f6]" in listed
    assert "liputan6  [sum, not here, not pinned]" in listed
    assert "access is granted by its authors" in listed


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The product's pipeline replaced by the fake one; holds the models it was built for."""
    models: list[object] = []

    def build_pipeline(settings: object, notice: Callable[[str], None]) -> Fake:
        models.append(settings)
        notice("loading")
        return Fake()

    def chosen(home: Path, model: str) -> str:
        assert home == tmp_path
        return model

    settings = types.SimpleNamespace(Settings=chosen, home=lambda _: tmp_path)
    monkeypatch.setitem(sys.modules, "service.settings", settings)
    pipeline = types.SimpleNamespace(build_pipeline=build_pipeline, SummaryRequest=dict)
    monkeypatch.setitem(sys.modules, "service.pipeline", pipeline)
    return models


def test_run_goes_through_the_pipeline(tmp_path: Path, asked: list[object]) -> None:
    metrics = "chrF2,findings-per-1000"
    common = ["run", "--model", "echo", "--resamples", 100, "--limit", 12, "--metrics", metrics]
    result = call(*common, "--dataset", "warta-bench", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.exception
    assert asked == ["echo"]
    assert "loading" in result.stderr
    assert "1000.0 ±0.0" in result.stdout
    assert "words/s" in result.stdout
    assert (tmp_path / "out" / "report.html").is_file()


def test_run_takes_several_sets_and_models(tmp_path: Path, asked: list[object]) -> None:
    own = written(tmp_path, "own.tsv", [f"{s}\t{r}" for s, r in zip(SOURCES, REFERENCES, strict=True)])
    common = ["run", "--model", "a", "--model", "b", "--resamples", 100, "--out", tmp_path / "out"]
    sets = ["--dataset", own, "--dataset", "warta-bench-sum"]
    result = call(*common, *sets, "--metrics", "length-ratio", "--format", "csv")
    assert result.exit_code == 0, result.exception
    assert asked == ["a", "b", "a", "b"]
    for name in ("own.tsv", "warta-bench-sum"):
        systems = json.loads((tmp_path / "out" / name / "report.json").read_text())["systems"]
        assert [system["name"] for system in systems] == ["a", "b"]


def test_the_module_prints_one_line_and_exits(files: dict[str, Path]) -> None:
    line = [sys.executable, "-m", "eval", "score", "--hyp", str(files["good"]), "--ref", "none"]
    result = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: none: No such file or directory\n"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, eval.cli; print(sorted({'numpy', 'sacrebleu', 'ftfy', 'torch'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
