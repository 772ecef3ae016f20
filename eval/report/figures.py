"""Which plots a report has, and what each shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from eval.report import plots
from eval.scoring import Evaluation, Scored
from eval.significance import Array
from eval.subsets import by_size
from eval.text import sentences

_FIFTHS = ("least sure", "", "middle", "", "most sure")


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as SVG under its caption; or ``many`` small ones, each with the system it is of."""

    caption: str
    drawn: str = ""
    many: tuple[tuple[str, str], ...] = ()


def shown_metric(system: Scored) -> str:
    """Return the metric shown for single segments: chrF2, steadier on one than BLEU, else the first."""
    return "chrF2" if system.score("chrF2") else system.scores[0].name


def segment_scores(system: Scored) -> Array:
    """Return the shown metric of every segment by itself; 0 where it is undefined."""
    score = system.score(shown_metric(system))
    if score is None:
        return np.zeros(len(system.output.answers))
    return np.nan_to_num(score.formula(score.statistics))


def figures(evaluation: Evaluation) -> list[Figure]:
    """Return the plots in the order of the report: by length, by topic, spread, speed, confidence."""
    systems = evaluation.systems
    return [
        *_by_length(evaluation),
        *_by_topic(evaluation),
        *_histograms(systems),
        *_speed(systems),
        *_calibration(systems),
    ]


def _by_length(evaluation: Evaluation) -> Iterator[Figure]:
    dataset, metric = evaluation.dataset, shown_metric(evaluation.systems[0])
    texts = dataset.sources or dataset.references
    side = "source" if dataset.sources else "reference"
    measures = (
        (f"{side} length", "words", by_size([len(text.split()) for text in texts])),
        (f"number of {side} sentences", "sentences", by_size([len(sentences(text)) for text in texts])),
    )
    for measure, unit, ranges in measures:
        groups = [(f"{label} ({len(members)})", members) for label, members in ranges]
        draw = partial(plots.lines, axes=(f"{unit} (segments)", metric))
        yield from _over(evaluation.systems, f"{metric} by {measure}", groups, draw)


def _by_topic(evaluation: Evaluation) -> Iterator[Figure]:
    topics, metric = evaluation.dataset.topics, shown_metric(evaluation.systems[0])
    groups = [(topic, [i for i, t in enumerate(topics) if t == topic]) for topic in dict.fromkeys(topics)]
    yield from _over(evaluation.systems, f"{metric} by topic", groups, partial(plots.rows, label=metric))


_Draw = Callable[[str, Sequence[str], Sequence[plots.Series]], str]


def _over(
    systems: Sequence[Scored], caption: str, groups: Sequence[tuple[str, Sequence[int]]], draw: _Draw
) -> Iterator[Figure]:
    """Plot the shown metric over groups of segments, where there are two or more."""
    present = [(label, members) for label, members in groups if members]
    if len(present) > 1:
        series = [plots.Series(s.output.name, [_grouped(s, own) for _, own in present]) for s in systems]
        drawn = draw(caption, [label for label, _ in present], series)
        yield Figure(caption, drawn + _legend(systems))


def _grouped(system: Scored, group: Sequence[int]) -> float:
    """Return the shown metric of a group of segments, from the sum of its rows."""
    score = system.score(shown_metric(system))
    if score is None:
        return float("nan")
    return float(score.formula(score.statistics[list(group)].sum(axis=0)))


def _legend(systems: Sequence[Scored]) -> str:
    return plots.legend([system.output.name for system in systems])


def _histograms(systems: Sequence[Scored]) -> Iterator[Figure]:
    metric = shown_metric(systems[0])
    tables = [segment_scores(s) for s in systems]
    if metric == "length-ratio" or max(float(t.max()) for t in tables) > 100:
        return
    top = max(int(np.histogram(t, bins=10, range=(0, 100))[0].max()) for t in tables)
    drawn = tuple(
        (
            s.output.name,
            plots.histogram(f"{metric} of single segments, {s.output.name}", t.tolist(), i, top),
        )
        for i, (s, t) in enumerate(zip(systems, tables, strict=True))
    )
    yield Figure(f"How many segments reach which {metric}", many=drawn)


def _speed(systems: Sequence[Scored]) -> Iterator[Figure]:
    points = [(s.output.name, c.words_per_second, s.scores[0].score) for s in systems if (c := s.output.cost)]
    if points:
        caption = "Speed against quality"
        drawn = plots.scatter(caption, points, ("words per second", systems[0].scores[0].name))
        yield Figure(caption, drawn + plots.legend([name for name, _, _ in points]))


def _calibration(systems: Sequence[Scored]) -> Iterator[Figure]:
    """Plot the mean segment score by fifth of confidence: a line that rises says it can be trusted."""
    metric = shown_metric(systems[0])
    series = []
    for system in systems:
        confidence = [a.confidence for a in system.output.answers if a.confidence is not None]
        values = [float("nan")] * 5
        if len(confidence) == len(system.output.answers) >= 10:
            fifths = np.array_split(np.argsort(confidence, kind="stable"), 5)
            values = [float(segment_scores(system)[fifth].mean()) for fifth in fifths]
        series.append(plots.Series(system.output.name, values))
    if any(not np.isnan(s.values[0]) for s in series):
        caption = f"Is the confidence right? Mean segment {metric} by confidence"
        drawn = plots.lines(caption, _FIFTHS, series, ("fifths of the segments", metric))
        yield Figure(caption, drawn + _legend(systems))
