"""Which words of an Indonesian sentence its English has no word for, and which of its English have no source.

A small model guesses at words that it does not know, and its guesses read well. Two lists say what a word may
become: ``prompts/lexicon/dictionary.tsv``, written for this, and the word aligner's table, learnt from
translations. A translator is free, so that a word which stands in neither need not be wrong; but of several
translations the one with fewer such words is more often the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from service.text.aligner import LONGEST, NUMBER, Token, begins, english_unit, left_alone, renderings, tokens
from service.text.stems import english_stem
from service.text.words import listed

FREE = "*"
"""What the dictionary says of a word that English often leaves out."""
_LITTLE = listed(
    """
    a about an and as at be by down for from in into is it no not of off on or out over that the this to up
    with
    """
)
"""Words of a phrase of the dictionary that need not stand in the English."""
# From which probability of the table a word counts as rendered.
_RENDERED = 0.05
# What is left without a partner more often than this says nothing, nor do short words.
_OFTEN_ALONE = 0.15
_SHORTEST = 4


class Coverage(NamedTuple):
    """Ordinary words of the source that have no English, and of the English that have no source."""

    missing: tuple[str, ...]
    strange: tuple[str, ...]


def coverage(source: str, target: str) -> Coverage:
    """Compare the ordinary words of a sentence with those of its English.

    Names and numbers are left to the guard. A sentence of more than 300 words is not looked at: nothing is
    missing there.
    """
    here, there = tokens(source)[: LONGEST + 1], tokens(target)[: LONGEST + 1]
    if max(len(here), len(there)) > LONGEST:
        return Coverage((), ())
    stems = [english_unit(token.unit) for token in there]
    ours, theirs = ({begins(token.unit) for token in side} for side in (here, there))
    said, known = set(stems), set[str]()
    missing = []
    for token in here:
        explained = set(_explained(token.unit, said))
        known |= explained
        if not explained and begins(token.unit) not in theirs and _is_told(token, source):
            missing.append(token.text)
    strange = [
        token.text
        for token, stem in zip(there, stems, strict=True)
        if stem not in known
        and token.unit not in _LITTLE
        and begins(token.unit) not in ours
        and _is_ordinary(token, target)
        and left_alone(token.unit, english=True) <= _OFTEN_ALONE
    ]
    return Coverage(tuple(missing), tuple(strange))


def _explained(word: str, said: set[str]) -> Iterator[str]:
    """Yield the stems of ``said`` that the word may become."""
    row = renderings(word)
    for stem in said & row.keys():
        if row[stem][0] >= _RENDERED:
            yield stem
    for phrase in phrases(word):
        if phrase <= said:
            yield from phrase


def _is_ordinary(token: Token, text: str) -> bool:
    """Return whether a word is no number, not short, and not written as a name."""
    return token.unit != NUMBER and len(token.unit) >= _SHORTEST and text[token.start].islower()


def _is_told(token: Token, source: str) -> bool:
    """Return whether a word has an entry, and is one that English does not leave out."""
    if not _is_ordinary(token, source):
        return False
    if found := entry(token.unit):
        return found != FREE
    return bool(renderings(token.unit)) and left_alone(token.unit, english=False) <= _OFTEN_ALONE


@cache
def _dictionary() -> dict[str, str]:
    _, *lines = (files("prompts") / "lexicon" / "dictionary.tsv").read_text("utf-8").rstrip("\n").split("\n")
    return dict(line.split("\t", 1) for line in lines)


def entry(word: str) -> str:
    """Return what the dictionary has for a lower-case word, or for it without *-nya*; empty if nothing."""
    found = _dictionary().get(word)
    return found if found is not None else _dictionary().get(word.removesuffix("nya"), "")


@lru_cache(maxsize=20_000)
def phrases(word: str) -> tuple[frozenset[str], ...]:
    """Return the stems of each English word or phrase that the dictionary has for a word."""
    found = entry(word)
    if not found or found == FREE:
        return ()
    split = (phrase.lower().replace("-", " ").split() for phrase in found.split("|"))
    return tuple(
        frozenset(english_stem(w) for w in words if w not in _LITTLE or len(words) == 1) for words in split
    )
