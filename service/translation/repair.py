"""A suspicious translation, decoded again under other rules, and the best of what comes out.

The ladder is short and stops at the first clean answer. A segment without findings never reaches the
engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from service.context import worked
from service.document import Decoding, Finding, Output, Segmented
from service.engines.base import Engine
from service.text.words import listed
from service.translation.guard.check import check

Split = Callable[[str, Callable[[str], bool]], Segmented]
"""As ``service.text.segment.split_long``: a sentence and what fits -> pieces that fit."""

WEIGHTS = {
    "empty": 8.0,
    "truncated": 5.0,
    "echo": 5.0,
    "repetition": 5.0,
    "dropped": 4.0,
    "artefact": 3.0,
    "address": 2.0,
    "number": 2.0,
    "negation": 2.0,
    "entity": 1.0,
}
"""How much a finding of each kind counts against a candidate; of all other kinds their severity says it."""
BY_SEVERITY: Mapping[str, float] = {"critical": 4.0, "major": 2.0, "minor": 0.5}
REPAIRED = frozenset((*WEIGHTS, "name"))
"""The kinds that decoding again has been seen to mend; any other is told, and not decoded for."""

SECONDS = 10.0
ALTERNATIVES = 8

_LOOPS = frozenset(("repetition", "truncated"))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One rung that was tried: its name, what its best answer still had, and how long it took."""

    rung: str
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Repaired:
    """The output to show, the findings that remain in it, and what was tried."""

    output: Output
    findings: tuple[Finding, ...]
    attempts: tuple[Attempt, ...] = ()


def repair(
    source: str,
    first: Output,
    engine: Engine,
    decoding: Decoding,
    *,
    given: str = "",
    split: Split | None = None,
    seconds: float = SECONDS,
) -> Repaired:
    """Return the best of ``first`` and what the ladder gives: fewest weighted findings, then best score.

    ``first`` was made with ``decoding`` from ``given``, where that is not ``source`` itself; answers are
    checked against ``source``. No rung starts after ``seconds``, and each runs
    once. The result is never worse than ``first`` by this measure. Raises EngineError.
    """
    best, findings = first, check(source, first.text, truncated=first.truncated)
    attempts: list[Attempt] = []
    # A clock that stands still in queues: a busy server is no reason to try less.
    start = worked()
    again = any(finding.kind in REPAIRED for finding in findings)
    for rung, answer in _ladder(given or source, findings, engine, decoding, split) if again else ():
        begun = worked()
        if begun - start > seconds:
            break
        judged = [(output, check(source, output.text, truncated=output.truncated)) for output in answer()]
        candidate, left = min(judged, key=lambda pair: _badness(*pair), default=(best, findings))
        attempts.append(Attempt(rung, left, worked() - begun))
        if _badness(candidate, left) < _badness(best, findings):
            best, findings = candidate, left
        if not any(finding.kind in REPAIRED for finding in findings):
            break
    return Repaired(best, findings, tuple(attempts))


def weight(finding: Finding) -> float:
    """Return how much a finding counts against a translation."""
    return WEIGHTS[finding.kind] if finding.kind in WEIGHTS else BY_SEVERITY[finding.severity]


def _badness(output: Output, findings: tuple[Finding, ...]) -> tuple[float, float]:
    return sum(map(weight, findings)), -output.score


def _ladder(
    source: str, findings: tuple[Finding, ...], engine: Engine, decoding: Decoding, split: Split | None
) -> Iterator[tuple[str, Callable[[], list[Output]]]]:
    """Yield the rungs that can help with ``findings``, each a name and a call."""
    if any(finding.kind in _LOOPS for finding in findings):
        # Only here, because a text may rightly say a phrase twice.
        strict = replace(decoding, no_repeat_ngram_size=4, repetition_penalty=1.2)
        yield "no-repeat", lambda: engine.generate([source], strict)
    cased = _sentence_case(source)
    if cased != source:
        yield "sentence-case", lambda: engine.generate([cased], decoding)
    if split:
        pieces = split(source, _shorter_than(source, engine))
        if len(pieces.segments) > 1:
            yield "split", lambda: [_join(pieces, engine, decoding)]
    # No more answers can be had than the beam is wide.
    wide = replace(decoding, beam_size=max(decoding.beam_size, ALTERNATIVES))
    yield "n-best", lambda: engine.alternatives(source, wide, ALTERNATIVES)


def _sentence_case(source: str) -> str:
    """Return ``source`` in small letters after the first, if capitals are most of it."""
    letters = [character for character in source if character.isalpha()]
    if len(letters) < 8 or sum(letter.isupper() for letter in letters) * 2 < len(letters):
        return source
    return source[:1] + source[1:].lower()


def _shorter_than(source: str, engine: Engine) -> Callable[[str], bool]:
    """Return whether a piece is at most six tenths of ``source``, so that the pieces are about its halves."""
    limit = max(8, engine.count_tokens(source) * 6 // 10)
    return lambda piece: engine.count_tokens(piece) <= limit


# What an English clause starts with; a name that starts one keeps its capital.
_STARTERS = listed(
    """
    a after although an and as at because before but by during for from he her his if in it its of on or our
    she since so some such that the their then there these they this those through to until we when where
    which while who with
    """
)


def _seam(source: str, left: str, right: str) -> tuple[str, str]:
    """Return two translated pieces as one sentence, if ``source``, the left piece, does not end one."""
    mark = source.rstrip("\"”')")[-1:]
    if mark in ".!?":
        return left, right
    left = left.rstrip(".")
    if mark in ",;:" and left[-1:] not in ",;:":
        left += mark
    first = right.split(" ", 1)[0]
    return left, right[:1].lower() + right[1:] if first.lower() in _STARTERS else right


def _join(pieces: Segmented, engine: Engine, decoding: Decoding) -> Output:
    outputs = engine.generate([segment.text for segment in pieces.segments], decoding)
    tokens = sum(output.tokens for output in outputs)
    # The mean over all tokens, as of one output.
    score = sum(output.score * output.tokens for output in outputs) / max(1, tokens)
    texts = [output.text.strip() for output in outputs]
    for place in range(len(texts) - 1):
        texts[place : place + 2] = _seam(pieces.segments[place].text, *texts[place : place + 2])
    return Output(" ".join(texts), score, tokens, any(output.truncated for output in outputs))
