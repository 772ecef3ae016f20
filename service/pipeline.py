"""One article's way: text -> Article -> segments -> Translation -> Reading. Every face uses this."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from service import presets
from service.document import Article, Reading, SegmentTranslation, Signature, Translation
from service.intake import segment
from service.intake.clean import clean
from service.models.load import Notice, choose, open_engine
from service.models.store import Store
from service.settings import Settings
from service.summary.summarizer import lead
from service.translation.translator import Translator


class Pipeline:
    """Everything between a face and a model. Safe from several threads."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    @property
    def signature(self) -> Signature:
        """What the translations depend on."""
        return self._translator.signature

    def translate_segments(self, sources: Sequence[str]) -> Iterator[SegmentTranslation]:
        """Sentences without an article around them: one translation each, in order."""
        return self._translator.translate(sources)

    def stream(self, article: Article) -> Iterator[SegmentTranslation]:
        """The title, if there is one, then each segment, as they are ready."""
        return self._translator.translate(sources(article))

    def assemble(self, article: Article, done: Sequence[SegmentTranslation]) -> Translation:
        """What :meth:`stream` gave, whole or cut short, as a Translation."""
        segmented = segment.split(article.text)
        titles = 1 if article.title else 0
        body = done[titles:]
        paragraphs = segmented.paragraphs()
        return Translation(
            article,
            tuple(replace(part, paragraph=paragraphs[index]) for index, part in enumerate(body)),
            self._translator.signature,
            done[0] if titles and done else None,
            segmented.lead,
            tuple(part.gap for part in segmented.segments[: len(body)]),
        )

    def translate(self, article: Article) -> Translation:
        """The article in English."""
        return self.assemble(article, list(self.stream(article)))

    def reading(self, translation: Translation, seconds: float) -> Reading:
        """A translation with its summary; ``seconds`` is what the translation took."""
        started = time.perf_counter()
        summary = lead(translation)
        return Reading(translation.article, translation, summary, seconds + time.perf_counter() - started)

    def read(self, article: Article) -> Reading:
        """Translation and summary."""
        started = time.perf_counter()
        translation = self.translate(article)
        return self.reading(translation, time.perf_counter() - started)


def to_article(raw: str, *, id: str = "", keep_furniture: bool = False) -> Article:
    """Cleaned text. Raises InputError if nothing is left to read."""
    return clean(raw, id=id, keep_furniture=keep_furniture)


def sources(article: Article) -> list[str]:
    """What is translated of an article: its title, if it has one, and its segments."""
    title = [article.title] if article.title else []
    return title + [part.text for part in segment.split(article.text).segments]


def build_pipeline(settings: Settings, notice: Notice) -> Pipeline:
    """Chooses and opens the model. ``notice`` is told of work before the first sentence.

    Raises UnknownModel, NotInstalled, EngineError, StoreError.
    """
    store = Store(settings.home / "models")
    preset = choose(settings.model, "translate", store)
    engine = open_engine(preset, store, settings, notice)
    manifest = store.manifest(preset)
    revision = manifest.revision if manifest else presets.get(preset.name).revision
    return Pipeline(Translator(engine, preset, revision, settings.beam_size))
