"""One article's way: text -> Article -> segments -> Translation -> Reading. Every face uses this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from service import presets
from service.document import Article, Reading, Segmented, SegmentTranslation, Signature, Summary, Translation
from service.engines.base import Engine
from service.intake.clean import clean
from service.models.load import Notice, choose, open_engine
from service.models.store import Store
from service.presets import Preset
from service.settings import Settings
from service.summary.headline import headline
from service.summary.summarizer import Length, Task, Writer, summarize
from service.text import segment
from service.text.language import check_article
from service.translation.glossary import Glossary, load_user
from service.translation.memory.sqlite import Memory, open_memory
from service.translation.translator import Care, Draft, Tally, Text, Translator

MEMORY = "memory.sqlite"
"""The translation memory's file in the settings' home."""

Opener = Callable[[Preset], Engine]


@dataclass(frozen=True, slots=True)
class Brief:
    """What kind of summary is wanted: see :mod:`service.summary.summarizer`."""

    route: str = "auto"
    length: Length = field(default_factory=Length)
    language: str = "en"


class Pipeline:
    """Everything between a face and the models. Safe from several threads.

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
    def own_translations(self) -> str:
        """Which imported translations are used before the model's, in short."""
        return self._translator.own_translations

    @property
    def tally(self) -> Tally:
        """What was translated and found so far."""
        return self._translator.tally

    def translate_segments(self, sources: Sequence[str]) -> Iterator[SegmentTranslation]:
        """Sentences without an article around them: one translation each, in order."""
        return self._translator.translate(sources)

    def stream(self, article: Article, draft: Draft | None = None) -> Iterator[SegmentTranslation]:
        """The title, if there is one, then each segment, as they are ready; ``draft`` as in Translator."""
        text = _text(article, segment.split(article.text))
        return self._translator.translate(
            text.sources, article=text.article, headline=text.headline, draft=draft
        )

    def translate_all(self, articles: Sequence[Article]) -> list[Translation]:
        """Each article in English; the sentences of several fill the engine's batches."""
        split = [segment.split(article.text) for article in articles]
        texts = [_text(article, segmented) for article, segmented in zip(articles, split, strict=True)]
        done = self._translator.translate_all(texts)
        return [self._assembled(*whole) for whole in zip(articles, split, done, strict=True)]

    def translate_texts(self, texts: Sequence[str]) -> list[str]:
        """Each text in English on one line, taken as it is: nothing is cleaned away, no title looked for."""
        return [" ".join(text.split("\n")) for text in self._plain(texts, [""] * len(texts))]

    def translate_plain(self, texts: Sequence[str]) -> list[str]:
        """Each text in English with its own lines and spaces; else as :meth:`translate_texts`."""
        return self._plain(texts, texts)

    def alternatives(self, text: str, count: int) -> list[str]:
        """A plain text in English, then up to ``count`` other translations of it, the best first."""
        split = segment.split(text)
        sentences = [part.text for part in split.segments]
        rows = self._translator.alternatives(Text(sentences, text), count)
        ranks = range(max(map(len, rows), default=1))
        return list(dict.fromkeys(_put_together(split, [row[: k + 1][-1] for row in rows]) for k in ranks))

    def _plain(self, texts: Sequence[str], articles: Sequence[str]) -> list[str]:
        split = [segment.split(text) for text in texts]
        asked = [Text([s.text for s in t.segments], a) for t, a in zip(split, articles, strict=True)]
        done = self._translator.translate_all(asked)
        return [_put_together(t, [d.target for d in parts]) for t, parts in zip(split, done, strict=True)]

    def assemble(self, article: Article, done: Sequence[SegmentTranslation]) -> Translation:
        """What :meth:`stream` gave, whole or cut short, as a Translation."""
        return self._assembled(article, segment.split(article.text), done)

    def _assembled(
        self, article: Article, segmented: Segmented, done: Sequence[SegmentTranslation]
    ) -> Translation:
        titles = 1 if article.title else 0
        body = done[titles:]
        paragraphs = segmented.paragraphs()
        return Translation(
            article,
            # Copying is slow, and a part is made for the first paragraph.
            tuple(
                replace(part, paragraph=number) if number != part.paragraph else part
                for part, number in zip(body, paragraphs, strict=False)
            ),
            self._translator.signature,
            done[0] if titles and done else None,
            segmented.lead,
            tuple(part.gap for part in segmented.segments[: len(body)]),
            warnings(article),
        )

    def translate(self, article: Article) -> Translation:
        """The article in English."""
        return self.assemble(article, list(self.stream(article)))

    def summarize(self, article: Article, brief: Brief, translation: Translation | None = None) -> Summary:
        """A summary; ``translation`` saves translating again. Raises UsageError, NotInstalled."""
        known = {part.source: part for part in translation.segments} if translation else {}
        if translation and translation.title:
            known[translation.title.source] = translation.title

        def english(wanted: Sequence[str]) -> list[SegmentTranslation]:
            missing = [text for text in wanted if text not in known]
            known.update(zip(missing, self._translator.translate(missing, article=article.text), strict=True))
            return [known[text] for text in wanted]

        task = Task(article, brief.length, brief.language, english, self._writer)
        return summarize(task, brief.route, self._translator.signature, self._installed)

    def read(
        self,
        article: Article,
        brief: Brief | None = None,
        translation: Translation | None = None,
        seconds: float = 0,
    ) -> Reading:
        """Translation and summary. A ``translation`` that is there already took ``seconds``."""
        started = time.perf_counter()
        translation = translation or self.translate(article)
        summary = self.summarize(article, brief or Brief(), translation)
        title = translation.title.target if translation.title else headline(translation.segments[0].target)
        return Reading(article, title, translation, summary, seconds + time.perf_counter() - started)


