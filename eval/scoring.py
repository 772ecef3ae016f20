"""From texts to an evaluation: every score with its interval, every pair of systems with its tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from eval import metrics
from eval.baselines import Reference, baselines, published
from eval.checks import Problem, check_data, check_output
from eval.datasets import Dataset, require_equal_counts
from eval.metrics import Better, Corpus, Metric, Options
from eval.significance import (
    Array,
    Halves,
    Resampling,
    Scorer,
    bootstrap,
    holm,
    interval,
    paired_bootstrap,
    randomisation,
    shuffles,
)
from eval.spans import Span
from service.document import Finding
from service.errors import InputError, UsageError

Check = Callable[[str, str], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system made of one source. ``confidence`` is its own, any rising scale.

    ``support`` is (summary sentences the source carries, all of them); ``findings`` is ``None``
    when the system did not look. ``seconds`` is this segment's share of its batch;
    ``signature`` is what made this answer, where a system decides that answer by answer.
    ``scores`` are (metric, score) pairs that came with it, ``spans`` the errors that raters marked in it;
    ``raters`` are all who looked at it, also who found nothing, each with the ESA score given, if any.
    """

    text: str
    confidence: float | None = None
    findings: tuple[Finding, ...] | None = None
    support: tuple[int, int] | None = None
    seconds: float = 0.0
    signature: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    spans: tuple[Span, ...] = ()
    raters: tuple[tuple[str, float | None], ...] = ()

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Answer:
        """Return an answer read back from its JSON. Raises ``KeyError`` or ``TypeError`` on anything else."""
        findings, support = record["findings"], record["support"]
        return cls(
            record["text"],
            record["confidence"],
            None if findings is None else tuple(map(_finding, findings)),
            (support[0], support[1]) if support else None,
            record["seconds"],
            record["signature"],
            tuple((name, value) for name, value in record.get("scores", ())),
            tuple(Span(**span) for span in record.get("spans", ())),
            tuple((name, value) for name, value in record.get("raters", ())),
        )


def _finding(record: Mapping[str, Any]) -> Finding:
    return Finding(record["code"], tuple((name, value) for name, value in record["values"]))


@dataclass(frozen=True, slots=True)
class Cost:
    """Speed and size of one run. Tokens are sacreBLEU's 13a tokens of the output, for all models alike."""

    load_seconds: float
    seconds: float
    words_per_second: float
    tokens_per_second: float
    p50_seconds: float
    p95_seconds: float
    batch: int
    peak_megabytes: float | None
    hardware: str


