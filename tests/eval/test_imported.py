"""Segment scores made elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.imported import parse, read_scores, with_scores
from eval.scoring import Answer, Output
from service.errors import InputError, UsageError


@pytest.mark.parametrize(
    "text",
    [
        "0.5\n0.25\n",
        "out.en\tSegment 0\tscore: 0.5\nout.en\tSegment 1\tscore: 0.25\nout.en\tscore: 0.375\n",
        "a\t0.5\nb\t2.5e-1",
        "[0.5, 0.25]",
        '{"out.en": [{"src": "a", "COMET": 0.5}, {"src": "b", "COMET": 0.25}]}',
    ],
)
def test_files_of_segment_scores(tmp_path: Path, text: str) -> None:
    (tmp_path / "s").write_text(text)
    assert read_scores(tmp_path / "s", 2) == [0.5, 0.25]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5\n", "1 score for 2 segments"),
        ("0.5\ngood\n", "line 2 ends with no number"),
        ("[0.5, null]", "no list of scores"),
        ('{"a": 3}', "no list of scores"),
        ("[1e999, 0]", "infinite"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s").write_text(text)
    with pytest.raises(InputError, match=message):
        read_scores(tmp_path / "s", 2)


def test_each_system_has_its_file_and_a_gap_stays_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\nnan\n")
    (tmp_path / "b").write_text("3\n4\n")
    given = parse([f"X:lower={tmp_path / 'a'}", f"X:lower={tmp_path / 'b'}"], 2)
    assert [(one.metric, one.better) for one in given] == [("X", "lower")]
    outputs = [Output(name, (Answer("p"), Answer("q"))) for name in ("one", "two")]
    first, second = with_scores(outputs, given)
    assert [answer.scores for answer in first.answers] == [(("X", 1.0),), ()]
    assert [answer.scores for answer in second.answers] == [(("X", 3.0),), (("X", 4.0),)]


@pytest.mark.parametrize("options", [["X"], ["=f"], ["X=f"]])
def test_the_option_names_metric_and_file_for_every_system(options: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(options, 2)
