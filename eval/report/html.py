"""The report as one self-contained HTML page: no script, no request, light and dark, fit to print.

What is shown is put together here as plain values; the templates beside this module have all the HTML, and
escape every value. ``overview.html``, the scores and their plot, is also what the page's Evaluate tab shows.
"""

from __future__ import annotations

import base64
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from eval.report import formats as report
from eval.report import sections
from eval.report.figures import figures, segment_scores, shown_metric
from eval.scoring import Evaluation, Score, Scored
from eval.significance import Array
from eval.spans import Span

if TYPE_CHECKING:
    from jinja2 import Environment

_EXAMPLES = 5
SECTIONS: Mapping[str, str] = {
    "scores": "Scores",
    "problems": "Problems in the text",
    "differences": "Which differences are real",
    "plots": "Where the systems differ",
    "examples": "Largest wins and losses",
    "parts": "Parts of the data, and confidence",
    "spans": "Errors that raters marked",
    "findings": "What the guard found",
    "cost": "Speed and cost",
    "downloads": "Downloads and signatures",
}
WORDS: Mapping[str, str] = {
    "scores": "Scores with their 95 % bootstrap intervals; the best in bold, ↑ more is better, ↓ less is",
    "system": "system",
    "plot": "{metric} and its 95 % interval",
    "best": "best",
    "tied": "not significantly different from the best",
    "baseline": "baseline",
    "published": "published",
}
"""What the overview says; the page gives its own in the reader's language."""


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("eval.report") / "templates"
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def overview(evaluation: Evaluation, words: Mapping[str, str] = WORDS) -> str:
    """Return the scores and the first metric's intervals as HTML."""
    template = _templates().get_template("overview.html")
    return template.render(words=words, scores=_scores(evaluation), chart=_chart(evaluation))


def render(evaluation: Evaluation, segments: str) -> str:
    """Return the page; ``segments`` is the JSONL offered for download."""
    shown = {
        "problems": [*evaluation.problems, *(p for s in evaluation.systems for p in s.problems)],
        "differences": _differences(evaluation),
        "plots": figures(evaluation),
        "examples": _examples(evaluation),
        "parts": sections.tables(evaluation),
        "spans": [_marked_segment(one) for one in sections.marked_segments(evaluation)],
        "findings": _findings(evaluation),
        "cost": _cost(evaluation),
        "downloads": _downloads(evaluation, segments),
    }
    return _templates().get_template("report.html").render(
        name=evaluation.dataset.name,
        about=_about(evaluation),
        style=(files("eval") / "data" / "page.css").read_text("utf-8"),
        contents={key: title for key, title in SECTIONS.items() if shown.get(key, True)},
        words=WORDS,
        scores=_scores(evaluation),
        chart=_chart(evaluation),
        notes=report.notes(evaluation),
        signatures=[
            (f"{s.output.name}, {score.name}", score.signature)
            for s in evaluation.systems
            for score in s.scores
        ],
        **shown,
    )  # fmt: skip


def _about(evaluation: Evaluation) -> list[str]:
    dataset = evaluation.dataset
    facts = [f"{len(dataset.references):,} segments", f"SHA-256 {dataset.sha256[:12]}…"]
    return facts + [text for text in (dataset.licence, dataset.citation) if text]


# --- the overview ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A score as it is printed; ``tied`` is the sign of one that is not significantly below the best."""

    value: str
    interval: str = ""
    best: bool = False
    tied: str = ""


@dataclass(frozen=True, slots=True)
class SystemScores:
    """A system's scores, None where it has none; ``note`` names in WORDS what it is beside a system."""

    name: str
    note: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """The table of scores; each of ``metrics`` has an arrow for its better side."""

    metrics: tuple[str, ...]
    rows: tuple[SystemScores, ...]


