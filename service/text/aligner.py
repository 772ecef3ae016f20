"""Which words of an Indonesian sentence became which words of its English.

A table learnt from translations says how likely one word becomes another (``data/lexicon.npz``, made by
``python -m eval.training.aligner``). Words that it does not know are looked up without their affixes, and are
compared by their spelling; numbers by their digits. Where a word stands, and where its neighbours went,
decides between several that fit. No model is run, so it serves every engine and stored translations alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.text.stems import bare, english_stem

Floats = NDArray[np.float64]

NUMBER = "#"
"""What stands for every number in the table."""
DIAGONAL = 4.0
"""How fast a pair gets less likely the further apart its words stand in their sentences; also in training."""
LONGEST = 300
"""Words up to which a sentence is aligned."""
_NULL = 0.08
_TOKEN = re.compile(r"\d++(?>(?:[.,:]\d++)*)|[^\W\d_]++|[%$€£]")
_NOT_DIGIT = re.compile(r"\D+")
# In this order: "ch" before "c". "technology" and "teknologi" then begin alike.
_SPELLINGS = (
    ("ph", "f"),
    ("th", "t"),
    ("ch", "k"),
    ("c", "k"),
    ("q", "k"),
    ("y", "i"),
    ("x", "ks"),
    ("v", "f"),
)
_TWICE = re.compile(r"(.)\1")
_ALIKE = 4
"""Letters with which two words of one origin begin alike."""
# How likely a pair is of which the table says nothing: the same spelling of a word it does not know, and of
# one it knows; a like beginning; two numbers with other digits; a word it does not know; any other.
_SAME_UNKNOWN, _SAME_KNOWN, _COGNATE, _OTHER_NUMBER, _UNKNOWN, _FLOOR = 0.9, 0.3, 0.15, 0.02, 1e-3, 1e-5
# What is left of a pair's place where none of its neighbours belong together.
_SUPPORT = 0.15
_BACKED = 1e-3


class Token(NamedTuple):
    """A word, number or sign and where it stands; ``unit`` is what the table knows it as."""

    text: str
    unit: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Return the words of a text; the parts of a compound with hyphens are words of their own."""
    found = ((match[0].lower(), *match.span()) for match in _TOKEN.finditer(text))
    return [Token(word, NUMBER if word[0].isdigit() else word, start, end) for word, start, end in found]


def english_unit(unit: str) -> str:
    """Return what the table knows an English word as."""
    return unit if unit == NUMBER else english_stem(unit)


Row = Mapping[str, tuple[float, float]]
"""How likely a word becomes each English stem, and the stem the word."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The table: ``rows`` of stems and probabilities, one after the other from ``starts``."""

    words: Mapping[str, int]
    stems: Mapping[str, int]
    names: Sequence[str]
    starts: Sequence[int]
    which: NDArray[np.uint16]
    chances: Floats  # (translations, 2)
    words_alone: Floats
    stems_alone: Floats

    @classmethod
    def load(cls) -> Lexicon:
        """Return the table that comes with Warta."""
        content = (files("service.text") / "data" / "lexicon.npz").read_bytes()
        # Without pickle: a file of weights must not be able to run anything.
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            words, names = (stored[name].tobytes().decode().split("\n") for name in ("words", "stems"))
            return cls(
                {word: number for number, word in enumerate(words)},
                {name: number for number, name in enumerate(names)},
                names,
                [0, *np.cumsum(stored["sizes"], dtype=np.int64).tolist()],
                stored["which"],
                _unpacked(np.stack([stored["forward"], stored["backward"]], axis=1)),
                _unpacked(stored["words_alone"]),
                _unpacked(stored["stems_alone"]),
            )

    def known(self, word: str) -> str:
        """Return the word, or the form of it that the table has; empty if none."""
        return word if word in self.words else next((form for form in bare(word) if form in self.words), "")

    def row(self, word: str) -> Row:
        """Return the translations of a word that the table has."""
        number = self.words[word]
        part = slice(self.starts[number], self.starts[number + 1])
        pairs = zip(self.which[part].tolist(), self.chances[part].tolist(), strict=True)
        return {self.names[stem]: (there, back) for stem, (there, back) in pairs}


def _unpacked(values: NDArray[np.uint8]) -> Floats:
    """Return the probabilities that :func:`eval.training.aligner.packed` wrote."""
    # Logarithms in a byte: 255 is 1, 16 less is half of that, 0 is none.
    return np.where(values > 0, np.exp2((values.astype(np.float64) - 255) / 16), 0.0)


@cache
def _lexicon() -> Lexicon:
    return Lexicon.load()


@lru_cache(maxsize=20_000)
def renderings(word: str) -> Row:
    """Return the English stems that a lower-case word or its stem may become, none for an unknown one."""
    form = _lexicon().known(word)
    return _lexicon().row(form) if form else {}


def left_alone(word: str, *, english: bool) -> float:
    """Return how often, 0 to 1, a lower-case word has no partner in translations; next to 0 for an unknown
    one.
    """
    lexicon = _lexicon()
    if english:
        stem = lexicon.stems.get(english_unit(word))
        return _FLOOR if stem is None else float(lexicon.stems_alone[stem])
    number = lexicon.words.get(lexicon.known(word))
    return _FLOOR if number is None else float(lexicon.words_alone[number])


