"""Blind sheets and what filled ones say, against figures made by hand or taken from the literature."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.rating import (
    Key,
    Rating,
    as_csv,
    as_text,
    draw,
    evaluate,
    key,
    krippendorff,
    read_key,
    read_ratings,
    sign_test,
)
from eval.report.sheet import render
from eval.scoring import Answer, Output
from eval.significance import Resampling
from service.errors import InputError, Mismatch, UsageError
from tests.eval_data import GOOD, POOR, REFERENCES, SOURCES, written

PLAN = Resampling(resamples=200, trials=200)
SAME = [*POOR[:4], GOOD[4], GOOD[5]]


def outputs(second: list[str] = POOR) -> tuple[Output, Output]:
    return Output("good", tuple(map(Answer, GOOD))), Output("poor", tuple(map(Answer, second)))


def filled(folder: Path, rater: str, sheet_csv: str, choose: dict[int, tuple[str, str, str]]) -> Path:
    """A sheet with the choices of one rater: better, score A, score B by item."""
    rows = list(csv.reader(io.StringIO(sheet_csv)))
    for row in rows[1:]:
        row[4:7] = choose.get(int(row[0]), ("", "", ""))
    path = folder / f"{rater}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_sheet_is_blind_shuffled_and_leaves_out_what_is_the_same() -> None:
    sheet = draw(SOURCES, REFERENCES, outputs(SAME), 50, seed=3)
    assert (len(sheet.items), sheet.same) == (4, 2)
    assert sum(item.swapped for item in sheet.items) == 2
    for item in sheet.items:
        pair = (GOOD[item.line - 1], SAME[item.line - 1])
        assert (item.a, item.b) == (pair[::-1] if item.swapped else pair)
    for text in (as_csv(sheet), render(sheet, references=True)):
        assert "good" not in text.replace("equally good", "").replace("best seller", "")
        assert "poor" not in text
    assert draw(SOURCES, REFERENCES, outputs(SAME), 50, seed=3) == sheet
    assert draw(SOURCES, REFERENCES, outputs(SAME), 2, seed=4).items != sheet.items
    with pytest.raises(InputError, match="do not differ"):
        draw(SOURCES, REFERENCES, outputs(GOOD), 5, seed=3)


def test_the_page_runs_one_script_and_asks_for_nothing() -> None:
    sheet = draw(["<b>&"] * 6, REFERENCES, outputs(), 5, seed=1)
    html = render(sheet, references=False)
    assert "&lt;b&gt;&amp;" in html
    assert html.count("<script>") == 1
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'", html)
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)|https?://|fetch\(", html)
    assert REFERENCES[0] not in html
    assert html.count('type="radio"') == 15


def test_filled_sheets_come_back_by_system(tmp_path: Path) -> None:
    sheet = draw(SOURCES, REFERENCES, outputs(), 6, seed=5)
    own = read_key(written(tmp_path, "key.json", [key(sheet)]))
    best = {n: ("b" if item.swapped else "A", "", "") for n, item in enumerate(sheet.items, 1)}
    scored = {n: ("=", "40", "90") if i.swapped else ("=", "90", "40") for n, i in enumerate(sheet.items, 1)}
    ratings = [
        *read_ratings(filled(tmp_path, "ana", as_csv(sheet), best), own),
        *read_ratings(filled(tmp_path, "budi", as_csv(sheet), scored), own),
    ]
    outcome = evaluate(own, ratings, PLAN)
    assert outcome.raters == ("ana", "budi")
    assert outcome.preferences is not None
    assert (outcome.preferences.first, outcome.preferences.second) == (6, 0)
    assert outcome.preferences.p == pytest.approx(2 / 64)
    assert outcome.preferences.agreement == 0
    assert outcome.scores is not None
    assert (outcome.scores.first, outcome.scores.second) == (90, 40)
    assert outcome.scores.p < 0.1
    assert outcome.scores.alpha is None
    assert "preferred: good in 6, poor in 0, equal in 0; sign test p=0.0312" in as_text(outcome)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("C", "", ""), "line 2: better is A, B or =, not 'c'"),
        (("A", "50", ""), "line 2: both scores are numbers"),
        (("A", "50", "101"), "line 2: a score lies between 0 and 100"),
        (("A", "x", "1"), "line 2: both scores are numbers"),
    ],
)
def test_a_wrong_answer_is_named(tmp_path: Path, row: tuple[str, str, str], message: str) -> None:
    sheet = draw(SOURCES, REFERENCES, outputs(), 6, seed=5)
    own = read_key(written(tmp_path, "key.json", [key(sheet)]))
    with pytest.raises(InputError, match=message):
        read_ratings(filled(tmp_path, "ana", as_csv(sheet), {1: row}), own)


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    sheet, other = (draw(SOURCES, REFERENCES, outputs(), 6, seed=seed) for seed in (1, 2))
    own = read_key(written(tmp_path, "key.json", [key(sheet)]))
    with pytest.raises(Mismatch, match="is of sheet"):
        read_ratings(filled(tmp_path, "ana", as_csv(other), {}), own)
    with pytest.raises(InputError, match="no key of a rating sheet"):
        read_key(written(tmp_path, "k2.json", ["{}"]))
    with pytest.raises(InputError, match="no such item"):
        read_ratings(written(tmp_path, "a.csv", ["item,better", "0,A"]), own)
    with pytest.raises(InputError, match="nothing was rated"):
        evaluate(own, read_ratings(filled(tmp_path, "b", as_csv(sheet), {}), own), PLAN)
    twice = [Rating("ana", 1, 1, None)] * 2
    with pytest.raises(UsageError, match="rates item 1 twice"):
        evaluate(own, twice, PLAN)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1.0), (3, 3, 1.0), (6, 0, 2 / 64), (9, 1, 22 / 1024), (1, 9, 22 / 1024)]
)
def test_sign_test(first: int, second: int, p: float) -> None:
    assert sign_test(first, second) == pytest.approx(p)


# The example of Krippendorff's "Computing Krippendorff's Alpha-Reliability" (2011), section C: four
# observers, twelve units, values missing; alpha is 0.743 for nominal and 0.849 for interval data.
FOUR = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_is_the_published_one() -> None:
    units = [[float(row[i]) for row in FOUR if row[i] is not None] for i in range(12)]  # type: ignore[arg-type]
    nominal = krippendorff(units, lambda a, b: float(a != b))
    interval = krippendorff(units, lambda a, b: (a - b) ** 2)
    assert nominal is not None
    assert interval is not None
    assert round(nominal, 3) == 0.743
    assert round(interval, 3) == 0.849
    assert krippendorff([[1.0], [2.0]], math.dist) is None  # type: ignore[arg-type]


def test_ties_between_raters_are_equal() -> None:
    own = Key("s", ("a", "b"), 0, (False, False))
    ratings = [Rating("x", 1, 1, None), Rating("y", 1, -1, None), Rating("x", 2, -1, None)]
    outcome = evaluate(own, ratings, PLAN)
    assert outcome.preferences is not None
    assert (outcome.preferences.first, outcome.preferences.second, outcome.preferences.equal) == (0, 1, 1)
    assert outcome.scores is None


def test_the_commands_go_from_report_to_outcome(tmp_path: Path) -> None:
    def call(*arguments: object) -> str:
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        assert result.exit_code == 0, result.exception
        return result.stdout

    files = {
        name: written(tmp_path, name, lines)
        for name, lines in {"src": SOURCES, "ref": REFERENCES, "good": GOOD, "poor": POOR}.items()
    }
    base = ["--ref", files["ref"], "--src", files["src"], "--metrics", "BLEU", "--resamples", 100]
    call("score", "--hyp", files["good"], "--hyp", files["poor"], *base, "--out", tmp_path / "report")
    said = call("sheet", tmp_path / "report", "--out", tmp_path / "sheet.csv", "--count", 4)
    assert "4 items of good and poor" in said
    call(
        "sheet", tmp_path / "report", "--out", tmp_path / "page.html", "--system", "poor", "--system", "good"
    )
    swapped = [item["swapped"] for item in json.loads((tmp_path / "page.key.json").read_text())["items"]]
    assert len(swapped) == 6
    call("sheet", tmp_path / "report", "--out", tmp_path / "again.csv", "--count", 4)
    marks = json.loads((tmp_path / "again.key.json").read_text())["items"]
    choices = {n: ("B" if m["swapped"] else "A", "", "") for n, m in enumerate(marks, 1)}
    done = filled(tmp_path, "ana", (tmp_path / "again.csv").read_text(), choices)
    outcome = json.loads(call("rate", tmp_path / "again.key.json", done, "--format", "json"))
    assert outcome["preferences"]["first"] == 4
    error = CliRunner().invoke(
        app, ["sheet", str(tmp_path / "report"), "--out", "s.html", "--system", "good"]
    )
    assert "a sheet compares two systems" in str(error.exception)
    # The same sheet in its other form has the same key; another one would make the first unreadable.
    call("sheet", tmp_path / "report", "--out", tmp_path / "sheet.html", "--count", 4)
    other = ["sheet", str(tmp_path / "report"), "--out", str(tmp_path / "sheet.csv"), "--count", "3"]
    assert "is the key of another sheet" in str(CliRunner().invoke(app, other).exception)


def test_rated_errors_come_out_as_they_went_in(tmp_path: Path) -> None:
    def call(*arguments: object) -> str:
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        assert result.exit_code == 0, result.exception
        return result.stdout

    head = "system\tdoc\tseg_id\trater\tsource\ttarget\tcategory\tseverity"
    marked = GOOD[0].replace("Senen", "<v>Senen</v>", 1)
    rows = [head, f"good\tr\t1\tx\t{SOURCES[0]}\t{marked}\tAccuracy/Mistranslation\tmajor"]
    mqm = written(tmp_path, "m.tsv", rows)
    files = [
        written(tmp_path, name, lines) for name, lines in (("good", GOOD), ("r", REFERENCES), ("s", SOURCES))
    ]
    base = ["--hyp", files[0], "--ref", files[1], "--src", files[2], "--metrics", "BLEU"]
    call("score", *base, "--spans", mqm, "--out", tmp_path / "report")
    lines = call("spans", tmp_path / "report", "--format", "mqm").split("\n")
    assert lines[1].split("\t")[3:] == rows[1].split("\t")[3:]
    # What nobody looked at is not written as if it had no errors.
    assert lines[2:] == [""]
    error = CliRunner().invoke(app, ["spans", str(tmp_path / "report"), "--format", "esa"])
    assert "nothing in it is rated as ESA" in str(error.exception)
    # Whoever found nothing counts in the score, and each rater's own score is kept.
    rows.append(f"good\tr\t1\ty\t{SOURCES[0]}\t{GOOD[0]}\tNo-error\tno-error")
    esa = ["system\tdoc\tseg_id\trater\tsource\ttarget\tscore\terror_spans"]
    esa += [
        f"good\tr\t1\t{rater}\t{SOURCES[0]}\t{GOOD[0]}\t{score}\t[]"
        for rater, score in (("x", 60), ("y", 81))
    ]
    for form, given in (("mqm", rows), ("esa", esa)):
        call("score", *base, "--spans", written(tmp_path, f"{form}.tsv", given), "--out", tmp_path / form)
        lines = call("spans", tmp_path / form, "--format", form).splitlines()
        assert [line.split("\t")[3:] for line in lines] == [line.split("\t")[3:] for line in given]
