"""Summaries by route. All say which source sentences they rest on, and what these do not hold.

========================  ===============================================================
``extractive``            the best Indonesian sentences, translated; needs no model of its own
``indonanot5``            indonanot5-indosum writes in Indonesian, free to use, then as ``mt5``
``mt5``                   mt5-xlsum writes in Indonesian, then sentence by sentence into English
``crosssum``              mt5-crosssum-en reads Indonesian and writes English in one step
``crosssum-m2m``          the same by mt5-crosssum-m2m
``translate-first``       the article in English, then mt5-xlsum on that
``endpoint``              a model that a server of the user's runs reads Indonesian and writes English
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
from service.document import (
    Article,
    Message,
    SegmentTranslation,
    Signature,
    Summary,
    SummarySentence,
)
from service.engines.base import Engine
from service.errors import UsageError
from service.presets import Preset
from service.summary import packing, provenance
from service.summary.extractive import best_first
from service.summary.routes import NAMES
from service.text import segment
from service.translation.confidence import least_sure, likely_wrong

SENTENCES = 3
SHORTEST = 3
"""Below this many sentences an article is shown whole: a model would only invent."""

MOST_PACKS = 3
"""``auto`` leaves longer articles to the extractive route: merged parts lose an article's thread."""

SPARE = 12
"""How many of the next best sentences may take the place of those whose English is likely wrong.

They are translated one after the other, and only as many as are needed."""

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
                raise UsageError(
                    "summary.least", "{name} must be at least 1, not {given}", name=name, given=value
                )


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
    notes: tuple[Message, ...] = ()


def extractive(task: Task) -> Draft:
    """Choose sentences, in reading order."""
    most = len(task.sentences) if task.length.words else task.length.sentences + SPARE
    order = best_first(task.sentences, most, task.article.title, paragraphs=task.paragraphs)
    chosen = _taken(task, order) if task.language == "id" else _trusted(task, order)
    return Draft(_chosen(task, chosen), _ranker_signature())


def _taken(task: Task, order: Sequence[int]) -> list[int]:
    """Return the best sentences, as many as were asked for, in reading order."""
    if words := task.length.words:
        return packing.fit_words(order, [len(sentence.split()) for sentence in task.sentences], words)
    return sorted(order[: task.length.sentences])


def _trusted(task: Task, order: Sequence[int]) -> list[int]:
    """Return the same, those whose English is likely wrong only where none of the next best is better."""
    # More than these are never translated for a summary.
    order = order[: len(_taken(task, order)) + SPARE]
    wrong: dict[int, bool] = {}
    # Ends, since each round translates at least one sentence that was not known yet, or stops.
    while True:
        # Python's sort is stable: the best first among those that are not known to be wrong.
        chosen = _taken(task, sorted(order, key=lambda index: wrong.get(index, False)))
        new = [index for index in chosen if index not in wrong]
        if not new:
            return chosen
        done = task.english([task.sentences[index] for index in new])
        wrong.update(zip(new, map(likely_wrong, done), strict=True))


def whole(task: Task) -> Draft:
    """Return a short article as it is."""
    note = Message.of(
        "summary.whole", "The article has fewer than {count} sentences and is shown whole.", count=SHORTEST
    )
    return Draft(_chosen(task, range(len(task.sentences))), "whole", notes=(note,))


def mt5(task: Task) -> Draft:
    """Write in Indonesian by mT5, then translate."""
    return _indonesian(task, "mt5-xlsum")


def indonanot5(task: Task) -> Draft:
    """Write in Indonesian by IndoNanoT5, then translate."""
    return _indonesian(task, "indonanot5-indosum")


def _indonesian(task: Task, name: str) -> Draft:
    writer = task.writer(name)
    written, packs, notes = _write(task, writer, task.sentences, task.article.title)
    traced = [_traced(text, task.sentences, task.article.title) for text in written]
    if task.language == "en":
        traced = [
            replace(_inherited(s, (t,)), text=t.target, source=s.text)
            for s, t in zip(traced, task.english(written), strict=True)
        ]
    return Draft(tuple(traced), writer.signature, packs, notes)


