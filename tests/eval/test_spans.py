"""Errors that raters marked: the WMT formats in and out, the weights, the view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval import spans
from eval.datasets import Dataset
from eval.imported import with_spans
from eval.metrics import Options
from eval.report import html as page
from eval.report import sections
from eval.scoring import Answer, Evaluation, Output, evaluate
from eval.significance import Resampling
from eval.spans import Rated, Span
from service.errors import InputError
from tests.eval_data import written

MQM = [
    "system\tdoc\tdoc_id\tseg_id\trater\tsource\ttarget\tcategory\tseverity",
    'good\tnews\t1\t7\tr1\tIa datang.\tHe <v>go</v> "home".\tFluency/Grammar\tMajor',
    'good\tnews\t1\t7\tr1\tIa datang.\tHe go<v> "home"</v>.\tAccuracy/Addition\tminor',
    "good\tnews\t1\t8\tr2\tIa <v>baru</v> pergi.\tHe left.\tAccuracy/Omission\tMajor",
    "poor\tnews\t1\t7\tr1\tIa datang.\tRain.\tNon-translation!\tMajor",
    "good\tnews\t1\t9\tr1\tYa.\tYes.\tNo-error\tno-error",
]
ESA = [
    "system\tdoc\tseg_id\trater\tsource\ttarget\tscore\terror_spans",
    'good\tnews\t7\ta\tIa datang.\tHe go.\t60\t[{"start_i": 3, "end_i": 5, "severity": "major"}]',
    'good\tnews\t8\ta\tYa.\tYes.\t90.5\t[{"start_i": "missing", "end_i": "missing", "severity": "minor"}]',
    "good\tnews\t9\ta\tOk.\tFine.\t100\t",
]


def test_mqm_is_read_with_its_marks(tmp_path: Path) -> None:
    rated = spans.read(written(tmp_path, "mqm.tsv", MQM))
    assert [(one.system, one.segment, len(one.spans)) for one in rated] == [
        ("good", "7", 2),
        ("good", "8", 1),
        ("poor", "7", 1),
        ("good", "9", 0),
    ]
    first = rated[0]
    assert first.target == 'He go "home".'
    assert [first.target[s.start : s.end] for s in first.spans] == ["go", ' "home"']
    assert (rated[1].spans[0].side, rated[1].source[3:7]) == ("source", "baru")
    assert [spans.score([one]) for one in rated] == [("MQM", 6.0), ("MQM", 5.0), ("MQM", 25.0), ("MQM", 0.0)]


def test_esa_is_read_with_scores_and_omissions(tmp_path: Path) -> None:
    rated = spans.read(written(tmp_path, "esa.tsv", ESA))
    assert [one.score for one in rated] == [60.0, 90.5, 100.0]
    assert rated[0].spans == (Span(3, 5, "major", "", "target", "a"),)
    assert rated[1].spans == (Span(0, 0, "minor", "omission", "target", "a"),)
    assert spans.score([rated[0], replace(rated[0], score=80.0)]) == ("ESA", 70.0)


@pytest.mark.parametrize(("form", "lines"), [("mqm", MQM), ("esa", ESA)])
def test_what_is_written_is_read_back_the_same(tmp_path: Path, form: spans.Form, lines: list[str]) -> None:
    rated = spans.read(written(tmp_path, "in.tsv", lines))
    out = spans.lines(rated, form)
    assert spans.read(written(tmp_path, "out.tsv", out)) == rated


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["system\tsource\ttarget"], "no column score"),
        (["system\ttarget\tseverity"], r"no column category \(MQM\)"),
        ([MQM[0], "good\tx"], "line 2 has fewer columns"),
        ([MQM[0], "good\tn\t1\t7\tr\ts\tHe <v>go\tc\tmajor"], "line 2: <v> without </v>"),
        ([ESA[0], "good\tn\t7\ta\ts\tt\thigh\t[]"], "line 2: a score and a JSON list"),
        ([ESA[0], "good\tn\t7\ta\ts\tt\t50\t{}x"], "line 2: a score and a JSON list"),
        ([ESA[0], "good\tn\t7\ta\ts\tt\t50\t[3]"], "line 2: a score and a JSON list"),
        ([ESA[0], "good\tn\t7\ta\ts\tt\t101\t[]"], "between 0 and 100, not 101"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        spans.read(written(tmp_path, "f.tsv", lines))


@pytest.mark.parametrize(
    ("category", "severity", "weight"),
    [
        ("Fluency/Punctuation", "Minor", 0.1),
        ("Fluency/Grammar", "minor", 1),
        ("Accuracy/Mistranslation", "major", 5),
        ("Accuracy/Mistranslation", "critical", 25),
        ("Non-translation!", "major", 25),
        ("Style", "neutral", 0),
    ],
)
def test_weights(category: str, severity: str, weight: float) -> None:
    assert spans.weight(Span(0, 1, severity, category)) == weight


DATA = Dataset("d", "mt", ("He came.", "He just left.", "Yes."), ("Ia datang.", "Ia baru pergi.", "Ya."))
TEXTS = ('He go "home".', "He left.", "Yes.")


def rated_evaluation(tmp_path: Path) -> Evaluation:
    output = Output("good", tuple(map(Answer, TEXTS)))
    rated = [one for one in spans.read(written(tmp_path, "m.tsv", MQM)) if one.system == "good"]
    outputs = with_spans([output], rated)
    options = Options(plan=Resampling(resamples=100, trials=100), given={"MQM": "lower"})
    return evaluate(DATA, outputs, ["chrF2"], options)


def test_rated_errors_become_a_metric_and_a_view(tmp_path: Path) -> None:
    one = rated_evaluation(tmp_path)
    score = one.systems[0].score("MQM")
    assert score is not None
    assert score.score == pytest.approx(11 / 3)
    assert score.better == "lower"
    html = page.render(one, "")
    assert '<mark class="major" title="Fluency/Grammar, major, r1">go</mark>' in html
    assert '<mark class="major" title="Accuracy/Omission, major, r2">baru</mark>' in html
    (table,) = sections.error_tables(one)
    assert ("Accuracy/Omission", "good", "0", "1", "0", "5") in table.rows


def test_the_worst_segment_comes_first_and_overlaps_show_the_graver(tmp_path: Path) -> None:
    assert [marked.line for marked in sections.marked_segments(rated_evaluation(tmp_path))] == [1, 2]
    both = (Span(0, 6, "minor"), Span(2, 4, "major"))
    assert [(text, span.severity if span else "") for text, span in sections.pieces("abcdefgh", both)] == [
        ("ab", "minor"),
        ("cd", "major"),
        ("ef", "minor"),
        ("gh", ""),
    ]


def test_a_span_past_the_end_is_cut_to_the_text() -> None:
    assert sections.pieces("abc", (Span(1, 99, "minor"),)) == (("a", None), ("bc", Span(1, 99, "minor")))


@pytest.mark.parametrize(
    ("rated", "message"),
    [
        ([Rated("other", "", "", "", "", "x")], "the ratings are of other systems"),
        ([Rated("good", "", "", "", "", "Never written.")], "a text that it did not write"),
    ],
)
def test_ratings_of_other_output_are_refused(rated: list[Rated], message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_spans([Output("good", (Answer("Yes."),))], rated)