def to_article(raw: str, *, id: str = "", keep_furniture: bool = False) -> Article:
    """Cleaned text. Raises InputError if nothing is left to read."""
    return clean(raw, id=id, keep_furniture=keep_furniture)


def warnings(article: Article) -> tuple[str, ...]:
    """What a reader should know before trusting a translation of ``article``."""
    warning = check_article(article.text)
    return (warning,) if warning else ()


def sources(article: Article) -> list[str]:
    """What is translated of an article: its title, if it has one, and its segments."""
    return _sources(article, segment.split(article.text))


def _sources(article: Article, segmented: Segmented) -> list[str]:
    title = [article.title] if article.title else []
    return title + [part.text for part in segmented.segments]


def _put_together(text: Segmented, targets: Sequence[str]) -> str:
    return text.lead + "".join(t + s.gap for t, s in zip(targets, text.segments, strict=True))


def _text(article: Article, segmented: Segmented) -> Text:
    return Text(_sources(article, segmented), article.text, bool(article.title))


def build_pipeline(settings: Settings, notice: Notice, opener: Opener | None = None) -> Pipeline:
    """Chooses and opens the translation model; one for summaries is opened when a route needs it.

    ``notice`` is told of work before the first sentence. ``opener`` opens a preset's engine, where
    that is not to be :func:`service.models.load.open_engine`. Raises UnknownModel, NotInstalled,
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
        return Writer(opened(chosen), chosen, store.require(chosen).revision)

    def installed(name: str) -> bool:
        return store.manifest(presets.get(name)) is not None

    # An echo is flagged in every sentence and decoding it again gives another one.
    translates = preset.architecture != "echo"
    memory = memory_of(settings) if settings.memory and translates else None
    repairs = settings.repair and translates
    care = Care(_glossary(settings), settings.expand, repairs, translates, memory, settings.fuzzy)
    translator = Translator(engine, preset, revision, beam_size=settings.beam_size, care=care)
    return Pipeline(translator, writer, installed)


def memory_of(settings: Settings) -> Memory:
    """The translation memory that the settings name. Raises UsageError, StoreError."""
    return open_memory(settings.memory_at or settings.home / MEMORY)


def _glossary(settings: Settings) -> Glossary:
    glossary = Glossary.load()
    return glossary.merged(load_user(settings.glossary)) if settings.glossary else glossary