def crosssum(task: Task) -> Draft:
    """Write in English from the Indonesian by mT5."""
    return _english(task, "mt5-crosssum-en")


def crosssum_m2m(task: Task) -> Draft:
    """Write in English from the Indonesian by the mT5 that was trained on every pair of
    languages.
    """
    return _english(task, NEEDS["crosssum-m2m"])


def endpoint(task: Task) -> Draft:
    """Write in English from the Indonesian by a model that a server of the user's runs."""
    return _english(task, NEEDS["endpoint"])


def _english(task: Task, name: str) -> Draft:
    """Write in English from the Indonesian; trace it in the English of the article."""
    writer = task.writer(name)
    written, packs, notes = _write(task, writer, task.sentences, task.article.title)
    return Draft(tuple(_traced_in_english(task, written)), writer.signature, packs, notes)


def translate_first(task: Task) -> Draft:
    """Return the English article, summarised in English."""
    writer = task.writer("mt5-xlsum")
    title = task.english([task.article.title])[0].target if task.article.title else ""
    targets = [part.target for part in task.english(task.sentences)]
    written, packs, notes = _write(task, writer, targets, title)
    # Looked up, not translated again: ``english`` keeps what it has made.
    parts = task.english(task.sentences)
    sentences = (
        _inherited(sentence, [parts[index] for index in sentence.support])
        for sentence in _traced_in_english(task, written)
    )
    return Draft(tuple(sentences), writer.signature, packs, notes)


ROUTES: Mapping[str, Callable[[Task], Draft]] = {
    "extractive": extractive,
    "indonanot5": indonanot5,
    "mt5": mt5,
    "crosssum": crosssum,
    "crosssum-m2m": crosssum_m2m,
    "translate-first": translate_first,
    "endpoint": endpoint,
}
"""What the routes of :mod:`service.summary.routes` do; ``auto`` is one of them."""

NEEDS = {
    "indonanot5": "indonanot5-indosum",
    "crosssum": "mt5-crosssum-en",
    "crosssum-m2m": "mt5-crosssum-m2m",
    "mt5": "mt5-xlsum",
    "translate-first": "mt5-xlsum",
    "endpoint": "qwen3-summary",
}
"""The preset that a route needs."""

AUTO = ("indonanot5", "crosssum", "crosssum-m2m", "mt5")
"""The routes that ``auto`` tries, in this order: first the one without a non-commercial clause."""

ENGLISH_ONLY = frozenset(("crosssum", "crosssum-m2m", "translate-first", "endpoint"))


