"""An evaluation as text, JSON, CSV, Markdown and LaTeX. The HTML page is :mod:`eval.report.html`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from eval import subsets
from eval.datasets import Task
from eval.metrics import Better
from eval.report import sections
from eval.report.sections import digits
from eval.scoring import Comparison, Evaluation, Score, Scored
from service.escape import cell as safe
from service.escape import markdown_line

ARROWS: Mapping[str, str] = {"higher": "↑", "lower": "↓", "neither": ""}
TIED = "†"


def number(score: Score) -> str:
    """Return the score and half its interval: ``39.5 ±1.2``."""
    low, high = score.interval
    places = digits(score.name)
    return f"{score.score:.{places}f} ±{(high - low) / 2:.{places}f}"


def metric_names(evaluation: Evaluation) -> list[str]:
    """Return the metrics any system has, in order."""
    return list(dict.fromkeys(score.name for system in evaluation.systems for score in system.scores))


def best(evaluation: Evaluation, metric: str) -> str | None:
    """Return the name of the system with the best score; ``None`` for a metric without a better side."""
    scores = [(s.output.name, score) for s in evaluation.systems if (score := s.score(metric))]
    if len(scores) < 2 or scores[0][1].better == "neither":
        return None
    sign = 1 if scores[0][1].better == "higher" else -1
    return max(scores, key=lambda row: sign * row[1].score)[0]


def tied(evaluation: Evaluation, metric: str) -> set[str]:
    """Return the systems whose distance from the best one is not significant."""
    top = best(evaluation, metric)
    pairs = [c for c in evaluation.comparisons if c.metric == metric and not c.significant]
    return {name for c in pairs if top in (c.a, c.b) for name in (c.a, c.b)} - {top} if top else set()


def kinds(system: Scored) -> dict[str, int]:
    """Return how many findings of each kind the guard has, the most frequent first."""
    counted = Counter(finding.kind for found in system.findings for finding in found)
    return dict(counted.most_common())


# --- JSON --------------------------------------------------------------------------------------


class ScoreEntry(TypedDict, total=False):
    """A metric of a system in ``report.json``; ``statistics`` is its table, a row a segment."""

    name: str
    score: float
    interval: Sequence[float]
    signature: str
    better: Better
    baselines: dict[str, float]
    published: list[dict[str, object]]
    statistics: list[list[float]]


class DataEntry(TypedDict, total=False):
    """The text that was scored."""

    name: str
    task: Task
    segments: int
    references: int
    sha256: str


class SystemEntry(TypedDict, total=False):
    """A system in ``report.json``."""

    name: str
    scores: list[ScoreEntry]
    signature: str
    data: DataEntry
    problems: list[dict[str, object]]
    findings: dict[str, int]
    cost: dict[str, Any] | None


class Report(TypedDict, total=False):
    """``report.json``; ``eval/data/report.schema.json`` is its JSON schema."""

    systems: list[SystemEntry]
    comparisons: list[dict[str, object]]
    subsets: list[dict[str, object]]
    coverage: list[dict[str, object]]
    notices: list[str]
    skipped: list[str]


def document(evaluation: Evaluation, statistics: bool = False) -> Report:
    """Return the evaluation as the JSON schema of ``docs/evaluation.md`` has it.

    With ``statistics`` every score carries its per-segment table, which ``gate`` and ``compare`` need
    for paired tests.
    """
    return {
        "systems": [_system(evaluation, system, statistics) for system in evaluation.systems],
        "comparisons": [_comparison(c) for c in evaluation.comparisons],
        "subsets": [asdict(part) | {"interval": list(part.interval)} for part in subsets.parts(evaluation)],
        "coverage": [asdict(row) for system in evaluation.systems for row in subsets.coverage(system)],
        "notices": list(evaluation.notices),
        "skipped": list(evaluation.skipped),
    }


def _system(evaluation: Evaluation, system: Scored, statistics: bool) -> SystemEntry:
    dataset, output = evaluation.dataset, system.output
    return {
        "name": output.name,
        "scores": [_score(evaluation, score, statistics) for score in system.scores],
        "signature": output.signature,
        "data": {
            "name": dataset.name,
            "task": dataset.task,
            "segments": len(dataset.references),
            "references": len(dataset.all_references),
            "sha256": dataset.sha256,
        },
        "problems": [asdict(p) for p in (*evaluation.problems, *system.problems)],
        "findings": kinds(system),
        "cost": asdict(output.cost) if output.cost else None,
    }


def _score(evaluation: Evaluation, score: Score, statistics: bool) -> ScoreEntry:
    beside = {b.output.name: own.score for b in evaluation.baselines if (own := b.score(score.name))}
    entry: ScoreEntry = {
        "name": score.name,
        "score": score.score,
        "interval": list(score.interval),
        "signature": score.signature,
        "better": score.better,
        "baselines": beside,
        "published": [asdict(row) for row in evaluation.published if row.metric == score.name],
    }
    if statistics:
        entry["statistics"] = score.statistics.tolist()
    return entry


def _comparison(comparison: Comparison) -> dict[str, object]:
    entry = asdict(comparison)
    return entry | {"interval": list(comparison.interval)}


# --- tables ------------------------------------------------------------------------------------


def _rows(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the score table; published figures have no interval."""
    names = metric_names(evaluation)
    better = {s.name: s.better for system in evaluation.systems for s in system.scores}
    header = ["system", *(f"{name} {ARROWS[better[name]]}".strip() for name in names)]
    ties = {name: tied(evaluation, name) for name in names}
    rows = []
    for system, note in [(s, "") for s in evaluation.systems] + [
        (b, " (baseline)") for b in evaluation.baselines
    ]:
        cells = [system.output.name + note]
        for name in names:
            score = system.score(name)
            mark = TIED if not note and system.output.name in ties[name] else ""
            cells.append(number(score) + mark if score else "–")
        rows.append(cells)
    for row in dict.fromkeys(row.system for row in evaluation.published):
        figures = {p.metric: p.score for p in evaluation.published if p.system == row}
        cells = [f"{figures[n]:g}" if n in figures else "–" for n in names]
        rows.append([f"{row} (published)", *cells])
    return header, rows


