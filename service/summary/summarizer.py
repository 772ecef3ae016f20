"""Summaries by route. All say which source sentences they rest on, and what these do not hold.

========================  ===============================================================
``extractive``            the best Indonesian sentences, translated; needs no model of its own
``mt5``                   mt5-xlsum writes in Indonesian, then sentence by sentence into English
``crosssum``              mt5-crosssum-en reads Indonesian and writes English in one step
``translate-first``       the article in English, then mt5-xlsum on that
``auto``                  the best of these that is installed, for the length at hand
========================  ===============================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files

from service import presets
from service.document import Article, Finding, SegmentTranslation, Signature, Summary, SummarySentence
from service.engines.base import Engine
from service.errors import UsageError
from service.presets import Preset
from service.summary import packing, provenance
from service.summary.extractive import best_first
from service.summary.routes import NAMES
from service.text import segment

SENTENCES = 3
SHORTEST = 3
"""Below this many sentences an article is shown whole: a model would only invent."""

MOST_PACKS = 3
"""``auto`` leaves longer articles to the extractive route: merged parts lose an article's thread."""

LANGUAGES = ("en", "id")

English = Callable[[Sequence[str]], list[SegmentTranslation]]
"""Translates Indonesian sentences, or looks up those that are translated already."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a summary is asked to be; ``words`` wins over ``sentences`` and is met within a sentence."""

    sentences: int = SENTENCES
    words: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("sentences", self.sentences), ("words", self.words)):
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")


@dataclass(frozen=True, slots=True)
class Writer:
    """A summarisation model, loaded: its engine, its preset and the revision that is installed."""

    engine: Engine
    preset: Preset
    revision: str

    @property
    def signature(self) -> str:
        """Preset, revision, engine and decoding."""
        decoding = self.preset.decoding
        return (
            f"{self.preset.name}@{self.revision},{self.engine.signature},beam={decoding.beam_size},"
            f"length_penalty={decoding.length_penalty},no_repeat={decoding.no_repeat_ngram_size}"
        )


