"""The ledger of an article: each fact with its words in both languages and what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.context import checkpoint
from service.document import Article, Fact, FactKind, SegmentTranslation, Translation
from service.facts import quotations
from service.facts.fates import English, fate
from service.facts.figures import Figure, Outcome, figures, outcomes
from service.facts.names import Name, NameReader
from service.facts.quotations import Quotation
from service.translation.aside import blanked
from service.translation.glossary import Glossary
from service.translation.normalise import split_dateline

KINDS: tuple[FactKind, ...] = (
    "person", "place", "organisation", "office", "number", "date", "time", "money", "quotation",
)  # fmt: skip
"""Every kind of fact, in the order in which a ledger is read."""
NOT_ENGLISH = frozenset(("echo", "empty", "artefact"))
"""Findings of the guard that leave nothing to compare a fact with."""
MOST_NAMES = 60
"""Names of one sentence that are looked for in its English; a sentence has some, a list is left unclear."""
# Words with what may stand inside them: "Jum'at", "anak-anak", "H.M".
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one Indonesian sentence holds; the title's sentence is None."""

    sentence: int | None
    text: str
    figures: tuple[Figure, ...]
    names: tuple[Name, ...]
    quotations: tuple[Quotation, ...]


def mentions(article: Article, glossary: Glossary) -> list[Mentions]:
    """Return what each sentence of an article holds that must not change; a title comes first."""
    sentences = article.body.sentences
    reader = NameReader(sentences, glossary)
    quoted = _quoted(article)
    found = [Mentions(None, article.title, *_read(article.title, reader), ())] if article.title else []
    for number, sentence in enumerate(sentences):
        checkpoint()
        found.append(Mentions(number, sentence, *_read(sentence, reader), tuple(quoted[number])))
    return found


def _read(sentence: str, reader: NameReader) -> tuple[tuple[Figure, ...], tuple[Name, ...]]:
    # Spaces for what is left out, so that all places are those of the sentence.
    dateline = len(split_dateline(sentence)[0])
    text = blanked(" " * dateline + sentence[dateline:])
    counted = tuple(figures(text))
    names = (name for name in reader.names(sentence) if not any(_touch(name, f) for f in counted))
    return counted, tuple(names)


def _touch(name: Name, figure: Figure) -> bool:
    """Return whether a figure takes the place of a name: *5 Kilometer*, *Densus 88* stays a name."""
    return name.start >= figure.start and name.end <= figure.end


def _quoted(article: Article) -> list[list[Quotation]]:
    """Return the quotations of each sentence; one that a paragraph leaves open ends with it."""
    paragraphs: dict[int, list[str]] = {}
    numbers = article.body.paragraphs()
    for number, sentence in zip(numbers, article.body.sentences, strict=True):
        paragraphs.setdefault(number, []).append(sentence)
    return [found for sentences in paragraphs.values() for found in quotations.quotations(sentences)]


def ledger(translation: Translation, glossary: Glossary) -> tuple[Fact, ...]:
    """Return the facts of an article in reading order, each compared with its sentence's English."""
    parts: dict[int | None, SegmentTranslation] = dict(enumerate(translation.segments))
    if translation.title:
        parts[None] = translation.title
    return tuple(
        fact
        for held in mentions(translation.article, glossary)
        if (part := parts.get(held.sentence))
        for fact in facts_of(held, part)
    )


def facts_of(held: Mentions, part: SegmentTranslation) -> list[Fact]:
    """Return the facts of one sentence, in order, compared with its English."""
    target = part.target
    unread = not target.strip() or any(finding.kind in NOT_ENGLISH for finding in part.findings)
    found = []
    for kind, start, end, compared in sorted(_compared(held, target), key=lambda row: (row[1], row[2])):
        outcome = Outcome("unclear" if target.strip() else "missing") if unread else compared
        words = target[outcome.start : outcome.end]
        place = (held.sentence, start, end, outcome.start, outcome.end)
        found.append(Fact(kind, held.text[start:end], words, outcome.status, *place))
    return found


def _compared(held: Mentions, target: str) -> Iterator[tuple[FactKind, int, int, Outcome]]:
    dateline = len(split_dateline(target)[0])
    # Of the same length, for the places in it are those in the target.
    plain = blanked(" " * dateline + target[dateline:])
    results = outcomes(held.text, held.figures, plain)
    for figure, outcome in zip(held.figures, results, strict=True):
        yield figure.kind, figure.start, figure.end, outcome
    people = frozenset(word for name in held.names if name.kind == "person" for word in name.words)
    english = English(plain, people)
    source_words = frozenset(word.lower() for word in _WORD.findall(held.text))
    for count, name in enumerate(held.names):
        became = fate(name, english, source_words) if count < MOST_NAMES else Outcome("unclear")
        yield name.kind, name.start, name.end, became
    said = quotations.outcomes(held.quotations, target)
    for quotation, outcome in zip(held.quotations, said, strict=True):
        yield "quotation", quotation.start, quotation.end, outcome


def to_check(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that English changed or lost."""
    return [fact for fact in facts if fact.status in ("changed", "missing")]
