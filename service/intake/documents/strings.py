"""The texts of a program, one by one: placeholders and tags in them are kept, or the text stays as it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from service.document import Finding
from service.intake.documents import html, icu
from service.intake.documents.blocks import PlacedFinding, Translate, in_one, together
from service.intake.documents.markup import Markup
from service.text.placeholders import held, placeholders, released

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,30}|#\d{1,7});")
_LINE = re.compile(r"(\r?\n)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A text and its place, which people are told."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Translated:
    """A text in English and what was found in it; ``kept`` says that it stays what it was."""

    text: str
    findings: tuple[PlacedFinding, ...] = ()
    kept: bool = False


class _Sentences:
    """One text: plain, in HTML or with choices."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._message: icu.Message | None = None
        self._problem = ""
        self._texts = [entry.text]
        if icu.is_choice(entry.text):
            try:
                self._message = icu.parse(entry.text)
                self._texts = self._message.texts
            except ValueError as problem:
                self._problem, self._texts = str(problem), []
        self.markups = [_marked(text) for text in self._texts]

    def finished(self, found: Iterable[PlacedFinding]) -> Translated:
        """Return the text as it was translated, or as it was where it lost what it must keep."""
        findings = tuple(replace(one, place=self._entry.place) for one in found)
        if self._problem:
            return self._as_it_was(Finding.of("placeholder.unread", reason=self._problem))
        targets = [released(markup.joined()) for markup in self.markups]
        for source, target in zip(self._texts, targets, strict=True):
            lost = _differences(source, target)
            if lost:
                return self._as_it_was(Finding.of("placeholder.changed", words=", ".join(lost)[:200]))
        if not self._message:
            return Translated(targets[0], findings)
        doubled = "''" in self._entry.text
        return Translated(self._message.filled(targets, doubled=doubled), findings)

    def _as_it_was(self, finding: Finding) -> Translated:
        place, text = self._entry.place, self._entry.text
        return Translated(text, (PlacedFinding(place, text, finding),), kept=True)


def translate_entries(entries: Sequence[Entry], translate: Translate) -> list[Translated]:
    """Translate the texts of one file together; each is a context by itself to its sentences."""
    texts = [_Sentences(entry) for entry in entries]
    works = [markup.steps() for text in texts for markup in text.markups]
    found = iter(together(works, in_one(translate)))
    return [text.finished([one for _ in text.markups for one in next(found)]) for text in texts]


def _marked(text: str) -> Markup:
    """Return the text as blocks: HTML by its tags, anything else by its lines."""
    text = held(text)
    if _TAG.search(text) or _ENTITY.search(text):
        return html.parse(text)
    markup = Markup(lambda new: new)
    for line in _LINE.split(text):
        if _LINE.fullmatch(line):
            markup.end(line)
        elif line:
            markup.text(line, line)
    markup.end()
    return markup


def _differences(source: str, target: str) -> list[str]:
    """Return the placeholders and tags that are not as often in one as in the other."""
    old, new = (Counter([*placeholders(text), *_TAG.findall(text)]) for text in (source, target))
    return sorted(((old - new) + (new - old)).elements())