def offered(installed: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the routes that can run with what is ``installed``: what a menu shows."""
    return ("auto", *(name for name in ROUTES if name not in NEEDS or installed(NEEDS[name])))


def summarize(task: Task, route: str, translator: Signature, installed: Callable[[str], bool]) -> Summary:
    """Return the summary of ``task`` by ``route``, which may be ``auto``.

    Raises UsageError for an unknown route or a language the route cannot write, NotInstalled
    for a route whose model is not there.
    """
    _check(task, route)
    notes: tuple[Message, ...] = ()
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
        raise UsageError(
            "summary.route",
            "unknown route {route!r}; there are: {known}",
            route=route,
            known=", ".join(NAMES),
        )
    if task.language not in LANGUAGES:
        raise UsageError(
            "summary.language",
            "unknown language {language!r}; there are: {known}",
            language=task.language,
            known=", ".join(LANGUAGES),
        )
    if task.language == "id" and route in ENGLISH_ONLY:
        raise UsageError(
            "summary.english_only",
            "the route {route} writes English only; use extractive, indonanot5 or mt5 for Indonesian",
            route=route,
        )


def _best(task: Task, installed: Callable[[str], bool]) -> str:
    able = [name for name in AUTO if installed(NEEDS[name])]
    if task.language == "id":
        able = [name for name in able if name not in ENGLISH_ONLY]
    if not able:
        return "extractive"
    writer = task.writer(NEEDS[able[0]])
    packs = _packs(writer, task.sentences, task.article.title)
    return able[0] if len(packs) <= MOST_PACKS else "extractive"


def _about(name: str) -> tuple[Message, ...]:
    if name not in NEEDS:
        return ()
    preset = presets.get(NEEDS[name])
    return (
        Message.of(
            "summary.model",
            "Summary by {model}. Licence: {licence}",
            model=preset.name,
            licence=preset.licence_note or preset.licence,
        ),
    )


def _chosen(task: Task, indices: Sequence[int]) -> tuple[SummarySentence, ...]:
    sources = [task.sentences[index] for index in indices]
    if task.language == "id":
        return tuple(
            SummarySentence(text, (index,), 1.0) for index, text in zip(indices, sources, strict=True)
        )
    return tuple(
        _inherited(SummarySentence(part.target, (index,), 1.0, source=part.source), (part,))
        for index, part in zip(indices, task.english(sources), strict=True)
    )


def _inherited(sentence: SummarySentence, parts: Sequence[SegmentTranslation]) -> SummarySentence:
    """Return a sentence with what was found in the translations it is made of, and the band of the least
    sure.
    """
    if not parts:
        return sentence
    found = dict.fromkeys(finding for part in parts for finding in part.findings)
    worst = least_sure(parts)
    return replace(
        sentence,
        findings=tuple(dict.fromkeys((*sentence.findings, *found))),
        confidence=worst.confidence,
        band=worst.band,
    )


def _packs(writer: Writer, sentences: Sequence[str], title: str) -> list[list[int]]:
    # Two less, for the marks of start and end that an engine may add.
    return packing.pack(sentences, writer.engine.count_tokens, writer.preset.max_input_tokens - 2, title)


def _write(
    task: Task, writer: Writer, sentences: Sequence[str], title: str
) -> tuple[list[str], int, tuple[Message, ...]]:
    """Return the model's sentences over all packs, merged; how many packs there were; and notes."""
    count, limit = writer.engine.count_tokens, writer.preset.max_input_tokens - 2
    packs = _packs(writer, sentences, title)
    opening = [title] if packing.title_fits(count, limit, title) else []
    # In one line, as the models were trained.
    texts = [" ".join(" ".join([*opening, *(sentences[i] for i in pack)]).split()) for pack in packs]
    outputs = writer.engine.generate(texts, writer.preset.decoding)
    parts = [[part.text for part in segment.split(output.text).segments] for output in outputs]
    words = task.length.words
    merged = packing.merge(parts, None if words else task.length.sentences, words, title)
    notes = []
    if len(packs) > 1:
        notes.append(Message.of("summary.packs", "Summarised in {count} parts and merged.", count=len(packs)))
    if any(output.truncated for output in outputs):
        notes.append(
            Message.of(
                "summary.cut",
                "The model was cut short: a part of the article was too long, or its summary was.",
            )
        )
    return merged, len(packs), tuple(notes)


def _traced(text: str, segments: Sequence[str], title: str) -> SummarySentence:
    indices, score = provenance.support(text, segments)
    # Figures and names of the headline count as given, because the model read it too.
    found = provenance.findings(text, [*(segments[i] for i in indices), *([title] if title else [])])
    return SummarySentence(text, indices, score, found)


def _traced_in_english(task: Task, written: Sequence[str]) -> list[SummarySentence]:
    targets = [part.target for part in task.english(task.sentences)]
    title = task.english([task.article.title])[0].target if task.article.title else ""
    return [_traced(text, targets, title) for text in written]


def _ranker_signature() -> str:
    data = files("service.summary").joinpath("data", "ranker.json").read_bytes()
    return f"ranker@{sha256(data).hexdigest()[:12]}"
