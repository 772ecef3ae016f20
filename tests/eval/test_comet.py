"""COMET in another environment, which here is a virtual environment with a package that stands for it."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from eval.metrics import Corpus, Options, available, build
from eval.outside.comet import Comet
from service.errors import EngineError, NotInstalled

PACKAGE = """
print("COMET prints what it likes")

class Model:
    def predict(self, data, batch_size, gpus, progress_bar):
        print("and while it works too")
        if any(row["mt"] == "die" for row in data):
            import os
            os.write(2, b"terminate called\\n")
            os._exit(9)
        if any(row["mt"] == "fail" for row in data):
            raise ValueError("no\\nlanguage")
        class Prediction:
            scores = [len(row["mt"]) / 10 for row in data]
        return Prediction()

def load_from_checkpoint(path, local_files_only):
    assert local_files_only
    with open(path) as file:
        assert file.read() == "weights"
    import datasets
    assert datasets.IS_THEIRS
    return Model()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """An interpreter with the fake package, and a checkpoint."""
    folder = tmp_path_factory.mktemp("comet")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env" / "lib").glob("python3*/site-packages")
    (site / "comet").mkdir()
    (site / "comet" / "__init__.py").write_text(PACKAGE)
    # A module of COMET's that has the name of one of ours: theirs must be found.
    (site / "datasets.py").write_text("IS_THEIRS = True\n")
    described = site / "unbabel_comet-2.2.6.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: unbabel-comet\nVersion: 2.2.6\n")
    (folder / "model.ckpt").write_text("weights")
    return str(folder / "env" / "bin" / "python"), str(folder / "model.ckpt")


def test_scores_come_over_the_pipe(environment: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "eval"))
    python, checkpoint = environment
    (metric,) = build(["COMET"], Options(comet=python, weights={"COMET": checkpoint}))
    assert metric.signature.endswith("weights:model.ckpt|comet:2.2.6")
    for texts, expected in ((["aaaa", "bb\nü\u2028"], 45.0), (["c"], 10.0)):
        corpus = Corpus(texts, ["r"] * len(texts), ["s"] * len(texts))
        assert float(metric.score(metric.statistics(corpus).sum(axis=0))) == pytest.approx(expected)


def test_a_relative_path_of_the_interpreter_is_found(
    environment: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    python, checkpoint = environment
    monkeypatch.chdir(Path(python).parents[2])
    assert Comet("env/bin/python", checkpoint)([{"src": "s", "mt": "aaaa", "ref": "r"}]) == [0.4]


def test_two_references_are_averaged(environment: tuple[str, str]) -> None:
    python, checkpoint = environment
    options = Options(comet=python, weights={"COMET": checkpoint}, references=2)
    (metric,) = build(["COMET"], options)
    table = metric.statistics(Corpus(["aaaa"], ["r"], ["s"], others=[["q"]]))
    assert (table.tolist(), "nrefs:2(mean)" in metric.signature) == ([[0.4, 1.0]], True)


@pytest.mark.parametrize(
    ("text", "message"),
    [("fail", r"python: ValueError: no language"), ("die", r"ended without an answer: terminate called")],
)
def test_a_failure_is_one_line(environment: tuple[str, str], text: str, message: str) -> None:
    comet = Comet(*environment)
    with pytest.raises(EngineError, match=message):
        comet([{"src": "s", "mt": text, "ref": "r"}])


def test_what_cannot_be_used_leaves_the_other_metrics(environment: tuple[str, str], tmp_path: Path) -> None:
    python, checkpoint = environment
    cases = [
        (str(tmp_path / "none"), checkpoint, "cannot be run: No such file"),
        (python, str(tmp_path / "none"), "FileNotFoundError"),
        (sys.executable, checkpoint, "ModuleNotFoundError: No module named 'comet'"),
    ]
    for interpreter, weights, message in cases:
        options = Options(comet=interpreter, weights={"COMET": weights})
        found, missing = available(["COMET", "BLEU"], options)
        assert [metric.name for metric in found] == ["BLEU"]
        assert message in missing[0]
    with pytest.raises(NotInstalled, match="--weights COMET=PATH"):
        build(["COMET"], Options(comet=python))
