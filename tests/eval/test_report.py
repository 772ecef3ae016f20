"""Evaluations, and what is printed and written of them."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from eval.baselines import baselines, oracle, published
from eval.datasets import Dataset, load
from eval.metrics import Options
from eval.report import folder, plots
from eval.report import formats as report
from eval.report import html as page
from eval.scoring import Answer, Cost, Evaluation, Output, evaluate
from eval.significance import Resampling
from service.document import Finding
from service.errors import InputError, UsageError
from tests.eval_data import GOOD, POOR, REFERENCES, SOURCES

PLAN = Resampling(resamples=100, trials=200)
DATA = Dataset("d<1>", "mt", tuple(REFERENCES), tuple(SOURCES), topics=("city", "sport & more") * 3)
COST = Cost(1.5, 2.0, 20.0, 25.0, 0.1, 0.2, 16, 300.0, "a processor, 2 cores, Linux")


def output(name: str, lines: list[str], cost: Cost | None = None, confidence: bool = False) -> Output:
    answers = (
        Answer(line, float(i) if confidence else None, None, None, 0.1) for i, line in enumerate(lines)
    )
    return Output(name, tuple(answers), f"preset:{name}", cost)


def look(source: str, target: str) -> tuple[Finding, ...]:
    return () if target else (Finding("empty.translation"),)


TWO = [output("good", GOOD), output("poor", POOR)]


def evaluation(names: tuple[str, ...] = ("BLEU", "chrF2")) -> Evaluation:
    outputs = [output("good", GOOD, COST), output("poor", POOR)]
    return evaluate(DATA, outputs, names, Options(plan=PLAN), look)


def test_the_document_has_the_agreed_shape() -> None:
    document = json.loads(report.as_json(evaluation()))
    assert document.keys() == {"systems", "comparisons", "subsets", "coverage", "notices", "skipped"}
    first = document["systems"][0]
    assert (first["name"], [score["name"] for score in first["scores"]]) == ("good", ["BLEU", "chrF2"])
    score = first["scores"][0]
    assert score["interval"][0] <= score["score"] <= score["interval"][1]
    assert score["signature"].endswith(f"|{DATA.signature}|preset:good")
    assert score["baselines"].keys() == {"copy-source"}
    assert "statistics" not in score
    pair = document["comparisons"][0]
    assert (pair["metric"], pair["a"], pair["b"]) == ("BLEU", "good", "poor")
    assert pair["difference"] == pytest.approx(score["score"] - document["systems"][1]["scores"][0]["score"])


def test_the_document_is_what_its_schema_says() -> None:
    jsonschema = importlib.import_module("jsonschema")
    schema = json.loads((files("eval") / "data" / "report.schema.json").read_text("utf-8"))
    named = Dataset("flores200-dev", "mt", tuple(REFERENCES), tuple(SOURCES))
    outputs = [output("good", GOOD, COST), output("poor", POOR)]
    for data in (DATA, named):
        one = evaluate(data, outputs, (), Options(plan=PLAN), look)
        for statistics in (False, True):
            document = json.loads(json.dumps(report.document(one, statistics)))
            jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"more": 1}, schema)


def test_every_form_names_systems_baseline_and_seed() -> None:
    one = evaluation()
    for form in ("text", "markdown", "latex"):
        printed = report.FORMATS[form](one)
        assert all(part in printed for part in ("good", "poor", "copy-source", "seed 12345")), form
    rows = list(csv.DictReader(io.StringIO(report.comma_separated(one))))
    assert {(row["system"], row["kind"]) for row in rows} == {
        ("good", "system"),
        ("poor", "system"),
        ("copy-source", "baseline"),
    }
    assert float(rows[0]["low"]) <= float(rows[0]["score"]) <= float(rows[0]["high"])


def test_latex_is_escaped() -> None:
    one = evaluate(DATA, [output("a_b & 50%", GOOD)], ["BLEU"], Options(plan=PLAN))
    assert r"a\_b \& 50\% &" in report.latex(one)
    assert r"$\pm$" in report.latex(one)


def test_the_findings_of_the_guard_are_counted_by_kind() -> None:
    one = evaluation(())
    assert [report.kinds(system) for system in one.systems] == [{}, {"empty": 1}]
    score = one.systems[1].score("findings-per-1000")
    assert score is not None
    assert score.score == pytest.approx(1000 / 6)


def test_what_the_data_cannot_serve_is_left_out_or_refused() -> None:
    bare = Dataset("d", "mt", tuple(REFERENCES))
    one = evaluate(bare, [output("good", GOOD)], (), Options(plan=PLAN))
    assert [skipped.split(":")[0] for skipped in one.skipped] == [
        "copy-rate",
        "numbers-kept",
        "findings-per-1000",
    ]
    with pytest.raises(UsageError, match="copy-rate needs sources"):
        evaluate(bare, [output("good", GOOD)], ["copy-rate"], Options(plan=PLAN))
    named = evaluate(bare, [output("good", GOOD)], ["copy-rate", "BLEU"], Options(plan=PLAN))
    assert [s.name for s in named.systems[0].scores] == ["BLEU"]
    assert named.skipped == ("copy-rate: no sources",)


def test_names_are_unique_and_something_must_be_counted() -> None:
    with pytest.raises(UsageError, match="two systems have one name"):
        evaluate(DATA, [output("a", GOOD), output("a", POOR)], ["BLEU"], Options(plan=PLAN))
    bare = Dataset("bare", "mt", ("a",), ("b",))
    with pytest.raises(InputError, match="bare holds nothing that numbers-kept could count"):
        evaluate(bare, [output("a", ["c"])], ["numbers-kept"], Options(plan=PLAN))


def test_the_page_knows_that_less_ter_is_better() -> None:
    html = page.render(evaluate(DATA, TWO, ["TER"], Options(plan=PLAN)), "")
    wins = html[html.index("good ahead") :].split("poor ahead")[0]
    assert "<h4>Line 6</h4>" in wins


@pytest.mark.parametrize("metric", ["length-ratio", "findings-per-1000"])
def test_what_is_no_percentage_has_no_histogram(metric: str) -> None:
    html = page.render(evaluate(DATA, TWO, [metric], Options(plan=PLAN), look), "")
    assert f"{metric} by source length" in html
    assert "How many segments" not in html


def test_a_missing_line_stops_the_run() -> None:
    with pytest.raises(InputError, match="d<1> has 6, good has 5; nothing was scored"):
        evaluate(DATA, [output("good", GOOD[:-1])], ["BLEU"], Options(plan=PLAN))


def test_summaries_stand_beside_leads_and_oracle() -> None:
    data = load("warta-bench-sum")
    texts = [body[0] for body in data.sentences]
    one = evaluate(data, [output("first", texts)], ["ROUGE-1", "novelty"], Options(plan=PLAN))
    by_name = {b.output.name: b for b in one.baselines}
    assert list(by_name) == ["Lead-1", "Lead-2", "Lead-3", "oracle"]

    def rouge(name: str) -> float:
        score = by_name[name].score("ROUGE-1")
        assert score is not None
        return score.score

    assert one.systems[0].scores[0].score == pytest.approx(rouge("Lead-1"))
    assert rouge("oracle") > max(map(rouge, ("Lead-1", "Lead-2", "Lead-3")))
    assert one.systems[0].scores[1].score == 0.0


@pytest.mark.parametrize(
    ("body", "reference", "chosen"),
    [
        (["cats purr", "dogs bark loudly", "fish swim"], "dogs bark and fish swim", [1, 2]),
        (["cats purr"], "nothing shared", []),
        ([], "anything", []),
    ],
)
def test_oracle(body: list[str], reference: str, chosen: list[int]) -> None:
    assert oracle(body, reference) == [body[i] for i in chosen]


def test_published_figures_are_marked_and_carry_their_source() -> None:
    rows = published("flores200-dev")
    assert ("Google", "BLEU", 47.5) in {(row.system, row.metric, row.score) for row in rows}
    assert all("firefox-translations" in row.source for row in rows)
    assert published("warta-bench") == ()
    named = Dataset("flores200-dev", "mt", tuple(REFERENCES), tuple(SOURCES))
    one = evaluate(named, [output("good", GOOD)], ["BLEU"], Options(plan=PLAN))
    assert "| Google (published) | 47.5 |" in report.markdown(one)


def test_baselines_need_sources() -> None:
    assert baselines(Dataset("d", "mt", ("a",))) == []
    assert baselines(Dataset("d", "sum", ("One.",), ("One. Two. Three. Four.",)))[1] == (
        "Lead-2",
        ("One.\nTwo.",),
    )


class Tags(HTMLParser):
    """Tag balance, identifiers and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "line", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def full_page() -> str:
    lines = [*GOOD, *GOOD]
    data = Dataset("<d>", "mt", (*REFERENCES, *REFERENCES), (*SOURCES, *SOURCES), ("city", "sport & co") * 6)
    outputs = [output("good & <b>", lines, COST, True), output("poor", [*POOR, *POOR], COST)]
    one = evaluate(data, outputs, (), Options(plan=PLAN), look)
    return page.render(one, "".join(folder.segment_lines(one)))


