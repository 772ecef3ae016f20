"""Offices and ranks: a regent who became a governor, a deputy who was promoted, a former minister in office again.

The table ``prompts/lexicon/offices.tsv`` says for each office what it may become in English. Its group ``rank``
holds what stands before an office (``mantan``, ``wakil``, ``plt``, ``calon``): there the loss alone is a finding,
since the translation then gives the person another office.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from service.text.words import Words
from service.translation.guard.lexicon import Contradiction, Lexicon, Sense, both

_RANK = "rank"


@cache
def _ranks() -> tuple[Sense, ...]:
    return tuple(sense for sense in Lexicon.load("offices.tsv").senses if sense.group == _RANK)


@cache
def _forms() -> tuple[dict[str, Sense], frozenset[str], frozenset[str]]:
    """Return a rank's first words to the rank, and the words that offices start with, in both languages."""
    ranks = {form: sense for sense in _ranks() for form in sense.id if " " not in form}
    offices = [sense for sense in Lexicon.load("offices.tsv").senses if sense.group != _RANK]
    ours = frozenset(form.split()[0] for sense in offices for form in sense.id) - ranks.keys()
    theirs = frozenset(form.split()[-1] for sense in offices for form in sense.en)
    return ranks, ours, theirs


def changed(ours: Words, theirs: Words) -> tuple[list[Contradiction], list[str], list[str]]:
    """Return the offices that became others, the ranks that were lost and the English ranks without source."""
    found = lexicon().contradictions(ours, theirs)
    return found, list(_lost(ours, theirs)), list(_added(ours, theirs))


@cache
def lexicon() -> Lexicon:
    """Return the offices, without the ranks before them."""
    return Lexicon(sense for sense in Lexicon.load("offices.tsv").senses if sense.group != _RANK)


def _lost(ours: Words, theirs: Words) -> Iterator[str]:
    """Yield each rank before an office of the source that the English has nothing of, though it has an office."""
    ranks, offices, english = _forms()
    if ranks.keys().isdisjoint(ours.distinct) or english.isdisjoint(theirs.distinct):
        return
    said = both(theirs)
    for rank, office in pairwise(ours.low):
        sense = ranks.get(rank)
        if sense and office in offices and not any(word in said for word in sense.english):
            yield f"{rank} {office}"


def _added(ours: Words, theirs: Words) -> Iterator[str]:
    """Yield each English rank before an office that nothing in the source accounts for."""
    _, _, english = _forms()
    said = None
    for rank, office in pairwise(theirs.low):
        if office not in english or rank not in _english_ranks() or rank in ours.distinct:
            continue
        said = both(ours) if said is None else said
        if not any(word in said for word in _english_ranks()[rank].indonesian):
            yield f"{rank} {office}"


@cache
def _english_ranks() -> dict[str, Sense]:
    return {form: sense for sense in _ranks() for form in sense.en}
