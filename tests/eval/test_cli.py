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
from service.errors import WartaError
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
