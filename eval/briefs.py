"""Briefs that an editor wrote for Indonesian articles, with the sentences they rest on.

The data is ``shared/data/briefs``. Articles whose place in the file is even are there to choose and to
tune by, the odd ones to report on.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.document import Article
from service.text import segment
from service.text.number_words import INDONESIAN
from service.text.numbers import placed

DEFAULT = Path(__file__).parents[1].parent / "shared" / "data" / "briefs" / "briefs.jsonl.xz"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that matters: what an editor calls it, its value in English, its Indonesian words."""

    label: str
    value: str
    quote: str


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody or something that matters, and in what role."""

    name: str
    role: str
    quote: str


@dataclass(frozen=True, slots=True)
class Written:
    """An article and its brief.

    ``what_support`` and each of ``point_support`` are the indices of the article's sentences that the
    editor quoted; words quoted from the title have none.
    """

    article: Article
    headline: str
    what: str
    what_id: str
    points: tuple[str, ...]
    points_id: tuple[str, ...]
    what_support: frozenset[int]
    point_support: tuple[frozenset[int], ...]
    figures: tuple[Figure, ...]
    names: tuple[Named, ...]

    @property
    def support(self) -> frozenset[int]:
        """The sentences that anything in the brief rests on."""
        return self.what_support.union(*self.point_support)

    @property
    def english(self) -> str:
        """The brief in English, a sentence a line."""
        return "\n".join((self.what, *self.points))

    @property
    def indonesian(self) -> str:
        """The brief in Indonesian, a sentence a line."""
        return "\n".join((self.what_id, *self.points_id))


def same_name(wanted: Named, found: str) -> bool:
    """Return whether a found name is the editor's: the same, or one has a long word of the other."""
    ours, theirs = wanted.name.partition("(")[0].strip().lower(), found.lower()
    shared = {word for word in ours.split() if len(word) > 3} & set(theirs.split())
    return bool(shared) or ours in theirs or (len(theirs) > 2 and theirs in wanted.name.lower())


def same_figure(wanted: Figure, values: Iterable[object]) -> bool:
    """Return whether a found figure has a value that the editor's Indonesian words have."""
    held = {value for part in placed(wanted.quote, INDONESIAN) for value in part.number.values}
    return not held.isdisjoint(values)


def load(path: Path = DEFAULT) -> tuple[list[Written], list[Written]]:
    """Return the briefs to tune on and those to report on."""
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        briefs = [_brief(json.loads(line)) for line in lines]
    return briefs[::2], briefs[1::2]


def _brief(row: dict[str, Any]) -> Written:
    body = segment.split("\n\n".join(row["paragraphs"]))
    sentences = body.sentences
    return Written(
        Article(row["id"], body, row["title"]),
        row["headline_en"],
        row["what"],
        row["what_id"],
        tuple(row["points_en"]),
        tuple(row["points_id"]),
        _held(row["support"]["what"], sentences),
        tuple(_held(quotes, sentences) for quotes in row["support"]["points"]),
        tuple(Figure(f["label_en"], f["value_en"], f["quote"]) for f in row["figures"]),
        tuple(Named(n["name"], n["role_en"], n["quote"]) for n in row["names"]),
    )


def _held(quotes: Iterable[str], sentences: Iterable[str]) -> frozenset[int]:
    """Return the sentences in which a quote begins; one may run on into the next."""
    plain = [_plain(sentence) for sentence in sentences]
    starts = {quote: _plain(quote) for quote in quotes}
    return frozenset(
        index
        for quote in starts.values()
        for index, sentence in enumerate(plain)
        if quote in sentence or (len(quote) > len(sentence) > 20 and sentence in quote)
    )


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
