"""Which source sentences carry a summary sentence, and what in it none of them holds.

Both sides are in one language: an Indonesian summary against the Indonesian source, or an English
one against the aligned English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from service.document import Finding
from service.summary import facts
from service.summary.features import words

SUPPORTED = 0.2
_LEAST_FIRST = 0.05
_LEAST_GAIN = 0.15
_PARTS = re.compile(r"[-'’]")
_CLITICS = frozenset(["", "s", "nya", "ku", "mu"])


def support(
    summary_sentence: str, segments: Sequence[str], limit: int = 3
) -> tuple[tuple[int, ...], float]:
    """The indices of the segments that carry the sentence, in reading order, and how well: 0 to 1.

    The score is the share of the sentence's words and word pairs, weighted by how rare they are among
    the segments, that the segments found hold. Segments are taken greedily, at most ``limit``, the one that adds
    most first (the shorter of equals), until the next would add less than a seventh. Linear in the words.
    """
    units = [_units(segment) for segment in segments]
    wanted = _units(summary_sentence)
    held = Counter(unit for bag in units for unit in bag & wanted)
    weights = {unit: math.log1p(len(units) / (1 + held[unit])) + 0.1 for unit in wanted}
    total = sum(weights.values())
    left, chosen, score = set(wanted), [], 0.0
    while left and units and len(chosen) < limit:
        gains = [sum(weights[unit] for unit in bag & left) / total for bag in units]
        best = max(range(len(units)), key=lambda index: (gains[index], -len(units[index]), -index))
        if gains[best] < (_LEAST_GAIN if chosen else _LEAST_FIRST):
            break
        chosen.append(best)
        score += gains[best]
        left -= units[best]
    return tuple(sorted(chosen)), min(1.0, score)


def _units(text: str) -> set[str]:
    bag = words(text)
    return {*bag, *(f"{a} {b}" for a, b in zip(bag, bag[1:], strict=False))}


def findings(summary_sentence: str, supporting_segments: Sequence[str]) -> tuple[Finding, ...]:
    """What the sentence says and no supporting segment holds: kinds number, entity, negation, unsupported.

    An ``unsupported`` sentence has nothing to be compared with, so it has no other finding.
    """
    if support(summary_sentence, supporting_segments, len(supporting_segments))[1] < SUPPORTED:
        return (Finding("unsupported", f"no source sentence says: {summary_sentence}"),)
    source = "\n".join(supporting_segments)
    return (
        *(Finding("number", f"not in the source: {spelling}") for spelling in _new_numbers(summary_sentence, source)),
        *(Finding("entity", f"not in the source: {name}") for name in _new_names(summary_sentence, source)),
        *(Finding("negation", detail) for detail in _turned(summary_sentence, source)),
    )


def _new_numbers(sentence: str, source: str) -> Iterator[str]:
    held = facts.numbers(source)
    return (spelling for value, spelling in facts.digits(sentence).items() if value not in held)


def _new_names(sentence: str, source: str) -> Iterator[str]:
    held = {part for word in words(source) for part in _PARTS.split(word)}
    months = facts.months(source)
    for name in dict.fromkeys(facts.names(sentence)):
        low = name.lower()
        parts = [part for part in _PARTS.split(low) if part not in _CLITICS]
        known = held.issuperset(parts) or facts.month(low) in months
        if not known and not facts.abbreviates(name, source):
            yield name


def _turned(sentence: str, source: str) -> Iterator[str]:
    """Words that a negation stands before on one side only."""
    negated, plain = facts.polarity(sentence)
    source_negated, source_plain = facts.polarity(source)
    for word in sorted(negated - source_negated):
        if word in source_plain or not source_negated:
            yield f"the source does not negate: {word}"
    for word in sorted((plain - negated) & (source_negated - source_plain)):
        yield f"the source negates: {word}"
