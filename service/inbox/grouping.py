"""Articles that tell one story: what each adds to the others, and where their figures differ."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from service.inbox.shingles import words
from service.text import segment
from service.text.number_words import INDONESIAN
from service.text.numbers import Number, numbers

_SAME_SENTENCE = 0.6
"""How alike two sentences are, figures apart, from which they say the same, and below which one is new."""
_NEW_SENTENCE = 0.5
_MOST = 200
"""Sentences of one article that are compared."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence of an article; ``sentence`` counts from 0, and -1 is the headline."""

    article: int
    sentence: int
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sentences that say the same with other figures, and those figures as they are written."""

    one: Place
    other: Place
    figures: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story: its number, headline and text."""

    id: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """``added`` are, for each member after the first, the sentences that none before it has."""

    added: tuple[tuple[Place, ...], ...]
    differences: tuple[Difference, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """Every sentence that is shown of the story, each once."""
        found = [place for places in self.added for place in places]
        found += [place for each in self.differences for place in (each.one, each.other)]
        return tuple(dict.fromkeys(found))


def compare(members: Sequence[Member]) -> Story:
    """Return what each member adds to those before it, and where its figures are not theirs."""
    seen: list[_Sentence] = []
    added, differences = [], []
    for number, member in enumerate(members):
        new = []
        mine = _sentences(member)
        taken: set[Place] = set()
        for sentence in mine:
            # Against all that was said so far, not only by the member before.
            best = sentence.repeated(seen, taken)
            share = sentence.overlap(best) if best else 0.0
            if best:
                taken.add(best.place)
            if best and share >= _SAME_SENTENCE and (found := _differ(best, sentence)):
                differences.append(found)
            # A headline is no news beside its article.
            if share < _NEW_SENTENCE and sentence.place.sentence >= 0:
                new.append(sentence.place)
        if number:
            added.append(tuple(new))
        seen += mine
    return Story(tuple(added), tuple(differences))


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: Place
    bag: frozenset[str]
    figures: tuple[Number, ...]

    def overlap(self, other: _Sentence) -> float:
        """Return the words that both have, figures apart, among those of both (Dice), from 0 to 1."""
        # Two words are alike by chance.
        if min(len(self.bag), len(other.bag)) < 3:
            return 0.0
        return 2 * len(self.bag & other.bag) / (len(self.bag) + len(other.bag))

    def repeated(self, others: Sequence[_Sentence], taken: Set[Place]) -> _Sentence | None:
        """Return the sentence of ``others`` that this one repeats, if any does.

        Reports have runs of sentences that only their figures tell apart ("20 houses in one village, 35 in
        another"): of those alike in words the one that shares a figure is meant, then one that is not
        ``taken``, then the one that stands at the same place.
        """

        def likeness(other: _Sentence) -> tuple[float, int, bool, int]:
            overlap = self.overlap(other)
            # Comparing figures costs more than comparing words, and says nothing of unlike sentences.
            lost = _unmatched(self.figures, other.figures) if overlap >= _NEW_SENTENCE else self.figures
            shared = len(self.figures) - len(lost)
            return overlap, shared, other.place not in taken, -abs(self.place.sentence - other.place.sentence)

        return max(others, key=likeness, default=None)


def _sentences(member: Member) -> list[_Sentence]:
    parts = segment.split(member.text).sentences[:_MOST]
    found = [_sentence(text) for text in parts]
    titled = [(-1, member.title, _sentence(member.title))] if member.title else []
    numbered = [*titled, *((i, t, s) for i, (t, s) in enumerate(zip(parts, found, strict=True)))]
    return [_Sentence(Place(member.id, i, text), bag, figures) for i, text, (bag, figures) in numbered]


@lru_cache(maxsize=4096)
def _sentence(text: str) -> tuple[frozenset[str], tuple[Number, ...]]:
    figures = tuple(number for number in numbers(text, INDONESIAN) if number.firm)
    # Without its figures: "340 rumah rusak" and "430 rumah rusak" are to be found alike.
    written = {part for number in figures for part in words(number.text)}
    return frozenset(word for word in words(text) if word not in written and not word.isdigit()), figures


def _differ(one: _Sentence, other: _Sentence) -> Difference | None:
    """Return the figures of each that the other has not, where both have some."""
    ours, theirs = _unmatched(one.figures, other.figures), _unmatched(other.figures, one.figures)
    if not ours or not theirs:
        return None
    return Difference(one.place, other.place, ours, theirs)


def _unmatched(here: Sequence[Number], there: Sequence[Number]) -> tuple[str, ...]:
    # A figure may be read in several ways ("1.200"): only where no reading agrees do two differ.
    values = frozenset(value for number in there for value in number.values)
    return tuple(dict.fromkeys(number.text for number in here if number.values.isdisjoint(values)))