def _scores(evaluation: Evaluation) -> Scores:
    names = report.metric_names(evaluation)
    tops = {name: report.best(evaluation, name) for name in names}
    ties = {name: report.tied(evaluation, name) for name in names}
    better = {s.name: s.better for system in evaluation.systems for s in system.scores}

    def cell(score: Score | None, system: str = "") -> Cell | None:
        if score is None:
            return None
        places = sections.digits(score.name)
        low, high = (f"{bound:.{places}f}" for bound in score.interval)
        best = bool(system) and tops[score.name] == system
        tied = report.TIED if system in ties[score.name] else ""
        return Cell(f"{score.score:.{places}f}", f"{low} to {high}", best, tied)

    rows = [
        SystemScores(s.output.name, "", tuple(cell(s.score(n), s.output.name) for n in names))
        for s in evaluation.systems
    ]
    rows += [
        SystemScores(b.output.name, "baseline", tuple(cell(b.score(n)) for n in names))
        for b in evaluation.baselines
    ]
    for system in dict.fromkeys(p.system for p in evaluation.published):
        figures = {p.metric: Cell(f"{p.score:g}") for p in evaluation.published if p.system == system}
        rows.append(SystemScores(system, "published", tuple(map(figures.get, names))))
    return Scores(tuple(f"{name} {report.ARROWS[better[name]]}".strip() for name in names), tuple(rows))


@dataclass(frozen=True, slots=True)
class Bar:
    """A system's score as a point on its interval; the places are percentages of the plot's width."""

    name: str
    score: str
    interval: str
    start: str
    middle: str
    end: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric of every system that has it."""

    metric: str
    bars: tuple[Bar, ...]


def _chart(evaluation: Evaluation) -> Chart:
    metric = shown_metric(evaluation.systems[0])
    scores = [(s.output.name, score) for s in evaluation.systems if (score := s.score(metric))]
    lowest = min(score.interval[0] for _, score in scores)
    highest = max(score.interval[1] for _, score in scores)
    width = (highest - lowest) or 1.0
    places = sections.digits(metric)

    def at(value: float) -> str:
        return f"{100 * (value - lowest + width * 0.1) / (width * 1.2):.2f}"

    return Chart(
        metric,
        tuple(
            Bar(
                name,
                f"{score.score:.{places}f}",
                f"{score.interval[0]:.{places}f}–{score.interval[1]:.{places}f}",
                *map(at, (score.interval[0], score.score, score.interval[1])),
            )
            for name, score in scores
        ),
    )


# --- tables ------------------------------------------------------------------------------------


def _differences(evaluation: Evaluation) -> list[tuple[str, sections.Table]]:
    """Return for each metric the table of every pair of systems."""
    header = ("pair", "difference", "95 % interval", "bootstrap p", "randomisation p", "Holm p", "verdict")
    tables = []
    for name in report.metric_names(evaluation):
        rows = tuple(
            (
                f"{c.a} − {c.b}",
                f"{c.difference:+.2f}",
                f"{c.interval[0]:+.2f} to {c.interval[1]:+.2f}",
                *(f"{p:.4f}" for p in (c.p_bootstrap, c.p_randomisation, c.p_holm)),
                report.verdict(c),
            )
            for c in evaluation.comparisons
            if c.metric == name
        )
        if rows:
            tables.append((name, sections.Table(f"{name}: every pair of systems", header, rows)))
    return tables


def _findings(evaluation: Evaluation) -> list[sections.Table]:
    """Return how many findings each system has by kind; no table where no line was checked."""
    counts = {s.output.name: report.kinds(s) for s in evaluation.systems if s.findings}
    if not counts:
        return []
    found = tuple(dict.fromkeys(kind for kinds in counts.values() for kind in kinds))
    rows = tuple((name, *(str(kinds.get(kind, 0)) for kind in found)) for name, kinds in counts.items())
    return [sections.Table("Findings by kind", ("system", *found), rows)]


def _cost(evaluation: Evaluation) -> list[sections.Table]:
    header = (
        "system", "words/s", "tokens/s (13a)", "p50 s", "p95 s", "batch", "load s", "peak MB", "hardware",
    )  # fmt: skip
    rows = tuple(
        (
            s.output.name,
            f"{c.words_per_second:.1f}",
            f"{c.tokens_per_second:.1f}",
            f"{c.p50_seconds:.3f}",
            f"{c.p95_seconds:.3f}",
            str(c.batch),
            f"{c.load_seconds:.1f}",
            f"{c.peak_megabytes:.0f}" if c.peak_megabytes is not None else "–",
            c.hardware,
        )
        for s in evaluation.systems
        if (c := s.output.cost) is not None
    )
    caption = "Measured in the run; a segment's seconds are its batch's share"
    return [sections.Table(caption, header, rows)] if rows else []


# --- texts with marks --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a text and the element they stand in: ``del``, ``ins``, ``mark`` with a severity, or none."""

    text: str
    tag: str = ""
    severity: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class MarkedSegment:
    """A rated segment with its errors marked; ``whole`` are errors of no single place."""

    line: int
    system: str
    scores: str
    source: tuple[Piece, ...]
    target: tuple[Piece, ...]
    whole: tuple[Piece, ...]