@dataclass(frozen=True)
class Task:
    """What a route works on. ``english`` translates; ``writer`` opens the model of a preset's name."""

    article: Article
    length: Length
    language: str
    english: English
    writer: Callable[[str], Writer]

    @cached_property
    def sentences(self) -> list[str]:
        """The source segments."""
        return list(self.article.body.sentences)

    @cached_property
    def paragraphs(self) -> tuple[int, ...]:
        """The paragraph of each source segment."""
        return self.article.body.paragraphs()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a route made, before the signature is put on."""

    sentences: tuple[SummarySentence, ...]
    made_by: str
    packs: int = 1
    notes: tuple[str, ...] = ()


def extractive(task: Task) -> Draft:
    """Chosen sentences, in reading order."""
    limit = len(task.sentences) if task.length.words else task.length.sentences
    order = best_first(task.sentences, limit, task.article.title, paragraphs=task.paragraphs)
    chosen = sorted(order)
    if task.length.words:
        chosen = packing.fit_words(order, [len(s.split()) for s in task.sentences], task.length.words)
    return Draft(_chosen(task, chosen), _ranker_signature())


def whole(task: Task) -> Draft:
    """A short article as it is."""
    note = f"The article has fewer than {SHORTEST} sentences and is shown whole."
    return Draft(_chosen(task, range(len(task.sentences))), "whole", notes=(note,))


def mt5(task: Task) -> Draft:
    """Written in Indonesian, then translated."""
    writer = task.writer("mt5-xlsum")
    written, packs, notes = _write(task, writer, task.sentences, task.article.title)
    traced = [_traced(text, task.sentences, task.article.title) for text in written]
    if task.language == "en":
        traced = [
            replace(s, text=t.target, source=s.text, findings=(*s.findings, *t.findings))
            for s, t in zip(traced, task.english(written), strict=True)
        ]
    return Draft(tuple(traced), writer.signature, packs, notes)


def crosssum(task: Task) -> Draft:
    """Written in English from the Indonesian; traced in the English of the article."""
    writer = task.writer("mt5-crosssum-en")
    written, packs, notes = _write(task, writer, task.sentences, task.article.title)
    return Draft(_traced_in_english(task, written), writer.signature, packs, notes)


def translate_first(task: Task) -> Draft:
    """The English article, summarised in English."""
    writer = task.writer("mt5-xlsum")
    title = task.english([task.article.title])[0].target if task.article.title else ""
    targets = [part.target for part in task.english(task.sentences)]
    written, packs, notes = _write(task, writer, targets, title)
    return Draft(_traced_in_english(task, written), writer.signature, packs, notes)


ROUTES: Mapping[str, Callable[[Task], Draft]] = {
    "extractive": extractive,
    "mt5": mt5,
    "crosssum": crosssum,
    "translate-first": translate_first,
}
"""What the routes of :mod:`service.summary.routes` do; ``auto`` is one of them."""

NEEDS = {"crosssum": "mt5-crosssum-en", "mt5": "mt5-xlsum", "translate-first": "mt5-xlsum"}
"""The preset that a route needs; the order is that of ``auto``."""


def summarize(task: Task, route: str, translator: Signature, installed: Callable[[str], bool]) -> Summary:
    """The summary of ``task`` by ``route``, which may be ``auto``.

    Raises UsageError for an unknown route or a language the route cannot write, NotInstalled
    for a route whose model is not there.
    """
    _check(task, route)
    notes: tuple[str, ...] = ()
    if len(task.sentences) < SHORTEST:
        name, draft = "whole", whole(task)
    else:
        name = _best(task, installed) if route == "auto" else route
        draft = ROUTES[name](task)
        notes = _about(name)
    signature = replace(translator, route=f"{name}({draft.made_by})")
    return Summary(draft.sentences, name, signature, task.language, draft.packs, (*notes, *draft.notes))


def _check(task: Task, route: str) -> None:
    if route not in NAMES:
        raise UsageError(f"unknown route {route!r}; there are: {', '.join(NAMES)}")
    if task.language not in LANGUAGES:
        raise UsageError(f"unknown language {task.language!r}; there are: {', '.join(LANGUAGES)}")
    if task.language == "id" and route in ("crosssum", "translate-first"):
        raise UsageError(f"the route {route} writes English only; use extractive or mt5 for Indonesian")


def _best(task: Task, installed: Callable[[str], bool]) -> str:
    able = [name for name in ("crosssum", "mt5") if installed(NEEDS[name])]
    if task.language == "id":
        able = [name for name in able if name != "crosssum"]
    if not able:
        return "extractive"
    writer = task.writer(NEEDS[able[0]])
    packs = _packs(writer, task.sentences, task.article.title)
    return able[0] if len(packs) <= MOST_PACKS else "extractive"


def _about(name: str) -> tuple[str, ...]:
    if name not in NEEDS:
        return ()
    preset = presets.get(NEEDS[name])
    return (f"Summary by {preset.name}. Licence: {preset.licence_note}",)


def _chosen(task: Task, indices: Sequence[int]) -> tuple[SummarySentence, ...]:
    sources = [task.sentences[index] for index in indices]
    pairs: list[tuple[str, str, tuple[Finding, ...]]]
    if task.language == "id":
        pairs = [(source, "", ()) for source in sources]
    else:
        pairs = [(part.target, part.source, part.findings) for part in task.english(sources)]
    return tuple(
        SummarySentence(text, (index,), 1.0, findings, source)
        for index, (text, source, findings) in zip(indices, pairs, strict=True)
    )


def _packs(writer: Writer, sentences: Sequence[str], title: str) -> list[list[int]]:
    return packing.pack(sentences, writer.engine.count_tokens, writer.preset.max_input_tokens - 2, title)


def _write(
    task: Task, writer: Writer, sentences: Sequence[str], title: str
) -> tuple[list[str], int, tuple[str, ...]]:
    """The model's sentences over all packs, merged; how many packs there were; and notes."""
    count, limit = writer.engine.count_tokens, writer.preset.max_input_tokens - 2
    packs = _packs(writer, sentences, title)
    opening = [title] if packing.title_fits(count, limit, title) else []
    texts = [" ".join(" ".join([*opening, *(sentences[i] for i in pack)]).split()) for pack in packs]
    outputs = writer.engine.generate(texts, writer.preset.decoding)
    parts = [[part.text for part in segment.split(output.text).segments] for output in outputs]
    words = task.length.words
    merged = packing.merge(parts, None if words else task.length.sentences, words, title)
    notes = [f"Summarised in {len(packs)} parts and merged."] if len(packs) > 1 else []
    if any(output.truncated for output in outputs):
        notes.append("The model was cut short: a part of the article was too long, or its summary was.")
    return merged, len(packs), tuple(notes)


def _traced(text: str, segments: Sequence[str], title: str) -> SummarySentence:
    indices, score = provenance.support(text, segments)
    found = provenance.findings(text, [*(segments[i] for i in indices), *([title] if title else [])])
    return SummarySentence(text, indices, score, found)


def _traced_in_english(task: Task, written: Sequence[str]) -> tuple[SummarySentence, ...]:
    targets = [part.target for part in task.english(task.sentences)]
    title = task.english([task.article.title])[0].target if task.article.title else ""
    return tuple(_traced(text, targets, title) for text in written)


def _ranker_signature() -> str:
    data = files("service.summary").joinpath("data", "ranker.json").read_bytes()
    return f"ranker@{sha256(data).hexdigest()[:12]}"