@dataclass(frozen=True, slots=True)
class Output:
    """One system's answers, in the order of the data; ``signature`` says what made them."""

    name: str
    answers: tuple[Answer, ...]
    signature: str = ""
    cost: Cost | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers' texts."""
        return tuple(answer.text for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one system; ``statistics`` is the (segments, k) table it was computed from."""

    name: str
    score: float
    interval: tuple[float, float]
    signature: str
    better: Better
    statistics: Array

    @property
    def formula(self) -> Scorer:
        """From sums of :attr:`statistics` to scores."""
        return metrics.formula(self.name, self.signature)


@dataclass(frozen=True, slots=True)
class Scored:
    """One system with its scores, and what the checks and the guard saw in its lines."""

    output: Output
    scores: tuple[Score, ...]
    problems: tuple[Problem, ...] = ()
    findings: tuple[tuple[Finding, ...], ...] = ()

    def score(self, name: str) -> Score | None:
        """Return the score of this metric, if it was computed."""
        return next((s for s in self.scores if s.name == name), None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """System ``a`` against ``b``. ``p_holm`` is ``p_randomisation`` corrected over all pairs of a metric."""

    metric: str
    a: str
    b: str
    difference: float
    interval: tuple[float, float]
    p_bootstrap: float
    p_randomisation: float
    p_holm: float
    significant: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All there is to report.

    ``skipped`` says which metrics could not be computed and why; ``by`` names the columns that the report
    divides the data by; ``notices`` are for whoever cites the scores: what may have been in the training.
    """

    dataset: Dataset
    systems: tuple[Scored, ...]
    baselines: tuple[Scored, ...]
    comparisons: tuple[Comparison, ...]
    published: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    plan: Resampling = field(default_factory=Resampling)


def evaluate(
    dataset: Dataset,
    outputs: Sequence[Output],
    names: Sequence[str] = (),
    options: Options | None = None,
    check: Check | None = None,
    noted: Sequence[Problem] = (),
) -> Evaluation:
    """Score every output with the metrics of these names (the task's own by default) and compare all pairs.

    ``check`` is the guard; it looks at the outputs whose system did not. ``noted`` are problems
    found before. Metrics that are not installed, or that the data cannot serve, are left out and listed
    in ``skipped``; where none is left the reason is raised (:class:`NotInstalled`, :class:`UsageError`).
    Line counts that differ, or a set on which no metric is defined, raise :class:`InputError`.
    """
    options = options or Options()
    if len({output.name for output in outputs}) < len(outputs):
        raise UsageError("score.same_name", "two systems have one name; give each its own")
    require_equal_counts(
        {dataset.name: dataset.references, **{output.name: output.texts for output in outputs}}
    )
    corpora = [_corpus(dataset, output, check) for output in outputs]
    options = replace(options, references=len(dataset.all_references))
    wanted, missing = metrics.available([*(names or metrics.DEFAULTS[dataset.task]), *options.given], options)
    usable, lacking = _usable(wanted, corpora)
    systems = _systems(dataset, outputs, corpora, usable, options.plan)
    of_text = [m for m in usable if m.needs in ("", "sources")]
    plain = [Output(name, tuple(map(Answer, texts))) for name, texts in baselines(dataset)]
    return Evaluation(
        dataset=dataset,
        systems=systems,
        baselines=tuple(_scored(o, _corpus(dataset, o, None), of_text, dataset, options.plan) for o in plain),
        comparisons=compare(systems, usable, options.plan),
        published=published(dataset.name),
        problems=(*noted, *check_data(dataset)),
        skipped=(*missing, *lacking),
        plan=options.plan,
    )


def _systems(
    dataset: Dataset,
    outputs: Sequence[Output],
    corpora: Sequence[Corpus],
    usable: Sequence[Metric],
    plan: Resampling,
) -> tuple[Scored, ...]:
    """Score every output. Raises InputError where no metric is defined on the set."""
    systems = tuple(_scored(o, c, usable, dataset, plan) for o, c in zip(outputs, corpora, strict=True))
    if not any(system.scores for system in systems):
        raise InputError(
            "score.nothing_counts",
            "{name} holds nothing that {metrics} could count",
            name=dataset.name,
            metrics=", ".join(m.name for m in usable),
        )
    return systems


def _usable(wanted: Sequence[Metric], corpora: Sequence[Corpus]) -> tuple[list[Metric], list[str]]:
    """Return the metrics that the data can serve, and what the others lack. Raises UsageError for none."""
    lacking = {m.name: m.needs for m in wanted if m.needs and not all(getattr(c, m.needs) for c in corpora)}
    usable = [m for m in wanted if m.name not in lacking]
    if not usable:
        name, needs = next(iter(lacking.items()))
        raise UsageError(
            "score.needs_missing", "{name} needs {needs}, and there are none", name=name, needs=needs
        )
    return usable, [f"{name}: no {needs}" for name, needs in lacking.items()]


def _scored(
    output: Output, corpus: Corpus, usable: Sequence[Metric], dataset: Dataset, plan: Resampling
) -> Scored:
    """Score one system; a metric that is undefined on this data (no numbers in it, say) has no score."""
    tables = [metric.statistics(corpus) for metric in usable]
    resampled = bootstrap(tables, plan) if tables else []
    scores = []
    for metric, table, draws in zip(usable, tables, resampled, strict=True):
        value = float(metric.score(table.sum(axis=0)))
        signature = "|".join(filter(None, (metric.signature, dataset.signature, output.signature)))
        if not np.isnan(value):
            bounds = interval(metric.score(draws))
            scores.append(Score(metric.name, value, bounds, signature, metric.better, table))
    return Scored(
        output,
        tuple(scores),
        tuple(check_output(output.name, output.texts, dataset)),
        tuple(tuple(found) for found in corpus.findings or ()),
    )


def _corpus(dataset: Dataset, output: Output, check: Check | None) -> Corpus:
    own = [answer.findings for answer in output.answers]
    findings = [found for found in own if found is not None]
    if len(findings) < len(own):
        findings = []
        if check is not None and dataset.task == "mt" and dataset.sources:
            findings = [check(s, t) for s, t in zip(dataset.sources, output.texts, strict=True)]
    support = [answer.support for answer in output.answers if answer.support is not None]
    named = list(dict.fromkeys(name for answer in output.answers for name, _ in answer.scores))
    return Corpus(
        output.texts,
        dataset.references,
        dataset.comparable_sources,
        findings or None,
        support if len(support) == len(own) else None,
        dataset.others,
        {name: [dict(answer.scores).get(name, np.nan) for answer in output.answers] for name in named},
    )


def compare(systems: Sequence[Scored], usable: Sequence[Metric], plan: Resampling) -> tuple[Comparison, ...]:
    """Compare every pair of systems on every metric both have; Holm corrects over the pairs of one metric."""
    if len(systems) < 2:
        return ()
    comparisons: list[Comparison] = []
    for metric in usable:
        rows = [(s.output.name, score) for s in systems if (score := s.score(metric.name)) is not None]
        if len(rows) > 1:
            comparisons += _pairs(metric, rows, plan)
    return tuple(comparisons)


def _pairs(metric: Metric, rows: Sequence[tuple[str, Score]], plan: Resampling) -> list[Comparison]:
    tables = [score.statistics for _, score in rows]
    draws = [metric.score(sums) for sums in bootstrap(tables, plan)]
    halves = [Halves(t.sum(axis=0), kept) for t, kept in zip(tables, shuffles(tables, plan), strict=True)]
    pairs = list(combinations(range(len(rows)), 2))
    differences = [rows[i][1].score - rows[j][1].score for i, j in pairs]
    tests = [randomisation(halves[i], halves[j], metric.score) for i, j in pairs]
    return [
        Comparison(
            metric.name,
            rows[i][0],
            rows[j][0],
            difference,
            interval(draws[i] - draws[j]),
            paired_bootstrap(draws[i], draws[j], difference),
            test,
            corrected,
            corrected < plan.alpha,
        )
        for (i, j), difference, test, corrected in zip(pairs, differences, tests, holm(tests), strict=True)
    ]