def verdict(c: Comparison) -> str:
    """Return whether the difference is significant, in words."""
    return "significant" if c.significant else "not significant"


def notes(evaluation: Evaluation) -> list[str]:
    """Return what a reader of the table must know, one line each."""
    plan, dataset = evaluation.plan, evaluation.dataset
    lines = [
        f"{len(dataset.references)} segments, {dataset.signature}; ± is half the 95 % interval of "
        f"{plan.resamples} bootstrap resamples, seed {plan.seed}",
    ]
    if evaluation.comparisons:
        lines.append(
            f"{TIED} not significantly different from the best (approximate randomisation, "
            f"{plan.trials} trials, Holm-corrected over all pairs, level {plan.alpha})"
        )
    lines += [f"{p.system} ({p.metric}) as published by {p.source}" for p in evaluation.published[:1]]
    lines += [
        f"{s.output.name}: {c.words_per_second:.1f} words/s, {c.tokens_per_second:.1f} tokens/s (13a), "
        f"p50 {c.p50_seconds:.3f} s, p95 {c.p95_seconds:.3f} s a segment in batches of {c.batch}, "
        f"loaded in {c.load_seconds:.1f} s, peak {c.peak_megabytes or 0:,.0f} MB, {c.hardware}"
        for s in evaluation.systems
        if (c := s.output.cost)
    ]
    lines += [f"left out: {skipped}" for skipped in evaluation.skipped]
    return [*lines, *evaluation.notices]


def signatures(evaluation: Evaluation) -> list[str]:
    """Return what every score has in common once, by metric; then what made each system, where it is
    known.
    """
    first = evaluation.systems[0]
    own = f"|{first.output.signature}" if first.output.signature else ""
    lines = [f"{score.name}: {score.signature.removesuffix(own)}" for score in first.scores]
    return lines + [
        f"{s.output.name}: {s.output.signature}" for s in evaluation.systems if s.output.signature
    ]


def _main_comparisons(evaluation: Evaluation) -> list[Comparison]:
    """Return the comparisons of the first metric; the JSON has them all."""
    return [c for c in evaluation.comparisons if c.metric == metric_names(evaluation)[0]]


