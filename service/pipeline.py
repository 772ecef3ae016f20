"""One article's way: text -> Article -> Passage -> Translation -> Reading. Every interface uses this."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from service import presets
from service.document import (
    Article,
    Brief,
    Fact,
    Message,
    Passage,
    Reading,
    Segmented,
    SegmentTranslation,
    Signature,
    Summary,
    Translation,
)
from service.engines.base import Engine
from service.facts.ledger import ledger
from service.facts.pronouns import Pronouns
from service.intake.clean import clean, is_headline
from service.intake.credit import about_of, uncredited
from service.models.load import Notice, choose, open_engine
from service.models.store import Store
from service.presets import Preset
from service.settings import Settings
from service.summary.brief import brief as make_brief
from service.summary.headline import headline
from service.summary.summarizer import Length, Task, Writer, summarize
from service.text import segment
from service.text.language import check_article, is_english_article
from service.translation import own_terms
from service.translation.glossary import Glossary, load_user
from service.translation.guard import rules
from service.translation.guard.rules import Rule
from service.translation.memory.base import Memory
from service.translation.memory.forgiving import ForgivingMemory
from service.translation.memory.open import open_memory
from service.translation.own_terms import OwnTerms
from service.translation.translator import LARGEST_WINDOW, Care, Draft, Tally, Translator

MEMORY = "memory.sqlite"
"""The translation memory's file in the settings' home."""

ENGLISH = Message.of("article.english", "this is English already: read it as it is")
"""What is said of an article that needs no translation."""

Opener = Callable[[Preset], Engine]


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """What kind of summary is wanted: see :mod:`service.summary.summarizer`."""

    route: str = "auto"
    length: Length = field(default_factory=Length)
    language: str = "en"


class Pipeline:
    """Everything between an interface and the models. Safe from several threads.

    ``writer`` opens a summarisation model by its preset's name; ``installed`` says whether it
    is there.
    """

    def __init__(
        self, translator: Translator, writer: Callable[[str], Writer], installed: Callable[[str], bool]
    ) -> None:
        self._translator = translator
        self._writer = writer
        self._installed = installed

    @property
    def signature(self) -> Signature:
        """What the translations depend on."""
        return self._translator.signature

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the model's answers: see :attr:`Translator.notes`."""
        return self._translator.notes

    @property
    def own_translations(self) -> str:
        """Which imported translations are used before the model's, in short."""
        return self._translator.own_translations

    @property
    def tally(self) -> Tally:
        """What was translated and found so far."""
        return self._translator.tally

    def stream(
        self, passage: Passage, draft: Draft | None = None, largest: int = LARGEST_WINDOW
    ) -> Iterator[SegmentTranslation]:
        """Translate a passage sentence by sentence, as :meth:`Translator.stream` does."""
        return self._translator.stream(passage, draft, largest)

    def translate_all(self, passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        """Translate passages; the sentences of several fill the engine's batches."""
        return self._translator.translate_all(passages)

    def translate(self, article: Article) -> Translation:
        """Translate an article."""
        return self.assemble(article, list(self.stream(article.passage())))

    def captioned(self, translation: Translation) -> Translation:
        """Return a translation with its article's captions in English too, without who took the pictures."""
        article = translation.article
        split = [segment.split(uncredited(caption)) for caption in article.captions]
        done = self.translate_all([Passage(text.sentences, article.text) for text in split])
        parts = (replace(part, paragraph=number) for number, made in enumerate(done) for part in made)
        return replace(translation, captions=tuple(parts))

    def as_it_is(self, article: Article) -> list[SegmentTranslation]:
        """Return the parts of an article that is English already: what they say, and nothing decoded."""
        return [
            SegmentTranslation(source, source, None, confidence=1.0, band="high")
            for source in article.sources
        ]

    def assemble(self, article: Article, done: Sequence[SegmentTranslation]) -> Translation:
        """Return the translations of an article's sources, all or only the first, as a Translation."""
        titles = 1 if article.title else 0
        body = done[titles:]
        return Translation(
            article,
            # Copying is slow, and a part is made for the first paragraph.
            tuple(
                replace(part, paragraph=number) if number != part.paragraph else part
                # Only the first sentences may be done yet.
                for part, number in zip(body, article.body.paragraphs(), strict=False)
            ),
            self._translator.signature,
            done[0] if titles and done else None,
            article.body.lead,
            tuple(part.gap for part in article.body.segments[: len(body)]),
            warnings(article),
        )

    def translate_texts(self, texts: Sequence[str]) -> list[str]:
        """Translate texts as they are, nothing cleaned away: each keeps its own lines and spaces."""
        return [target for target, _ in self.translate_parts(texts)]

    def translate_parts(self, texts: Sequence[str]) -> list[tuple[str, list[SegmentTranslation]]]:
        """Translate texts as :meth:`translate_texts` does; beside each the sentences that it is made of."""
        split = [segment.split(text) for text in texts]
        done = self.translate_all([passage_of(text) for text in split])
        return [
            (text.filled([part.target for part in parts]), parts)
            for text, parts in zip(split, done, strict=True)
        ]

    def alternatives(self, text: str, count: int) -> tuple[list[str], list[SegmentTranslation]]:
        """Translate a text as :meth:`translate_texts` does; up to ``count`` other translations follow.

        The second value are the sentences of the first translation.
        """
        split = segment.split(text)
        done = self._translator.alternatives(passage_of(split), count)
        rows = [[part.target, *others] for part, others in done]
        ranks = range(max(map(len, rows), default=1))
        # The k-th text has the k-th best of each sentence, or its last one where it has fewer.
        texts = (split.filled([row[: k + 1][-1] for row in rows]) for k in ranks)
        return list(dict.fromkeys(texts)), [part for part, _ in done]

    def summarize(
        self, article: Article, options: SummaryRequest, translation: Translation | None = None
    ) -> Summary:
        """Return a summary; ``translation`` saves translating again. Raises UsageError, NotInstalled."""
        english = self._english(article, translation)
        task = Task(article, options.length, options.language, english, self._writer)
        return summarize(task, options.route, self._translator.signature, self._installed)

    def brief(self, article: Article, translation: Translation | None = None) -> Brief:
        """Return what happened, key points, figures and names; ``translation`` saves translating again."""
        english = self._english(article, translation)
        return make_brief(article, self._translator.glossary, english, self._translator.signature)

    def facts(self, translation: Translation) -> tuple[Fact, ...]:
        """Return what must not change in an article, each compared with its English, in reading order."""
        return ledger(translation, self._translator.glossary)

    def others(self, article: Article, source: str, count: int) -> list[str]:
        """Return the English of a sentence of an article, then up to ``count`` others, best first."""
        ((done, found),) = self._translator.alternatives(_part_of(article, [source]), count)
        return list(dict.fromkeys([done.target, *found]))

    def corrected(self, reading: Reading, english: Mapping[str, str]) -> Reading:
        """Return a reading with the user's English of some of its sentences, by their Indonesian."""
        return self._replaced(reading, {s: self._translator.own(s, text) for s, text in english.items()})

    def again(self, reading: Reading, sources: Sequence[str]) -> Reading:
        """Return a reading with some of its sentences translated once more, as is done by now."""
        (done,) = self.translate_all([_part_of(reading.article, sources)]) if sources else ([],)
        return self._replaced(reading, dict(zip(sources, done, strict=True)))

    def _replaced(self, reading: Reading, parts: Mapping[str, SegmentTranslation]) -> Reading:
        """Return the reading with other translations of sentences; brief, facts and summary are made anew.

        A summary that a model wrote stays as it is.
        """

        def now(part: SegmentTranslation) -> SegmentTranslation:
            return replace(parts[part.source], paragraph=part.paragraph) if part.source in parts else part

        old, summary = reading.translation, reading.summary
        title = now(old.title) if old.title else None
        made = replace(old, segments=tuple(map(now, old.segments)), title=title)
        # What is chosen changes with its sentences for nothing; what a model wrote would have to be written
        # again.
        chosen = summary.route in ("extractive", "whole")
        request = SummaryRequest("extractive", Length(max(1, len(summary.sentences))), summary.language)
        read = self.read(reading.article, request if chosen else SummaryRequest("extractive"), made)
        return replace(read, summary=read.summary if chosen else summary, seconds=reading.seconds)

    def _english(
        self, article: Article, translation: Translation | None
    ) -> Callable[[Sequence[str]], list[SegmentTranslation]]:
        """Return what translates sentences of an article, each once, or takes them from its translation."""
        known = {part.source: part for part in translation.segments} if translation else {}
        if translation and translation.title:
            known[translation.title.source] = translation.title

        def english(wanted: Sequence[str]) -> list[SegmentTranslation]:
            missing = tuple(dict.fromkeys(text for text in wanted if text not in known))
            (done,) = self.translate_all([_part_of(article, missing)])
            known.update(zip(missing, done, strict=True))
            return [known[text] for text in wanted]

        return english

    def read(
        self,
        article: Article,
        options: SummaryRequest | None = None,
        translation: Translation | None = None,
        seconds: float = 0,
    ) -> Reading:
        """Return translation, summary, brief and facts.

        A ``translation`` that is there already took ``seconds``.
        """
        started = time.perf_counter()
        translation = translation or self.translate(article)
        summary = self.summarize(article, options or SummaryRequest(), translation)
        title = translation.title.target if translation.title else headline(translation.segments[0].target)
        brief, facts = self.brief(article, translation), self.facts(translation)
        took = seconds + time.perf_counter() - started
        return Reading(article, title, translation, summary, took, brief, facts)


def to_article(
    raw: str, *, id: str = "", keep_furniture: bool = False, restored: Collection[int] = ()
) -> Article:
    """Return cleaned text; ``restored`` as in :func:`clean`. Raises InputError if nothing is left to read."""
    return clean(raw, id=id, keep_furniture=keep_furniture, restored=restored, about=about_of(raw))


def is_english(article: Article) -> bool:
    """Return whether an article is English already, so that there is nothing to translate."""
    return is_english_article(" ".join(article.sources))


def warnings(article: Article) -> tuple[Message, ...]:
    """Return what a reader should know before trusting a translation of ``article``."""
    warning = check_article(article.text)
    return (warning,) if warning else ()


def passage_of(text: Segmented) -> Passage:
    """Return a text as one unit of work; a first line that looks like a headline is one, as in an article."""
    first = text.segments[:1]
    if first and "\n" in first[0].gap:
        rest = "".join(part.text + part.gap for part in text.segments[1:])
        if is_headline(first[0].text, len(rest)):
            return Passage(text.sentences, rest, frozenset((0,)))
    return Passage(text.sentences, text.text)


def _part_of(article: Article, sources: Sequence[str]) -> Passage:
    """Return some of an article's sources as one unit of work."""
    heads = frozenset(index for index, source in enumerate(sources) if source == article.title)
    return Passage(tuple(sources), article.text, heads)


def build_pipeline(
    settings: Settings, notice: Notice, opener: Opener | None = None, warn: Notice | None = None
) -> Pipeline:
    """Choose and open the translation model; one for summaries is opened when a route needs it.

    ``notice`` is told of work before the first sentence. ``opener`` opens a preset's engine, where
    that is not to be :func:`service.models.load.open_engine`. ``warn``, else ``notice``, is told if the
    translation memory cannot be used: translating goes on without it. Raises UnknownModel, NotInstalled,
    EngineError, StoreError.
    """
    store = Store(settings.home / "models")
    opened = opener or partial(open_engine, store=store, settings=settings, notice=notice)
    preset = choose(settings.model, "translate", store)
    engine = opened(preset)
    manifest = store.manifest(preset)
    revision = manifest.revision if manifest else preset.revision

    @cache
    def writer(name: str) -> Writer:
        chosen = presets.get(name, "summarize")
        served = chosen.architecture == "endpoint"
        return Writer(opened(chosen), chosen, chosen.revision if served else store.require(chosen).revision)

    def installed(name: str) -> bool:
        return store.manifest(presets.get(name)) is not None

    # An echo is flagged in every sentence and decoding it again gives another one.
    translates = preset.architecture != "echo"
    memory = None
    if settings.memory and translates:
        memory = ForgivingMemory(partial(memory_of, settings), warn or notice)
    repairs = settings.repair and translates
    glossary = _glossary(settings)
    words = glossary.with_words(Glossary.words()) if preset.words else None
    care = Care(
        glossary,
        settings.expand,
        repairs,
        translates,
        memory,
        settings.fuzzy,
        _rules(settings),
        words,
        Pronouns,
    )
    translator = Translator(engine, preset, revision, beam_size=settings.beam_size, care=care)
    return Pipeline(translator, writer, installed)


def memory_of(settings: Settings) -> Memory:
    """Return the translation memory that the settings name. Raises UsageError, StoreError."""
    return open_memory(settings.memory_at or settings.home / MEMORY)


def _rules(settings: Settings) -> tuple[Rule, ...]:
    return rules.load(settings.rules) if settings.rules else ()


def _glossary(settings: Settings) -> Glossary:
    glossary = Glossary.load()
    if settings.memory:
        # What is merged later goes before: a file that is named for this run, then the page's, then ours.
        glossary = glossary.merged(OwnTerms(settings.home / own_terms.NAME).terms())
    return glossary.merged(load_user(settings.glossary)) if settings.glossary else glossary
