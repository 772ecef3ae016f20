"""The Python API: a loaded model, and what can be asked of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from service.document import Brief, Fact, Finding, Reading, Signature, Summary, Translation
from service.errors import UsageError
from service.pipeline import Pipeline, SummaryRequest, build_pipeline, to_article
from service.settings import Settings, home
from service.summary.summarizer import Length
from service.translation.guard.check import check as check_pair

Texts = TypeVar("Texts")


def load(model: str = "auto", *, notice: Callable[[str], None] = lambda _: None, **settings: Any) -> Reader:
    """Open a translation model; ``auto`` is the best one that is installed.

    ``settings`` are the fields of :class:`service.settings.Settings`: ``home``, ``engine``, ``device``,
    ``threads``, ``beam_size``, ``glossary``, ``expand``, ``repair``, ``memory``, ``memory_at``, ``fuzzy``,
    ``rules``.
    ``notice`` is told, in a line, of work that takes a while before the first sentence, such as
    preparing the embedded model once. Nothing is downloaded. Raises UsageError for a setting that
    does not exist or does not fit, UnknownModel, NotInstalled, EngineError, StoreError.
    """
    known = list(Settings.__dataclass_fields__)
    for name in settings:
        if name not in known or name == "model":
            raise UsageError(
                "python.setting",
                "unknown setting {name!r}; there are: {known}",
                name=name,
                known=", ".join(known),
            )
    # Strings are what people write in Python; settings have paths.
    for name in ("home", "glossary", "rules"):
        if isinstance(settings.get(name), str):
            settings[name] = Path(settings[name])
    settings.setdefault("home", home(os.environ))
    return Reader(build_pipeline(Settings(model=model, **settings), notice))


def check(source: str, target: str) -> tuple[Finding, ...]:
    """Compare an English sentence, by whatever system, with its Indonesian source.

    Return what is suspicious in it: numbers, names, units, negation, dropped or repeated text. An empty
    tuple says that nothing was found, not that the sentence is right.
    """
    return check_pair(source, target)


class Reader:
    """A loaded model. Safe from several threads; its memory is freed with the last reference."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Wrap a pipeline; :func:`load` builds one."""
        self._pipeline = pipeline

    @property
    def signature(self) -> Signature:
        """What its translations depend on: model, revision, engine, decoding, glossary, version."""
        return self._pipeline.signature

    @overload
    def translate(self, texts: str) -> str: ...
    @overload
    def translate(self, texts: list[str]) -> list[str]: ...
    @overload
    def translate(self, texts: Texts) -> Texts: ...
    def translate(self, texts: Any) -> Any:
        """Translate a text, a list or tuple of texts, or a pandas or polars Series of them.

        The answer has the shape of what was given: a string for a string, a Series with the same name and
        index for a Series. ``None`` and NaN stay what they are. Each text keeps its paragraphs; nothing is
        cleaned away (see :meth:`read` for a pasted page). Raises UsageError for anything else.
        """
        if isinstance(texts, str):
            return self._pipeline.translate_texts([texts])[0]
        if isinstance(texts, list | tuple):
            return type(texts)(self._translated(texts))
        # By its name, so that neither library has to be there.
        library = type(texts).__module__.partition(".")[0]
        if type(texts).__name__ == "Series" and library == "pandas":
            return self._pandas(texts)
        if type(texts).__name__ == "Series" and library == "polars":
            done = self._translated(texts.to_list())
            return type(texts)(texts.name, done, dtype=texts.dtype)
        raise UsageError(
            "python.texts",
            "translate takes a string, a list, a tuple or a Series of strings, not {type}",
            type=type(texts).__name__,
        )

    def translate_article(
        self, text: str, *, keep_boilerplate: bool = False, captions: bool = False
    ) -> Translation:
        """Translate a pasted article: cleaned, its headline found, each sentence with what was found in it.

        With ``captions`` the captions of its pictures are translated too. Raises InputError where nothing is
        left to read.
        """
        made = self._pipeline.translate(to_article(text, keep_furniture=keep_boilerplate))
        return self._pipeline.captioned(made) if captions else made

    def read(
        self,
        text: str,
        *,
        sentences: int = 3,
        words: int | None = None,
        keep_boilerplate: bool = False,
        captions: bool = False,
    ) -> Reading:
        """Translate and summarise a pasted article, as `warta read` does.

        With ``captions`` the captions of its pictures are translated too. Raises InputError.
        """
        started = time.perf_counter()
        done = self.translate_article(text, keep_boilerplate=keep_boilerplate, captions=captions)
        request = SummaryRequest(length=Length(sentences, words))
        return self._pipeline.read(done.article, request, done, time.perf_counter() - started)

    def brief(self, text: str, *, keep_boilerplate: bool = False) -> Brief:
        """Tell what happened in a pasted article: a main sentence, key points, figures and names.

        Only what is shown is translated, so this is quicker than :meth:`read`. Raises InputError where
        nothing is left to read.
        """
        return self._pipeline.brief(to_article(text, keep_furniture=keep_boilerplate))

    def facts(self, text: str, *, keep_boilerplate: bool = False) -> tuple[Fact, ...]:
        """Translate a pasted article and compare its facts with the English, one by one.

        Facts are numbers, dates, times, money, people, places, organisations, offices and quotations, in
        reading order. Raises InputError where nothing is left to read.
        """
        return self._pipeline.facts(self.translate_article(text, keep_boilerplate=keep_boilerplate))

    def summarize(
        self,
        text: str,
        *,
        route: str = "auto",
        sentences: int = 3,
        words: int | None = None,
        language: str = "en",
    ) -> Summary:
        """Summarise a pasted article in English, or in Indonesian (``language="id"``).

        ``route`` is auto, extractive, indonanot5, mt5, crosssum, crosssum-m2m, translate-first or endpoint.
        Raises UsageError, NotInstalled, InputError.
        """
        return self._pipeline.summarize(
            to_article(text), SummaryRequest(route, Length(sentences, words), language)
        )

    def _translated(self, texts: Sequence[object]) -> list[object]:
        for number, text in enumerate(texts):
            if not (isinstance(text, str) or _missing(text)):
                raise UsageError(
                    "python.element",
                    "element {number}: a string or None is wanted, not {type}",
                    number=number,
                    type=type(text).__name__,
                )
        done = iter(self._pipeline.translate_texts([text for text in texts if isinstance(text, str)]))
        return [next(done) if isinstance(text, str) else text for text in texts]

    def _pandas(self, texts: Any) -> Any:
        # ``isna`` also knows pandas' NA and NaT, which no comparison finds.
        given = [None if gone else text for text, gone in zip(texts, texts.isna(), strict=True)]
        done = self._translated(given)
        whole = [text if new is None else new for text, new in zip(texts, done, strict=True)]
        return type(texts)(whole, index=texts.index, name=texts.name, dtype=texts.dtype)


def _missing(value: object) -> bool:
    """Return whether it stands for no value: None, or NaN, the only float that differs from itself."""
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124