def begins(word: str) -> str:
    """Return what words of one origin have in common in both languages, the whole of a short word."""
    return _spelling(word)[:_ALIKE]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two sentences, their words, and how likely each pair of these belongs together.

    ``forward[i, j]`` is the probability that target word j came from source word i, ``backward[i, j]`` that
    source word i became target word j; what is left to 1 stands for none. ``backed[i, j]`` says whether the
    table or their looks speak for a pair, and not its place alone; ``table[i, j]`` is how likely, by these,
    source word i becomes target word j.
    """

    text: tuple[str, str]
    source: tuple[Token, ...]
    target: tuple[Token, ...]
    forward: Floats
    backward: Floats
    backed: NDArray[np.bool_]
    table: Floats


def align(source: str, target: str) -> Alignment | None:
    """Return how the words of two sentences belong together, None for empty and for very long ones."""
    here, there = tokens(source), tokens(target)
    if not 0 < len(here) <= LONGEST or not 0 < len(there) <= LONGEST:
        return None
    lexical = _lexical(here, there)
    # How far apart two words stand, each by its share of the sentence.
    places = np.abs(_shares(len(here))[:, None] - _shares(len(there)))
    prior = np.exp(-DIAGONAL * places)
    nothing = _alone(here, there)
    forward, backward = _posteriors(lexical, prior, nothing)
    # Twice: links that both directions agree on strengthen their neighbours.
    for _ in range(2):
        near = _support(np.sqrt(forward * backward))
        # The place counts for less now that the neighbours speak.
        forward, backward = _posteriors(lexical, np.sqrt(prior) * (_SUPPORT + near), nothing)
    backed = lexical.max(0) > _BACKED
    return Alignment((source, target), tuple(here), tuple(there), forward, backward, backed, lexical[0])


def _shares(count: int) -> Floats:
    return (np.arange(count, dtype=np.float64) + 0.5) / count


def _lexical(here: Sequence[Token], there: Sequence[Token]) -> Floats:
    """Return how likely each source word becomes each target word, and the reverse: (2, source, target)."""
    stems = [english_unit(token.unit) for token in there]
    by_stem, by_look = _places(stems), _places([_look(token) for token in there])
    by_start = _places([begins(token.text) for token in there])
    # A target word that the table does not have may come from anything, a little.
    strange = np.array([_UNKNOWN / 10 if stem not in _lexicon().stems else _FLOOR for stem in stems])
    table = np.empty((2, len(here), len(there)))
    for i, token in enumerate(here):
        row = renderings(token.unit)
        table[:, i] = strange if row else _UNKNOWN
        for stem, places in by_stem.items():
            pair = row.get(stem)
            if pair is not None:
                table[:, i, places] = np.array(pair)[:, None]
        start = _spelling(token.text)
        if token.unit == NUMBER:
            # The table's own row for numbers says nothing of which number.
            table[:, i, by_stem.get(NUMBER, [])] = _OTHER_NUMBER
        elif len(start) > _ALIKE:
            # Less for a word that the table knows, as it should know its translation too.
            _raise(table, i, by_start.get(start[:_ALIKE], []), _COGNATE / 5 if row else _COGNATE)
        known = bool(row) and token.unit != NUMBER
        _raise(table, i, by_look.get(_look(token), []), _SAME_KNOWN if known else _SAME_UNKNOWN)
    return np.maximum(table, _FLOOR)


def _places(keys: Sequence[str]) -> dict[str, list[int]]:
    """Return where each key stands."""
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return places


def _raise(table: Floats, row: int, places: Sequence[int], least: float) -> None:
    """Have the probabilities of some target words be ``least`` at the least."""
    if places:
        table[:, row, places] = np.maximum(table[:, row, places], least)


def _look(token: Token) -> str:
    """Return what two words have in common that are written alike; of numbers, the digits."""
    return _digits(token.text) if token.unit == NUMBER else token.text


def _digits(text: str) -> str:
    return _NOT_DIGIT.sub("", text)


@lru_cache(maxsize=20_000)
def _spelling(word: str) -> str:
    """Return a word as both languages might spell it."""
    for pair in _SPELLINGS:
        word = word.replace(pair[0], pair[1])
    return _TWICE.sub(r"\1", word)


def _alone(here: Sequence[Token], there: Sequence[Token]) -> tuple[Floats, Floats]:
    """Return how likely each target word comes from none, and each source word becomes none."""
    return (
        np.array([left_alone(token.unit, english=True) for token in there]) + _FLOOR,
        np.array([left_alone(token.unit, english=False) for token in here]) + _FLOOR,
    )


def _posteriors(lexical: Floats, prior: Floats, nothing: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return the probabilities of :class:`Alignment`."""
    # The places of each target word sum to 1 less what is kept for none; below for each source word.
    there = lexical[0] * prior * ((1 - _NULL) / prior.sum(0))
    back = lexical[1] * prior * ((1 - _NULL) / prior.sum(1))[:, None]
    return (
        there / (there.sum(0) + _NULL * nothing[0]),
        back / (back.sum(1) + _NULL * nothing[1])[:, None],
    )


def _support(links: Floats) -> Floats:
    """Return how well the neighbours of each pair belong together too: in order, turned round, one to two."""
    rows, columns = links.shape
    # Two rows and columns of nothing around it, so that no move leaves the table.
    wide = np.zeros((rows + 4, columns + 4), links.dtype)
    wide[2:-2, 2:-2] = links

    def moved(down: int, along: int) -> Floats:
        return wide[2 + down : 2 + down + rows, 2 + along : 2 + along + columns]

    near = sum(moved(d, a) for d, a in ((1, 1), (-1, -1)))
    turned = sum(moved(d, a) for d, a in ((1, -1), (-1, 1)))
    beside = sum(moved(d, a) for d, a in ((0, 1), (0, -1), (1, 0), (-1, 0)))
    further = sum(moved(d, a) for d, a in ((2, 2), (-2, -2), (2, 1), (-2, -1), (1, 2), (-1, -2)))
    return links + near + 0.7 * turned + 0.5 * beside + 0.4 * further
