"""How far a translated segment can be trusted, as one number and in three bands.

The number is the probability that a reader finds no fact and no clause of the sentence wrong. It is fitted
to sentences of Indonesian news that were read against their source (``eval/data/reading-labels.tsv``); the
weights are data, made anew by ``python -m eval.research.confidence``.
The sentences are the embedded model's: for other models the order holds, the number less.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, Protocol, TypeVar

from service.document import Finding
from service.text.coverage import coverage
from service.text.words import listed
from service.translation.guard.check import RATIO_MEAN
from service.translation.guard.vocabulary import is_indonesian
from service.translation.repair import weight

Band = Literal["high", "medium", "low", "no score"]

HIGH, LOW = 0.82, 0.62
"""From HIGH a sentence is likely right, below LOW likely wrong; how often, docs/guard.md says."""

# With any finding a segment is at most medium, with one of this weight low, however sure the model was.
GRAVE = 4.0
# Under the border and not on it, for a band includes its lower border.
_BELOW = 0.01

NAMES = (
    "constant", "score", "summed score", "words", "rare words", "length", "digits", "no stop", "pronoun",
    "names", "nya", "missing", "strange", "minor", "major", "critical",
)  # fmt: skip
"""What :func:`features` gives, in order."""

_WORD = re.compile(r"[^\W\d_]+")
# Bounds, so that a row of words without end does not outweigh all else.
_MOST_WORDS = 60
_MOST_RARE = 6
_MOST_UNLIKE = 6
_DIGIT = re.compile(r"\d")
_STOPS = (".", "!", "?", '"', "”")
_PRONOUNS = listed("ia dia beliau")
"""Words for she and he, of which Indonesian does not say which."""


def features(source: str, target: str, score: float, findings: Sequence[Finding]) -> tuple[float, ...]:
    """Return what the confidence is made of, as :data:`NAMES` lists it.

    ``score`` is the mean log-probability a token, 0 at best. Rare words are those of the source, in small
    letters, that common Indonesian texts do not have; "length" is how far the ratio of lengths is from usual.
    "no stop" is of headlines, which end without a mark; "names" counts capitals behind the first word, and
    "nya" the words whose ending may be his, her, its or the. "missing" and "strange" are the words that
    :mod:`service.text.coverage` finds.
    """
    words = _WORD.findall(source)
    count = min(len(words), _MOST_WORDS)
    rare = sum(len(w) > 3 and w.islower() and not is_indonesian(w) for w in words[:_MOST_WORDS])
    # The 1 keeps an empty side out of the logarithm.
    ratio = math.log((len(target) + 1) / (len(source) + 1)) - RATIO_MEAN
    # A hopeless score says no more than a bad one, and is not to outweigh all else.
    score = max(score, -5.0)
    unlike = coverage(source, target)
    grades = {finding.severity for finding in findings}
    return (
        # The constant, then values divided so that each is about 1 for a usual sentence.
        1.0,
        score,
        score * count / 20,
        count / 20,
        min(rare, _MOST_RARE) / 2,
        min(abs(ratio), 1.0),
        float(_DIGIT.search(source) is not None),
        float(not source.rstrip().endswith(_STOPS)),
        float(any(word.lower() in _PRONOUNS for word in words[:_MOST_WORDS])),
        sum(word[0].isupper() for word in words[1:_MOST_WORDS]) / 5,
        sum(word.endswith("nya") for word in words[:_MOST_WORDS]) / 2,
        min(len(unlike.missing), _MOST_UNLIKE) / 2,
        min(len(unlike.strange), _MOST_UNLIKE) / 2,
        float("minor" in grades),
        float("major" in grades),
        float("critical" in grades),
    )


@cache
def _weights() -> tuple[float, ...]:
    data = json.loads((files("service.translation") / "data" / "confidence.json").read_text("utf-8"))
    return tuple(data["weights"][name] for name in NAMES)


def logistic(weights: Sequence[float], values: Sequence[float]) -> float:
    """Return the logistic function of the weighted sum."""
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, values, strict=True))))


def confidence(source: str, target: str, score: float, findings: Sequence[Finding]) -> float:
    """Return the probability, 0 to 1, that nothing important is wrong, capped by what the guard found."""
    worst = max(map(weight, findings), default=0.0)
    cap = 1.0 if not worst else (HIGH if worst < GRAVE else LOW) - _BELOW
    return min(logistic(_weights(), features(source, target, score, findings)), cap)


def band(value: float | None) -> Band:
    """Return ``high`` (likely right), ``medium`` (unclear), ``low`` (likely wrong) or ``no score``."""
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