def text(evaluation: Evaluation) -> str:
    """Return, for a terminal, the table, its notes, the first metric's comparisons, the signatures."""
    lines = columns(*_rows(evaluation))
    lines += ["", *notes(evaluation)]
    if evaluation.comparisons:
        lines.append("")
    for c in _main_comparisons(evaluation):
        low, high = c.interval
        lines.append(
            f"{c.metric}: {c.a} − {c.b} = {c.difference:+.2f} [{low:+.2f}, {high:+.2f}], "
            f"bootstrap p={c.p_bootstrap:.4f}, "
            f"randomisation p={c.p_randomisation:.4f}, Holm p={c.p_holm:.4f}: {verdict(c)}"
        )
    for table in sections.tables(evaluation):
        lines += ["", table.caption, *columns(table.header, table.rows)]
    lines += ["", *signatures(evaluation)]
    return "\n".join(lines) + "\n"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of equal width: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in (header, *rows)
    ]


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[markdown_line(cell) for cell in row] for row in (header, *rows)]
    lines = [cells[0], ["---"] + ["---:"] * (len(header) - 1), *cells[1:]]
    return ["| " + " | ".join(line) + " |" for line in lines]


def markdown(evaluation: Evaluation) -> str:
    """Return tables for a README or an issue."""
    header, rows = _rows(evaluation)
    lines = [*markdown_table(header, rows), "", *(f"- {markdown_line(note)}" for note in notes(evaluation))]
    if evaluation.comparisons:
        head = [
            "metric",
            "pair",
            "difference",
            "95 % interval",
            "bootstrap p",
            "randomisation p",
            "Holm p",
            "",
        ]
        body = [
            [
                c.metric,
                f"{c.a} − {c.b}",
                f"{c.difference:+.2f}",
                f"[{c.interval[0]:+.2f}, {c.interval[1]:+.2f}]",
                f"{c.p_bootstrap:.4f}",
                f"{c.p_randomisation:.4f}",
                f"{c.p_holm:.4f}",
                verdict(c),
            ]
            for c in _main_comparisons(evaluation)
        ]
        lines += ["", *markdown_table(head, body)]
    for extra in sections.tables(evaluation):
        lines += ["", f"**{markdown_line(extra.caption)}**", ""]
        lines += markdown_table(extra.header, extra.rows)
    problems = (*evaluation.problems, *(p for s in evaluation.systems for p in s.problems))
    lines += ["", *(f"- {markdown_line(str(problem))}" for problem in problems)] if problems else []
    lines += ["", *(f"- {markdown_line(line)}" for line in signatures(evaluation))]
    return "\n".join(lines) + "\n"


def latex(evaluation: Evaluation) -> str:
    """Return a booktabs table."""
    header, rows = _rows(evaluation)
    symbols = {"↑": r"$\uparrow$", "↓": r"$\downarrow$", "±": r"$\pm$", TIED: r"$^\dagger$", "–": "--"}
    special = {c: "\\" + c for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    table = str.maketrans(special | symbols | {"\\": r"\textbackslash{}"})
    lines = [" & ".join(cell.translate(table) for cell in row) + r" \\" for row in (header, *rows)]
    body = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    caption = [f"% {note}" for note in notes(evaluation)]
    columns = "l" + "r" * (len(header) - 1)
    return "\n".join([*caption, rf"\begin{{tabular}}{{{columns}}}", *body, r"\end{tabular}"]) + "\n"


def comma_separated(evaluation: Evaluation) -> str:
    """Return one row a system and metric, in full precision."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["system", "kind", "metric", "score", "low", "high", "better", "signature"])
    for kind, systems in (("system", evaluation.systems), ("baseline", evaluation.baselines)):
        for system in systems:
            for s in system.scores:
                name, signature = safe(system.output.name), safe(s.signature)
                writer.writerow([name, kind, s.name, s.score, *s.interval, s.better, signature])
    for p in evaluation.published:
        writer.writerow([safe(p.system), "published", p.metric, p.score, "", "", "", safe(p.source)])
    return stream.getvalue()


def as_json(evaluation: Evaluation) -> str:
    """Return the document without statistics, indented."""
    return json.dumps(document(evaluation), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Callable[[Evaluation], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "csv": comma_separated,
    "latex": latex,
}
