"""What stands before an office: a deputy who was promoted, a former minister who is in office again.

The table ``prompts/lexicon/offices.tsv`` says for each office what it may become in English, which
:mod:`service.translation.guard.lexicon` compares. Its group ``before-office`` holds what stands before an
office (``mantan``, ``wakil``, ``plt``, ``calon``): there the loss alone is a finding,
since the translation then gives the person another office.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from service.text.words import Words
from service.translation.guard.lexicon import OFFICE, Sense, both, ranks, shipped


@cache
def _forms() -> tuple[dict[str, Sense], frozenset[str], frozenset[str]]:
    """Return a rank's first words to the rank, and the words of offices that may follow, in both languages.
    Return a rank's first words to the rank, and the words of offices that may follow, in both languages."""
    before = {form: sense for sense in ranks() for form in sense.id if " " not in form}
    offices = [sense for sense in shipped().senses if sense.group == OFFICE]
    ours = frozenset(form.split()[0] for sense in offices for form in sense.id) - before.keys()
    theirs = frozenset(form.split()[-1] for sense in offices for form in sense.en)
    return before, ours, theirs


def changed(ours: Words, theirs: Words) -> tuple[list[str], list[str]]:
    """Return the ranks before an office that were lost, and the English ones without source."""
    before, _, english = _forms()
    lost = [] if before.keys().isdisjoint(ours.distinct) else list(_lost(ours, theirs))
    if english.isdisjoint(theirs.distinct) or _english_ranks().keys().isdisjoint(theirs.distinct):
        return lost, []
    return lost, list(_added(ours, theirs))


def _lost(ours: Words, theirs: Words) -> Iterator[str]:
    """Yield each rank before an office of the source that the English has nothing of, though it has an
    office."""
    before, offices, english = _forms()
    if english.isdisjoint(theirs.distinct):
        return
    said = both(theirs)
    for rank, office in pairwise(ours.low):
        sense = before.get(rank)
        if sense and office in offices and _english(sense).isdisjoint(said):
            yield f"{rank} {office}"


def _added(ours: Words, theirs: Words) -> Iterator[str]:
    """Yield each English rank before an office that nothing in the source accounts for."""
    _, _, english = _forms()
    said = None
    for rank, office in pairwise(theirs.low):
        if office not in english or rank not in _english_ranks() or rank in ours.distinct:
            continue
        said = both(ours) if said is None else said
        if _indonesian(_english_ranks()[rank]).isdisjoint(said):
            yield f"{rank} {office}"


@cache
def _english_ranks() -> dict[str, Sense]:
    return {form: sense for sense in ranks() for form in sense.en}


@cache
def _english(sense: Sense) -> frozenset[str]:
    return sense.english


@cache
def _indonesian(sense: Sense) -> frozenset[str]:
    return sense.indonesian
