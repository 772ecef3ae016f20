"""Intervals and paired tests, vectorised over the sufficient statistics of the segments.

Every metric is a function of the *sum* of one row of numbers a segment. A resample is then
a row of weights, a thousand of them one matrix product, whatever the metric. Indices and
p-values follow sacreBLEU's (Koehn 2004; Riezler and Maxwell 2005), so both give the same
numbers from the same seed, with one difference: a tie counts against significance, so that
two equal systems are never told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Scorer = Callable[[Array], Array]

_BLOCK = 4_000_000  # numbers held at once: 32 MB
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Resampling:
    """How many resamples and trials, from which seed, at which level. Recorded with every score."""

    resamples: int = 1000
    trials: int = 10_000
    seed: int = 12345
    alpha: float = 0.05


def _blocks(rows: int, segments: int) -> Iterator[int]:
    step = max(1, _BLOCK // max(1, segments))
    for start in range(0, rows, step):
        yield min(step, rows - start)


def _totals(weights: Iterator[Array], statistics: Sequence[Array]) -> list[Array]:
    """Return the weighted sums of each table: (segments, k) -> (rows, k), in one product for all tables."""
    table = np.hstack(statistics)
    sums = np.vstack([block @ table for block in weights])
    edges = np.cumsum([s.shape[1] for s in statistics])[:-1]
    return np.split(sums, edges, axis=1)


def bootstrap(statistics: Sequence[Array], plan: Resampling) -> list[Array]:
    """Return sums of ``plan.resamples`` draws with replacement, the same draws for every table.

    ``statistics`` are (segments, k) tables over the same segments; the result has one
    (resamples, k) table each.
    """
    segments = len(statistics[0])
    rng = np.random.default_rng(plan.seed)

    def weights() -> Iterator[Array]:
        for rows in _blocks(plan.resamples, segments):
            draws = rng.choice(segments, size=(rows, segments), replace=True)
            draws += np.arange(rows)[:, None] * segments
            counts = np.bincount(draws.ravel(), minlength=rows * segments)
            yield counts.reshape(rows, segments).astype(np.float64)

    return _totals(weights(), statistics)


def interval(scores: Array) -> tuple[float, float]:
    """Return the central 95 % of the resampled scores, at sacreBLEU's ranks; undefined scores are left
    out.
    """
    ordered = np.sort(scores[~np.isnan(scores)])
    if not ordered.size:
        return (float("nan"), float("nan"))
    skip = len(ordered) // 40
    return float(ordered[skip]), float(ordered[-skip - 1])


def shuffles(statistics: Sequence[Array], plan: Resampling) -> list[Array]:
    """Return sums over random halves: in each of ``plan.trials`` trials every segment is kept or left
    by a coin.
    """
    segments = len(statistics[0])
    coins = np.random.default_rng(plan.seed).integers(2, size=(plan.trials, segments), dtype=bool)

    def weights() -> Iterator[Array]:
        start = 0
        for rows in _blocks(plan.trials, segments):
            yield coins[start : start + rows].astype(np.float64)
            start += rows

    return _totals(weights(), statistics)


def _p_value(samples: Array, difference: float) -> float:
    if difference == 0 or np.isnan(difference):
        return 1.0
    reached = np.count_nonzero(samples >= abs(difference) - _ROUNDING)
    return (int(reached) + 1) / (len(samples) + 1)


def paired_bootstrap(a: Array, b: Array, difference: float) -> float:
    """Return two-sided p-value that ``difference`` is chance, from both systems' scores on the same
    resamples.
    """
    spread = np.abs(a - b)
    return _p_value(spread - np.nanmean(spread), difference)


@dataclass(frozen=True, slots=True)
class Halves:
    """One system's total statistics and its sums over the shuffled halves."""

    total: Array
    kept: Array

    def mixed_with(self, other: Halves) -> Array:
        """Return the sums of a pseudo-system: the kept half of this one, the other half of the other."""
        return self.kept + (other.total - other.kept)


def randomisation(a: Halves, b: Halves, score: Scorer) -> float:
    """Return two-sided p-value by approximate randomisation: the segments of two systems swapped by coin."""
    difference = float(score(a.total) - score(b.total))
    samples = np.abs(score(a.mixed_with(b)) - score(b.mixed_with(a)))
    return _p_value(samples, difference)


def unpaired(difference: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return two-sided p-value from two 95 % intervals alone, by the normal approximation.

    For results whose segments are lost. It ignores that both saw the same segments, so it finds less.
    """
    spread = math.hypot(a[1] - a[0], b[1] - b[0]) / (2 * 1.96)
    return math.erfc(abs(difference) / spread / math.sqrt(2)) if spread else float(difference == 0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values (1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = worst
    return adjusted