def test_the_page_is_well_formed_and_asks_for_nothing() -> None:
    html = full_page()
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "<script" not in html
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", html)
    assert "url(" not in html
    assert "default-src 'none'" in html
    ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
    targets = [a["href"] for tag, a in tags.found if tag == "a" and (a["href"] or "").startswith("#")]
    assert sorted(f"#{name}" for name in ids) == sorted(map(str, targets))
    assert all(attrs.get("aria-label") for tag, attrs in tags.found if tag == "svg" and "role" in attrs)


def test_the_page_escapes_and_shows_all_parts() -> None:
    html = full_page()
    assert "good &amp; &lt;b&gt;" in html
    assert "good & <b>" not in html
    for part in (
        "Largest wins",
        "What the guard found",
        "Speed against quality",
        "by topic",
        "Is the confidence",
    ):
        assert part in html
    assert "<del>" in html
    assert "<ins>" in html


def test_only_what_differs_is_marked() -> None:
    left, right = page.compared("the old <b> town", "the new <b> town")
    assert [(piece.text, piece.tag) for piece in left if piece.text.strip()] == [
        ("the", ""), ("old", "del"), ("<b> town", ""),
    ]  # fmt: skip
    assert [piece.text for piece in right if piece.tag] == ["new"]
    assert "".join(piece.text for piece in right) == "the new <b> town"
    assert page.compared("", "new") == ((), (page.Piece(""), page.Piece("new", "ins")))


