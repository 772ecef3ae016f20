"""How far a translated segment can be trusted, as one number and in three bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from service.document import Finding
from service.translation.repair import WEIGHTS

Band = Literal["high", "medium", "low"]

COEFFICIENTS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
HIGH, LOW = 0.6, 0.3


def features(source: str, target: str, score: float, findings: Sequence[Finding]) -> tuple[float, ...]:
    """What the confidence is made of; the first is the constant 1.

    The score (mean log-probability a token, 0 at best), the weighted findings, how far the length
    is from the usual, the share of the target's words that the source has too, and the length of
    the source.
    """
    words = target.lower().split()
    known = frozenset(source.lower().split())
    ratio = math.log((len(target) + 1) / (len(source) + 1)) + 0.0835
    return (
        1.0,
        max(score, -5.0),
        min(sum(WEIGHTS[finding.kind] for finding in findings), 8.0),
        min(abs(ratio), 1.0),
        sum(word in known for word in words) / max(1, len(words)),
        math.log(len(source) + 1) / 5,
    )


def logistic(weights: Sequence[float], values: Sequence[float]) -> float:
    """The logistic function of the weighted sum."""
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, values, strict=True))))


def confidence(source: str, target: str, score: float, findings: Sequence[Finding]) -> float:
    """The probability, 0 to 1, that a segment is as near its reference as the better half is.

    Fitted to the embedded model. Other models score on other scales: there the order holds, the
    number less.
    """
    return logistic(COEFFICIENTS, features(source, target, score, findings))


def band(value: float) -> Band:
    """``high``, ``medium`` or ``low``."""
    return "high" if value >= HIGH else "medium" if value >= LOW else "low"
