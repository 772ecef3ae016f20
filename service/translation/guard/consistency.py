"""Whether one article says one thing in one way: names, terms, and sentences that stand twice.

The sentences are shown to a :class:`Consistency` in their order; each is compared with those before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

from service.document import Finding
from service.translation.guard import people, vocabulary

_CAPITALS = re.compile(r"(?<![\w'’-])[A-ZÀ-Þ][\w’-]{3,40}")
_LIKE = 0.7
_COMPARED = 20
"""Names of one sentence that are compared."""
_REMEMBERED = 10_000
"""Names, terms and sentences kept of an article, each; what comes after is not compared."""


class Consistency:
    """What one article's sentences have said so far."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._terms: dict[str, str] = {}
        self._sentences: dict[str, str] = {}

    def see(self, source: str, target: str, terms: Iterable[tuple[str, str]] = ()) -> tuple[Finding, ...]:
        """Return what a sentence says otherwise than one before it. ``terms`` are terms and their English
        here."""
        found = [*self._sentence(source, target), *self._of_names(source, target), *self._of_terms(terms)]
        return tuple(dict.fromkeys(found))

    def _sentence(self, source: str, target: str) -> Iterable[Finding]:
        first = _kept(self._sentences, source, target)
        if first.casefold() != target.casefold() and len(source.split()) > 1:
            yield Finding.of("consistency.sentence", first=first)

    def _of_names(self, source: str, target: str) -> Iterable[Finding]:
        for name in islice(dict.fromkeys(people.words_of_names(source)), _COMPARED):
            form = _form(name, target)
            if form and (first := _kept(self._names, name, form)) != form:
                yield Finding.of("consistency.name", name=name, first=first, second=form)

    def _of_terms(self, terms: Iterable[tuple[str, str]]) -> Iterable[Finding]:
        for term, english in terms:
            if (first := _kept(self._terms, term, english)) != english:
                yield Finding.of("consistency.term", term=term, first=first, second=english)


def _kept(seen: dict[str, str], key: str, value: str) -> str:
    """Return what was first seen under a key, which is the value itself the first time."""
    if key not in seen and len(seen) >= _REMEMBERED:
        return value
    return seen.setdefault(key, value)


def _form(name: str, target: str) -> str:
    """Return how a name is spelled in English: as it is, or as a word with a capital that is nearly the
    same."""
    if name in target:
        return name
    for match in _CAPITALS.finditer(target):
        word = match[0].removesuffix("’s")
        if word[0] != name[0] or vocabulary.is_english(word.lower()):
            continue
        if SequenceMatcher(None, name.lower(), word.lower()).ratio() > _LIKE:
            return word
    return ""
