"""Confidence: between 0 and 1, in bands, and lower for what a reader should trust less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.research import confidence as research
from eval.research.guard import fit, wilson
from service.document import Finding
from service.translation.confidence import HIGH, LOW, band, confidence

SOURCE = "Panitia menerima banyak surat dari warga."
TARGET = "The committee received many letters from residents."


@given(st.text(), st.text(), st.floats(min_value=-1e6, max_value=0), st.integers(min_value=0, max_value=9))
def test_it_is_a_probability(source: str, target: str, score: float, count: int) -> None:
    assert 0 <= confidence(source, target, score, [Finding("number.lost")] * count) <= 1


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((TARGET, -0.1, []), (TARGET, -0.9, [])),
        ((TARGET, -0.3, []), (TARGET[:14], -0.3, [])),
        ((TARGET, -0.3, []), (SOURCE, -0.3, [Finding("echo.copied")])),
        ((TARGET, -0.1, []), (TARGET, -0.1, [Finding("number.lost")])),
        ((TARGET, -0.1, [Finding("number.lost")]), (TARGET, -0.1, [Finding("dropped.short")])),
    ],
)
def test_a_worse_segment_has_less(
    better: tuple[str, float, list[Finding]], worse: tuple[str, float, list[Finding]]
) -> None:
    assert confidence(SOURCE, *better) > confidence(SOURCE, *worse)


@pytest.mark.parametrize(
    ("code", "name"), [("number.lost", "medium"), ("entity.lost", "medium"), ("dropped.short", "low")]
)
def test_a_finding_caps_the_band_however_sure_the_model_was(code: str, name: str) -> None:
    assert band(confidence(SOURCE, TARGET, -0.01, [])) == "high"
    assert band(confidence(SOURCE, TARGET, -0.01, [Finding(code)])) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [(0.0, "low"), (0.61, "low"), (0.62, "medium"), (0.81, "medium"), (0.82, "high"), (1.0, "high")],
)
def test_bands(value: float, name: str) -> None:
    assert band(value) == name


def test_the_fit_finds_the_coefficients_that_made_the_data() -> None:
    rows = [(1.0, x / 50) for x in range(-100, 101)]
    targets = [1 / (1 + 2.718281828 ** -(0.5 + 2 * x)) for _, x in rows]
    assert fit(rows, targets, ridge=1e-9) == pytest.approx([0.5, 2.0], abs=1e-3)


@pytest.mark.parametrize(
    ("hits", "count", "interval"),
    [(0, 10, (0.0, 0.278)), (10, 10, (0.722, 1.0)), (5, 10, (0.237, 0.763)), (0, 0, (0.0, 1.0))],
)
def test_wilson_intervals(hits: int, count: int, interval: tuple[float, float]) -> None:
    assert wilson(hits, count) == pytest.approx(interval, abs=1e-3)


def test_the_weights_are_those_that_the_labels_give() -> None:
    data = json.loads(research.OUTPUT.read_text("utf-8"))
    rows = research.load()
    assert data["labels"] == sum(bool(row.values) for row in rows) >= 2000
    assert list(data["weights"].values()) == pytest.approx(research.learned(rows), abs=1e-3)


def test_bands_mean_what_the_docs_say_on_sentences_that_were_not_fitted_to() -> None:
    scored = research.held_out(research.load())
    right = [row.wrong for value, row in scored if value >= HIGH]
    wrong = [row.wrong for value, row in scored if value < LOW]
    assert sum(right) / len(right) < 0.1 and len(right) > 350
    assert sum(wrong) / len(wrong) > 0.5 and len(wrong) > 200
    assert research.auc(scored) > 0.75


def test_labels_of_other_features_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("set\tadapter\tdocument\tsentence\tlabel\ttype\tsecond\tother\n", "utf-8")
    with pytest.raises(ValueError, match="other features: other"):
        research.load(tmp_path / "a.tsv")
