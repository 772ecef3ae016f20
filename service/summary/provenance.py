"""Which source sentences carry a summary sentence, and what in it none of them holds.

Both sides are in one language: an Indonesian summary against the Indonesian source, or an English
one against the aligned English.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from service.document import Finding
from service.summary import facts
from service.summary.features import words

# Chosen on fold 0 of IndoSum and on warta-bench; measured by python -m eval.research.provenance.
SUPPORTED = 0.2
_LEAST_FIRST = 0.03
_LEAST_GAIN = 0.07
_SALIENCE = 3.0
_PAIR = 0.5
_NEAR = 4
_STEM = 5
_PARTS = re.compile(r"[-'’]")
_CLITICS = frozenset(["", "s", "nya", "ku", "mu"])


def support(summary_sentence: str, segments: Sequence[str], limit: int = 3) -> tuple[tuple[int, ...], float]:
    """The indices of the segments that carry the sentence, in reading order, and how well: 0 to 1.

    The score is the share of the sentence's words and word pairs that the segments found hold, weighted
    by how rare they are among the segments, names and numbers thrice. Segments are taken greedily, at
    most ``limit``, the one that adds most first (the shorter of equals), until the next adds too little.
    A copied sentence has a score of 1. Linear in the words.
    """
    wanted = _units(summary_sentence)
    units = [_units(segment) & wanted for segment in segments]
    weights = _weights(summary_sentence, wanted, units)
    total = sum(weights.values())
    chosen: list[int] = []
    left, score = wanted, 0.0
    while left and units and len(chosen) < limit:
        gains = [sum(weights[unit] for unit in sorted(bag & left)) / total for bag in units]
        best = max(range(len(units)), key=lambda index: (gains[index], -len(segments[index]), -index))
        if gains[best] < (_LEAST_GAIN if chosen else _LEAST_FIRST):
            break
        chosen.append(best)
        score += gains[best]
        left = left - units[best]
    return tuple(sorted(chosen)), min(1.0, score)


def _weights(sentence: str, wanted: Set[str], units: Sequence[Set[str]]) -> dict[str, float]:
    """The weight of each unit of the sentence, in a fixed order, so that sums repeat to the last bit."""
    held = Counter(unit for bag in units for unit in bag)
    salient = {name.lower() for name in facts.names(sentence)}
    weights = {}
    for unit in sorted(wanted):
        rarity = math.log1p(len(units) / (1 + held[unit])) + 0.1
        thrice = unit in salient or unit[0].isdecimal()
        weights[unit] = rarity * (_PAIR if " " in unit else _SALIENCE if thrice else 1.0)
    return weights


def _units(text: str) -> frozenset[str]:
    bag = words(text)
    return frozenset((*bag, *(f"{a} {b}" for a, b in pairwise(bag))))


def findings(summary_sentence: str, supporting_segments: Sequence[str]) -> tuple[Finding, ...]:
    """What the sentence says and no supporting segment holds: kinds number, entity, negation, unsupported.

    An ``unsupported`` sentence has nothing to be compared with, so it has no other finding.
    """
    if support(summary_sentence, supporting_segments, len(supporting_segments))[1] < SUPPORTED:
        return (Finding("unsupported", f"no source sentence says: {summary_sentence}"),)
    source = "\n".join(supporting_segments)
    return (
        *(
            Finding("number", f"not in the source: {spelling}")
            for spelling in _new_numbers(summary_sentence, source)
        ),
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
        parts = [part for part in _PARTS.split(name.lower()) if part not in _CLITICS]
        known = facts.month(name) in months or all(_holds(held, part) for part in parts)
        if not known and not facts.abbreviates(name, source):
            yield name


def _holds(held: Set[str], part: str) -> bool:
    """Whether a word is there, or one it begins or that begins it: *Indonesia* holds *Indonesian*."""
    return part in held or any(
        long.startswith(short)
        for word in held
        for short, long in [sorted((word, part), key=len)]
        if len(short) >= _STEM
    )


def _turned(sentence: str, source: str) -> Iterator[str]:
    """Words that a negation stands before on one side, and is not even near on the other."""
    negated, plain = facts.polarity(sentence)
    source_negated, source_plain = facts.polarity(source)
    near, source_near = facts.polarity(sentence, _NEAR)[0], facts.polarity(source, _NEAR)[0]
    for word in sorted((negated & source_plain) - source_near):
        yield f"the source does not negate: {word}"
    for word in sorted((plain & source_negated) - source_plain - near):
        yield f"the source negates: {word}"
