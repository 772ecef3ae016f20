"""Which source sentences carry a summary sentence, and what in it none of them holds.

Both sides are in one language: an Indonesian summary against the Indonesian source, or an English
one against the aligned English.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import pairwise

from service.context import checkpoint
from service.document import Finding
from service.summary import facts
from service.summary.features import words
from service.text.language import leans_english
from service.text.number_words import ENGLISH, INDONESIAN
from service.text.numbers import Label, Value, numbers

# Chosen on fold 0 of IndoSum and on warta-bench; measured by python -m eval.research.provenance.
SUPPORTED = 0.2
_LEAST_FIRST = 0.03
_LEAST_GAIN = 0.07
_SALIENCE = 3.0
_PAIR = 0.5
_NEAR = 4
_STEM = 5
# A sentence of news has ten names; each one that is not in the source is looked for in all of it once more.
_MOST_NAMES = 50
_LONGEST = 60
"""Letters up to which another form of a word is looked for; longer ones are no words."""
_PARTS = re.compile(r"[-'’]")
_CLITICS = frozenset(["", "s", "nya", "ku", "mu"])


def support(summary_sentence: str, segments: Sequence[str], limit: int = 3) -> tuple[tuple[int, ...], float]:
    """Return the indices of the segments that carry the sentence, in reading order, and how well: 0 to 1.

    The score is the share of the sentence's words and word pairs that the segments found hold, weighted
    by how rare they are among the segments, names and numbers thrice. Segments are taken greedily, at
    most ``limit``, the one that adds most first (the shorter of equals), until the next adds too little.
    A copied sentence has a score of 1. Linear in the words.
    """
    checkpoint()
    wanted = _units(summary_sentence)
    units = [_units(segment) & wanted for segment in segments]
    weights = _weights(summary_sentence, wanted, units)
    total = sum(weights.values())
    chosen: list[int] = []
    left, score = wanted, 0.0
    while left and units and len(chosen) < limit:
        # Sorted, so that sums of floats repeat to the last bit in every process.
        gains = [sum(weights[unit] for unit in sorted(bag & left)) / total for bag in units]
        best = max(range(len(units)), key=lambda index: (gains[index], -len(segments[index]), -index))
        if gains[best] < (_LEAST_GAIN if chosen else _LEAST_FIRST):
            break
        chosen.append(best)
        score += gains[best]
        left = left - units[best]
    return tuple(sorted(chosen)), min(1.0, score)


def _weights(sentence: str, wanted: Set[str], units: Sequence[Set[str]]) -> dict[str, float]:
    """Return the weight of each unit of the sentence, in a fixed order, so that sums repeat to the last
    bit.
    """
    held = Counter(unit for bag in units for unit in bag)
    salient = {name.lower() for name in facts.names(sentence)}
    weights = {}
    for unit in sorted(wanted):
        # A little more than 0, even for what every segment has.
        rarity = math.log1p(len(units) / (1 + held[unit])) + 0.1
        thrice = unit in salient or unit[0].isdecimal()
        weights[unit] = rarity * (_PAIR if " " in unit else _SALIENCE if thrice else 1.0)
    return weights


def _units(text: str) -> frozenset[str]:
    bag = words(text)
    return frozenset((*bag, *(f"{a} {b}" for a, b in pairwise(bag))))


def findings(summary_sentence: str, supporting_segments: Sequence[str]) -> tuple[Finding, ...]:
    """Return what the sentence says and no supporting segment holds: kinds number, entity, negation,
    unsupported.

    An ``unsupported`` sentence has nothing to be compared with, so it has no other finding.
    """
    if support(summary_sentence, supporting_segments, len(supporting_segments))[1] < SUPPORTED:
        return (Finding.of("unsupported.sentence", sentence=summary_sentence),)
    source = "\n".join(supporting_segments)
    return (
        *(Finding.of("number.unsupported", number=n) for n in _new_numbers(summary_sentence, source)),
        *(Finding.of("entity.unsupported", name=name) for name in _new_names(summary_sentence, source)),
        *_turned(summary_sentence, source),
    )


def _new_numbers(sentence: str, source: str) -> Iterator[str]:
    """Yield the numbers in digits without an equal in the source; number words are as often no count."""
    # Of both sides together, which are in one language: a short sentence alone would leave it open.
    language = ENGLISH if leans_english(f"{sentence}\n{source}") else INDONESIAN
    held = {value for number in numbers(source, language) for value in number.values}
    for number in dict.fromkeys(numbers(sentence, language)):
        if number.text[0].isdecimal() and number.values.isdisjoint(held):
            yield number.text


def _months(text: str) -> set[Value]:
    """Return the months that a text names, in either language, or writes as part of a date."""
    return {
        value
        for language in (INDONESIAN, ENGLISH)
        for number in numbers(text, language)
        for value in number.values
        if isinstance(value, Label) and value.kind == "month"
    }


def _new_names(sentence: str, source: str) -> Iterator[str]:
    held = _Held(part for word in words(source) for part in _PARTS.split(word))
    asked = 0
    months = _months(source)
    for name in dict.fromkeys(facts.names(sentence)):
        parts = [part for part in _PARTS.split(name.lower()) if part not in _CLITICS]
        if not months.isdisjoint(_months(name)) or all(map(held.holds, parts)):
            continue
        asked += 1
        if asked > _MOST_NAMES or not facts.abbreviates(name, source):
            yield name


class _Held:
    """The words of a source, to ask whether it has a word in some form."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._words = frozenset(parts)
        self._sorted = sorted(self._words)

    def holds(self, part: str) -> bool:
        """Return whether a word is there, or one it begins or that begins it: *Indonesia* holds
        *Indonesian*.
        """
        if part in self._words:
            return True
        if len(part) < _STEM:
            return False
        # The words that a part begins stand after it in order, beginning with the next one.
        at = bisect_left(self._sorted, part)
        return any(word.startswith(part) for word in self._sorted[at : at + 1]) or any(
            part[:size] in self._words for size in range(_STEM, min(len(part), _LONGEST))
        )


def _turned(sentence: str, source: str) -> Iterator[Finding]:
    """Yield words that a negation stands before on one side, and is not even near on the other."""
    negated, plain = facts.polarity(sentence)
    source_negated, source_plain = facts.polarity(source)
    near, source_near = facts.polarity(sentence, _NEAR)[0], facts.polarity(source, _NEAR)[0]
    # Where the source has a negation near, if not directly before, it may be the same one in another order.
    for word in sorted((negated & source_plain) - source_near):
        yield Finding.of("negation.unsupported", word=word)
    for word in sorted((plain & source_negated) - source_plain - near):
        yield Finding.of("negation.dropped", word=word)