def _marked_segment(one: sections.Marked) -> MarkedSegment:
    return MarkedSegment(
        one.line,
        one.system,
        " · ".join(f"{name} {value:g}" for name, value in one.scores),
        tuple(_piece(*piece) for piece in one.source) if one.source != (("", None),) else (),
        tuple(_piece(*piece) for piece in one.target),
        tuple(_piece(_named(span), span) for span in one.whole),
    )


def _piece(text: str, span: Span | None) -> Piece:
    if span is None:
        return Piece(text)
    severity = span.severity if span.severity in ("minor", "major", "critical") else "neutral"
    return Piece(text, "mark", severity, _named(span))


def _named(span: Span) -> str:
    return ", ".join(filter(None, (span.category, span.severity, span.rater)))


def compared(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces, the words that only one has marked: ``del`` left, ``ins`` right."""
    a, b = left.split(), right.split()
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for kind, i, j, k, m in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        for side, words, tag in ((sides[0], a[i:j], "del"), (sides[1], b[k:m], "ins")):
            if words:
                space = " " if side else ""
                side += [Piece(space), Piece(" ".join(words), "" if kind == "equal" else tag)]
    return tuple(sides[0]), tuple(sides[1])


# --- wins and losses ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """One system's answer to a segment."""

    system: str
    score: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A segment as two systems have it."""

    line: int
    source: str
    reference: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two systems, and under a title each the segments where one or the other is ahead."""

    top: str
    other: str
    groups: tuple[tuple[str, tuple[Case, ...]], ...]


def _examples(evaluation: Evaluation) -> list[Pair]:
    """Return the best system by the first metric against every other."""
    systems = evaluation.systems
    if len(systems) < 2:
        return []
    top = report.best(evaluation, report.metric_names(evaluation)[0]) or systems[0].output.name
    first = next(s for s in systems if s.output.name == top)
    return [_pair(evaluation, first, other) for other in systems if other is not first]


def _pair(evaluation: Evaluation, first: Scored, other: Scored) -> Pair:
    shown = first.score(shown_metric(first))
    sign = -1 if shown is not None and shown.better == "lower" else 1
    scores = segment_scores(first), segment_scores(other)
    gap = sign * (scores[0] - scores[1])
    order = np.argsort(-gap, kind="stable")
    wins = [int(i) for i in order[:_EXAMPLES] if gap[i] > 0]
    losses = [int(i) for i in order[::-1][:_EXAMPLES] if gap[i] < 0]
    names = first.output.name, other.output.name
    groups = tuple(
        (f"{name} ahead", tuple(_case(evaluation, (first, other), scores, i) for i in lines))
        for name, lines in zip(names, (wins, losses), strict=True)
        if lines
    )
    return Pair(*names, groups)


def _case(evaluation: Evaluation, pair: tuple[Scored, Scored], scores: tuple[Array, Array], i: int) -> Case:
    dataset = evaluation.dataset
    marked = compared(*(s.output.texts[i] for s in pair))
    sides = tuple(
        Side(s.output.name, f"{own[i]:.1f}", text) for s, own, text in zip(pair, scores, marked, strict=True)
    )
    return Case(i + 1, dataset.sources[i] if dataset.sources else "", dataset.references[i], sides)


# --- downloads ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the page itself holds, in base 64."""

    name: str
    kind: str
    size: str
    data: str


def _downloads(evaluation: Evaluation, segments: str) -> list[Download]:
    return [
        _download("scores.csv", "text/csv", report.comma_separated(evaluation)),
        _download("segments.jsonl", "application/x-ndjson", segments),
    ]


def _download(name: str, kind: str, text: str) -> Download:
    data = text.encode()
    return Download(name, kind, f"{len(data) / 1000:,.0f} kB", base64.b64encode(data).decode())