def test_the_overview_opens_the_report_and_speaks_the_words_it_is_given() -> None:
    one = evaluation()
    assert page.overview(one).strip() in page.render(one, "")
    other = page.overview(one, {name: f"«{name}»" for name in page.WORDS} | {"plot": "«{metric}»"})
    assert "<caption>«scores»</caption>" in other
    assert "<figcaption>«chrF2»</figcaption>" in other
    assert "bootstrap" not in other


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (58.6, 71.2, [55, 60, 65, 70, 75]),
        (5.0, 5.0, [4, 4.5, 5, 5.5, 6]),
        (0.01, 0.02, [0.01, 0.012, 0.014, 0.016, 0.018, 0.02]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low: float, high: float, ticks: list[float]) -> None:
    assert plots._ticks(low, high) == pytest.approx(ticks)


def test_a_folder_is_read_back_as_it_was(tmp_path: Path) -> None:
    one = evaluation()
    folder.write(one, tmp_path / "one")
    dataset, outputs, names = folder.read(tmp_path / "one")
    assert (dataset.sha256, dataset.topics, names) == (DATA.sha256, DATA.topics, ["BLEU", "chrF2"])
    assert [o.texts for o in outputs] == [tuple(GOOD), tuple(POOR)]
    assert outputs[0].cost == COST
    assert {p.name for p in (tmp_path / "one").iterdir()} == {
        "report.json",
        "report.md",
        "report.html",
        "scores.csv",
        "segments.jsonl",
        "table.tex",
    }


def test_merging_keeps_names_apart_and_refuses_other_text(tmp_path: Path) -> None:
    folder.write(evaluation(), tmp_path / "one")
    folder.write(evaluation(), tmp_path / "two")
    _, outputs, _ = folder.merge([tmp_path / "one", tmp_path / "two"])
    assert [o.name for o in outputs] == ["one/good", "one/poor", "two/good", "two/poor"]
    other = Dataset("d", "mt", tuple(REFERENCES))
    folder.write(evaluate(other, [output("good", GOOD)], ["BLEU"], Options(plan=PLAN)), tmp_path / "three")
    with pytest.raises(InputError, match="three scored other text than"):
        folder.merge([tmp_path / "one", tmp_path / "three"])


@pytest.mark.parametrize("content", ["", "[]", '{"systems": 3}'])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(InputError, match=r"report\.json is (?:not JSON|no report)"):
        folder.read_report(tmp_path)
