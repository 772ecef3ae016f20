"""Scores of parts of a test set: by any column, by length, by the systems' own confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.datasets import Dataset
from eval.scoring import Answer, Evaluation, Score, Scored
from eval.significance import bootstrap, interval
from service.errors import UsageError
from service.translation.confidence import HIGH, LOW

LENGTH, CONFIDENCE = "length", "confidence"
_MOST = 40  # values of a column that make a table somebody can read
_STEPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Part:
    """A metric of one system on one part of the data: where ``column`` has ``value``."""

    column: str
    value: str
    system: str
    segments: int
    metric: str
    score: float
    interval: tuple[float, float]


def parts(evaluation: Evaluation) -> list[Part]:
    """Return every score of every part that the evaluation is divided by, in the order asked for.

    Parts where a metric is undefined are left out; intervals are those of the whole, over fewer segments.
    """
    rows: list[Part] = []
    for column in evaluation.by:
        for system in evaluation.systems:
            for value, members in groups(evaluation.dataset, system, column):
                rows += [
                    part
                    for score in system.scores
                    if (part := _part(evaluation, system, score, (column, value), members)) is not None
                ]
    return rows


def _part(
    evaluation: Evaluation, system: Scored, score: Score, named: tuple[str, str], members: Sequence[int]
) -> Part | None:
    table = score.statistics[list(members)]
    value = float(score.formula(table.sum(axis=0)))
    if np.isnan(value):
        return None
    (draws,) = bootstrap([table], evaluation.plan)
    return Part(*named, system.output.name, len(members), score.name, value, interval(score.formula(draws)))


def check_names(dataset: Dataset, names: Sequence[str]) -> None:
    """Raise :class:`UsageError` with the list for a name that nothing can be divided by."""
    known = [*dataset.groupings, LENGTH, CONFIDENCE]
    for name in names:
        if name not in known:
            raise UsageError(
                "score.divide",
                "cannot divide by {name!r}; there are: {known}",
                name=name,
                known=", ".join(known),
            )
        distinct = len(set(dataset.groupings.get(name, ())))
        if distinct > _MOST:
            raise UsageError(
                "score.many_values",
                "{name} has {count} values; a column of at most {most} makes a table",
                name=name,
                count=distinct,
                most=_MOST,
            )


def groups(dataset: Dataset, system: Scored, column: str) -> list[tuple[str, list[int]]]:
    """Return the values of a column and the segments that have each; empty where nothing is known."""
    if column == LENGTH:
        return by_size([len(text.split()) for text in dataset.sources or dataset.references])
    if column == CONFIDENCE:
        return by_confidence(system.output.answers)
    values = dataset.groupings[column]
    return [(v or "(empty)", [i for i, own in enumerate(values) if own == v]) for v in dict.fromkeys(values)]


def by_size(values: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Return up to five ranges of sizes with about equally many segments, and their segments."""
    sizes = np.array(values)
    edges = np.unique(np.quantile(sizes, [0.2, 0.4, 0.6, 0.8], method="lower"))
    buckets = np.searchsorted(edges, sizes, side="left")
    found = [[int(i) for i in np.flatnonzero(buckets == k)] for k in range(len(edges) + 1)]
    named = []
    for members in found:
        if members:
            ends = sorted({int(sizes[members].min()), int(sizes[members].max())})
            named.append(("–".join(map(str, ends)), members))
    return named


def by_confidence(answers: Sequence[Answer]) -> list[tuple[str, list[int]]]:
    """Return the bands high, medium and low of Warta's own confidence, and the segments of each.

    Nothing where an answer has none, or one that is on no scale from 0 to 1.
    """
    values = [answer.confidence for answer in answers]
    known = [value for value in values if value is not None and 0 <= value <= 1]
    if len(known) < len(values):
        return []
    bands = {"high": (HIGH, 2.0), "medium": (LOW, HIGH), "low": (-1.0, LOW)}
    return [
        (name, members)
        for name, (low, high) in bands.items()
        if (members := [i for i, value in enumerate(known) if low <= value < high])
    ]


# --- precision at coverage ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the surest ``share`` of a system's segments, how many are good. ``confidence`` is the last one's.

    Where ``band`` is named, the same of the segments in that band of confidence alone.
    """

    system: str
    share: float
    segments: int
    precision: float
    confidence: float
    band: str = ""


def good(system: Scored) -> tuple[str, NDArray[np.bool_]] | None:
    """Return what makes a segment good, in words, and which are: by raters, else by its own score.

    Rated segments are good without a major or critical error. Others are when they reach the median
    segment score of the system, chrF2 where it was computed: the coverage then says whether the confidence
    tells the better half from the worse, and 50 % is what no knowledge gives.
    """
    answers = system.output.answers
    if any(answer.spans for answer in answers):
        grave = [any(span.severity in ("major", "critical") for span in answer.spans) for answer in answers]
        return "no major error by the raters", np.array([not value for value in grave])
    shown = system.score("chrF2") or next((s for s in system.scores if s.better != "neither"), None)
    if shown is None:
        return None
    values = np.nan_to_num(shown.formula(shown.statistics)) * (-1 if shown.better == "lower" else 1)
    return f"segment {shown.name} at least the system's median", values >= np.median(values)


def coverage(system: Scored) -> list[Coverage]:
    """Return the precision of each band, then of the surest tenth, two tenths and so on.

    Empty without confidence, and for fewer than ten segments.
    """
    values = [answer.confidence for answer in system.output.answers]
    known = np.array([value for value in values if value is not None])
    judged = good(system)
    if len(known) < len(values) or len(known) < len(_STEPS) or judged is None:
        return []
    order = np.argsort(-known, kind="stable")
    right = np.cumsum(judged[1][order])
    name = system.output.name
    rows = [
        Coverage(
            name,
            len(members) / len(order),
            len(members),
            float(judged[1][members].mean()),
            float(known[members].min()),
            band,
        )
        for band, members in by_confidence(system.output.answers)
    ]
    for share in _STEPS:
        count = max(1, round(share * len(order)))
        precision = float(right[count - 1]) / count
        rows.append(Coverage(name, share, count, precision, float(known[order[count - 1]])))
    return rows
