"""The parts of a report beyond the scores, as plain tables that every format prints its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eval import subsets
from eval.scoring import Evaluation
from eval.spans import Span, weight
from eval.subsets import Part

_MOST_SEGMENTS = 200  # of one system in the view of spans


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are plain text; the first of a row names it."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def digits(metric: str) -> int:
    """Return the decimals worth printing: one for percentages, two for penalties, three for the ratio."""
    return {"length-ratio": 3, "MQM": 2}.get(metric, 1)


def subset_tables(evaluation: Evaluation, rows: Sequence[Part]) -> list[Table]:
    """Return one table a column: its values and systems down, the metrics across."""
    tables = []
    for column in evaluation.by:
        own = [part for part in rows if part.column == column]
        metrics = list(dict.fromkeys(part.metric for part in own))
        cells = {(p.value, p.system, p.metric): p for p in own}
        keys = list(dict.fromkeys((p.value, p.system) for p in own))
        body = tuple(
            (
                value,
                system,
                str(next(p.segments for p in own if (p.value, p.system) == (value, system))),
                *(_scored(cells.get((value, system, metric))) for metric in metrics),
            )
            for value, system in sorted(keys, key=lambda key: _order(keys, key))
        )
        if body:
            tables.append(Table(f"By {column}", (column, "system", "segments", *metrics), body))
    return tables


def _order(keys: Sequence[tuple[str, str]], key: tuple[str, str]) -> tuple[int, int]:
    values = list(dict.fromkeys(value for value, _ in keys))
    systems = list(dict.fromkeys(system for _, system in keys))
    return values.index(key[0]), systems.index(key[1])


def _scored(part: Part | None) -> str:
    if part is None:
        return "–"
    places, (low, high) = digits(part.metric), part.interval
    return f"{part.score:.{places}f} ±{(high - low) / 2:.{places}f}"


def coverage_tables(evaluation: Evaluation) -> list[Table]:
    """Return for each system with confidences how many segments of each band, and of the surest, are good."""
    tables = []
    for system in evaluation.systems:
        rows, judged = subsets.coverage(system), subsets.good(system)
        if rows and judged:
            body = tuple(
                (
                    f"band {row.band}" if row.band else f"surest {row.share:.0%}",
                    str(row.segments),
                    f"{row.confidence:.2f}",
                    f"{row.precision:.1%}",
                )
                for row in rows
            )
            caption = f"{system.output.name}: how many segments are good ({judged[0]})"
            tables.append(Table(caption, ("segments", "number", "confidence from", "good"), body))
    return tables


def tables(evaluation: Evaluation) -> list[Table]:
    """Return everything that is a table, in the order of the report."""
    return [
        *subset_tables(evaluation, subsets.parts(evaluation)),
        *coverage_tables(evaluation),
        *error_tables(evaluation),
    ]


def error_tables(evaluation: Evaluation) -> list[Table]:
    """Return the errors that raters marked, by category and severity, with their penalties."""
    header = ("category", "system", "minor", "major", "critical", "penalty")
    rows = []
    for system in evaluation.systems:
        spans = [span for answer in system.output.answers for span in answer.spans]
        for category in sorted({span.category for span in spans}):
            own = [span for span in spans if span.category == category]
            counts = [sum(s.severity == name for s in own) for name in ("minor", "major", "critical")]
            penalty = f"{sum(map(weight, own)):g}"
            rows.append((category or "(no category)", system.output.name, *map(str, counts), penalty))
    return [Table("Errors that raters marked", header, tuple(rows))] if rows else []


# --- the view of spans -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marked:
    """One rated segment: its texts in pieces, each with the error that covers it or ``None``."""

    line: int
    system: str
    source: tuple[tuple[str, Span | None], ...]
    target: tuple[tuple[str, Span | None], ...]
    whole: tuple[Span, ...]
    scores: tuple[tuple[str, float], ...]


def marked_segments(evaluation: Evaluation) -> Iterator[Marked]:
    """Yield the segments with errors, the worst first, up to two hundred a system."""
    sources = evaluation.dataset.sources
    for system in evaluation.systems:
        answers = system.output.answers
        penalties = [-sum(map(weight, answer.spans)) for answer in answers]
        order = sorted(range(len(answers)), key=lambda i: (penalties[i], i))
        for i in [i for i in order if answers[i].spans][:_MOST_SEGMENTS]:
            answer = answers[i]
            yield Marked(
                i + 1,
                system.output.name,
                pieces(sources[i] if sources else "", [s for s in answer.spans if s.side == "source"]),
                pieces(answer.text, [s for s in answer.spans if s.side == "target"]),
                tuple(span for span in answer.spans if not span.end),
                answer.scores,
            )


def pieces(text: str, spans: Sequence[Span]) -> tuple[tuple[str, Span | None], ...]:
    """Return the text cut where an error begins or ends; where two overlap the graver one has the piece."""
    placed = [span for span in spans if span.end > span.start]
    edges = {0, len(text)} | {min(edge, len(text)) for span in placed for edge in (span.start, span.end)}
    cuts = sorted(edges)
    found = []
    for start, end in pairwise(cuts):
        over = [span for span in placed if span.start <= start and end <= span.end]
        found.append((text[start:end], max(over, key=weight, default=None)))
    return tuple(found)
