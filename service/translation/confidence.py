"""How far a translated segment can be trusted, as one number and in three bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from service.document import Finding
from service.translation.guard.check import RATIO_MEAN
from service.translation.repair import weight

Band = Literal["high", "medium", "low", "no score"]

# python -m eval.research.guard confidence, over the embedded model's FLORES dev.
COEFFICIENTS = (1.915, 7.606, -3.377, 2.539)
HIGH, LOW = 0.6, 0.3
# chrF hardly sees a wrong number or a lost "not", so findings are not fitted but cap: with any finding a
# segment is at most medium, with one of this weight low.
GRAVE = 4.0
_BELOW = 0.01


def features(source: str, target: str, score: float) -> tuple[float, ...]:
    """What the confidence is made of; the first is the constant 1.

    The score (mean log-probability a token, 0 at best), how far the length is from the usual, and
    the length of the source. The share of copied words was tried and told nothing on top: a copied
    sentence is an ``echo``, which caps.
    """
    ratio = math.log((len(target) + 1) / (len(source) + 1)) - RATIO_MEAN
    return (
        1.0,
        max(score, -5.0),
        min(abs(ratio), 1.0),
        math.log(len(source) + 1) / 5,
    )


def logistic(weights: Sequence[float], values: Sequence[float]) -> float:
    """The logistic function of the weighted sum."""
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, values, strict=True))))


def confidence(source: str, target: str, score: float, findings: Sequence[Finding]) -> float:
    """The probability, 0 to 1, that a segment is as near its reference as the better half is.

    Fitted to the embedded model, and capped by what the guard found. Other models score on other
    scales: there the order holds, the number less.
    """
    worst = max(map(weight, findings), default=0.0)
    cap = 1.0 if not worst else (HIGH if worst < GRAVE else LOW) - _BELOW
    return min(logistic(COEFFICIENTS, features(source, target, score)), cap)


def band(value: float | None) -> Band:
    """``high``, ``medium`` or ``low``; ``no score`` for a model that gives none."""
    if value is None:
        return "no score"
    return "high" if value >= HIGH else "medium" if value >= LOW else "low"


class Judged(Protocol):
    """A sentence with its findings and band: of a translation, a summary or a brief."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What to check."""

    @property
    def confidence(self) -> float | None:
        """From 0 to 1; None where there is none."""

    @property
    def band(self) -> str:
        """What :func:`band` made of the confidence; empty for what was not translated."""


def likely_wrong(part: Judged) -> bool:
    """Return whether a reader is told that a translation is likely wrong: it is in the lowest band."""
    return part.band == "low"


def is_marked(part: Judged) -> bool:
    """Return whether a sentence is shown with a mark: something was found, or it is likely wrong."""
    return bool(part.findings) or likely_wrong(part)


Part = TypeVar("Part", bound=Judged)


def least_sure(parts: Sequence[Part]) -> Part:
    """Return the part that is most likely wrong, the first of equals; one without a confidence is last."""
    return min(
        parts, key=lambda part: (not likely_wrong(part), part.confidence is None, part.confidence or 0.0)
    )
