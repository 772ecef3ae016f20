"""Parts of the data and the precision of the confidence, against counts made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval import subsets
from eval.contamination import known, look, with_training
from eval.datasets import Dataset
from eval.metrics import Corpus, Options, build
from eval.report import sections
from eval.scoring import Answer, Evaluation, Output, evaluate
from eval.significance import Resampling
from eval.spans import Span
from service.errors import UsageError
from service.translation.confidence import HIGH, LOW
from tests.eval_data import GOOD, POOR, REFERENCES, SOURCES, written

PLAN = Resampling(resamples=100, trials=100)
DESKS = ("city", "money", "city", "money", "city", "")
DATA = Dataset("d", "mt", tuple(REFERENCES), tuple(SOURCES), columns=(("desk", DESKS),))


def evaluation(by: tuple[str, ...], confidence: tuple[float, ...] = ()) -> Evaluation:
    answers = tuple(Answer(t, c) for t, c in zip(GOOD, confidence or (None,) * 6, strict=True))
    systems = [Output("good", answers), Output("poor", tuple(map(Answer, POOR)))]
    return replace(evaluate(DATA, systems, ["BLEU", "chrF2"], Options(plan=PLAN)), by=by)


def test_a_part_scores_as_its_lines_alone_do() -> None:
    rows = {(p.value, p.system, p.metric): p for p in subsets.parts(evaluation(("desk",)))}
    assert {value for value, _, _ in rows} == {"city", "money", "(empty)"}
    (metric,) = build(["chrF2"], Options())
    lines = [0, 2, 4]
    alone = Corpus([POOR[i] for i in lines], [REFERENCES[i] for i in lines])
    part = rows["city", "poor", "chrF2"]
    assert part.score == pytest.approx(float(metric.score(metric.statistics(alone).sum(axis=0))))
    assert part.segments == 3
    assert part.interval[0] <= part.score <= part.interval[1]


def test_tables_go_by_value_then_system() -> None:
    (table,) = sections.subset_tables(e := evaluation(("desk",)), subsets.parts(e))
    assert [row[:3] for row in table.rows] == [
        ("city", "good", "3"),
        ("city", "poor", "3"),
        ("money", "good", "2"),
        ("money", "poor", "2"),
        ("(empty)", "good", "1"),
        ("(empty)", "poor", "1"),
    ]


def test_confidence_divides_only_systems_that_have_it() -> None:
    one = evaluation(("confidence",), (0.9, HIGH, 0.7, LOW, 0.2, 0.0))
    rows = [(p.value, p.system, p.segments) for p in subsets.parts(one) if p.metric == "BLEU"]
    assert rows == [("high", "good", 2), ("medium", "good", 2), ("low", "good", 2)]
    foreign = evaluation(("confidence",), (-0.9, -0.6, -0.5, -0.3, -0.2, -3.0))
    assert subsets.parts(foreign) == []


def test_lengths_are_ranges_that_hold_every_segment() -> None:
    ranges = subsets.by_size([3, 5, 8, 8, 9, 20])
    assert sorted(i for _, members in ranges for i in members) == list(range(6))
    assert ranges[0][0] == "3–5" or ranges[0][0] == "3"


@pytest.mark.parametrize("name", ["desks", "topic"])
def test_an_unknown_column_lists_the_known(name: str) -> None:
    with pytest.raises(UsageError, match=f"cannot divide by '{name}'; there are: desk, length, confidence"):
        subsets.check_names(DATA, [name])


def test_a_column_of_identifiers_is_refused() -> None:
    many = Dataset("d", "mt", ("a",) * 50, columns=(("no", tuple(map(str, range(50)))),))
    with pytest.raises(UsageError, match="no has 50 values"):
        subsets.check_names(many, ["no"])


def covered(spans: bool) -> list[subsets.Coverage]:
    """Ten segments, the surer five right; by their scores, or by what raters marked."""
    marked = (Span(0, 2, "major"),)
    right, wrong = "the cat sat on the mat", "no such thing at all here"
    answers = tuple(
        Answer(right if i < 5 else wrong, 1 - i / 10, spans=marked if spans and i == 0 else ())
        for i in range(10)
    )
    data = Dataset("d", "mt", (right,) * 10)
    one = evaluate(data, [Output("s", answers)], ["chrF2"], Options(plan=PLAN))
    return subsets.coverage(one.systems[0])


def test_precision_at_coverage() -> None:
    rows = [row for row in covered(False) if not row.band]
    assert [row.segments for row in rows] == list(range(1, 11))
    assert [row.precision for row in rows[:5]] == [1.0] * 5
    assert rows[4].confidence == pytest.approx(0.6)
    bands = {row.band: (row.segments, row.precision) for row in covered(False) if row.band}
    assert bands["high"] == (2, 1.0)  # 1.0 and 0.9
    assert sum(count for count, _ in bands.values()) == 10


def test_raters_decide_what_is_good_where_there_are_any() -> None:
    rows = [row for row in covered(True) if not row.band]
    assert [row.precision for row in rows[:2]] == [0.0, 0.5]
    assert rows[-1].precision == 0.9


def test_without_confidence_there_is_no_coverage() -> None:
    assert subsets.coverage(evaluation(()).systems[0]) == []


# --- the training text -------------------------------------------------------------------------


def test_training_text_is_found_whole_and_nearly() -> None:
    training = [
        "x\ty\tnobody died, in the INCIDENT",
        f"{SOURCES[1]} Demikian katanya.\tother",
        "quite other\ttext that shares nothing",
    ]
    seen = look(DATA, training)
    assert (seen.whole, seen.nearly) == ((2,), (1,))
    assert look(DATA, training[2:]) == look(DATA, [])


def test_what_was_seen_has_scores_of_its_own(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    data, problems, notices = with_training(DATA, [written(tmp_path, "train.tsv", [SOURCES[1]])])
    assert [(p.kind, p.lines) for p in problems] == [("overlap", (2,))]
    assert notices == ["contamination: of 6 segments 1 stand in train.tsv and 0 nearly"]
    assert data.groupings["training"].count("whole") == 1
    clean = with_training(DATA, [written(tmp_path, "other.tsv", ["nothing"])])
    assert clean[2] == ["contamination: none of 6 segments stands in other.tsv, whole or nearly"]


def test_measured_overlap_of_the_embedded_model_is_said() -> None:
    (notice,) = known("warta-bench[:12]", ["gemma-3-270m", "echo"])
    assert notice.startswith("contamination: of 295 segments of warta-bench, 0 stand in the training text")
    assert known("my.tsv", ["gemma-3-270m"]) == []
