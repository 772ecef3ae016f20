"""What a result is as JSON, said once.

The command line's ``--format json``, the rows of a batch, the answers of HTTP with their OpenAPI description,
the background jobs and the files that the page saves all come from these models. Each is made of a record of
:mod:`service.document`: leaves by their attributes (``Segment.model_validate(part)``), results by ``of``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator, model_validator

from service import document, messages
from service.findings import Severity
from service.intake.plain import left_out
from service.render import marks


def _said(value: object) -> Any:
    return messages.text(value) if isinstance(value, document.Message) else value


Said = Annotated[str, BeforeValidator(_said)]
"""A message as text, in the language of whoever is answered."""


class Model(BaseModel):
    """A frozen object of declared fields, which records give by their attributes and JSON by its keys."""

    # ``from_attributes`` also passes a record's properties, so that they can be fields.
    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    def dumped(self, indent: int | None = None) -> str:
        """Return the object as JSON text, in a line unless it is indented."""
        # Not pydantic's own: half a surrogate pair, as some file names hold, has no UTF-8.
        return json.dumps(self.model_dump(), ensure_ascii=False, indent=indent)


class Finding(Model):
    """Something to check: ``code``, ``kind`` (its first part) and ``severity`` are from fixed lists.

    ``message`` is for people, in their language, and says what ``values`` hold by name.
    """

    code: str
    kind: str
    severity: Severity
    message: str
    values: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _of(cls, value: object) -> object:
        return messages.record(value) if isinstance(value, document.Finding) else value


class Suggestion(Model):
    """A user translation of nearly the same sentence; ``similarity`` is from 0 to 1."""

    source: str
    target: str
    similarity: float


class Segment(Model):
    """A sentence or a title in both languages, with what is known of it; ``paragraph`` counts from 0.

    ``score`` is the model's mean log-probability a token; ``confidence`` is from 0 to 1, its ``band`` high,
    medium or low. Of a model that gives no scores both are null, and the band is ``no score``.
    """

    source: str
    target: str
    paragraph: int
    score: float | None
    confidence: float | None
    band: str
    truncated: bool
    repaired: bool
    cached: bool
    findings: list[Finding]
    suggestions: list[Suggestion]


class Boilerplate(Model):
    """A piece of boilerplate that cleaning set aside: the rule that did, and its line in the text, from 0."""

    text: str
    reason: str
    line: int


class Decoding(Model):
    """How the model searched."""

    beam_size: int
    max_new_tokens: int
    length_penalty: float
    repetition_penalty: float
    no_repeat_ngram_size: int


class Signature(Model):
    """What the result depends on; ``text`` is all of it in a line."""

    preset: str
    model: str
    revision: str
    engine: str
    decoding: Decoding
    version: str
    route: str
    glossary: str
    repair: bool
    text: str


class Whole(Model):
    """What is known of a translated article as a whole; ``title`` is null for one without.

    ``text`` is its English, with its paragraphs; ``status`` says how many of its sentences are marked, and
    that the others can be wrong too.
    ``byline``, ``published`` and ``site`` are as the page writes them, ``captions`` in Indonesian; ``roles``
    says of each paragraph whether it is ``text``, a ``subhead`` or an ``item`` of a list. Where captions were
    to be translated, ``caption_segments`` are their sentences; ``paragraph`` is the caption's number, from 0.
    """

    title: Segment | None
    text: str
    status: str
    warnings: list[Said]
    byline: str
    published: str
    site: str
    roles: list[str]
    captions: list[str]
    caption_segments: list[Segment]
    boilerplate: list[Boilerplate]
    signature: Signature


class Bilingual(Whole):
    """An article sentence by sentence, in its order."""

    segments: list[Segment]


class Translation(Bilingual):
    """An article in English, sentence by sentence."""

    @classmethod
    def of(cls, translation: document.Translation) -> Self:
        """Return the JSON of a translation."""
        return cls.model_validate(_bilingual(translation))


class SummarySentence(Model):
    """A sentence of a summary; ``support`` numbers the source segments it rests on, from 0.

    ``score`` says how well they carry it, from 0 to 1; ``source`` is the Indonesian it was translated from,
    if it was. ``findings`` hold what was found in the translations that it is made of, ``confidence`` and
    ``band`` are those of the least sure of them; without any the band is empty.
    """

    text: str
    support: list[int]
    score: float
    findings: list[Finding]
    source: str
    confidence: float | None
    band: str


class Summary(Model):
    """A summary, how it was made, and what to know of it."""

    sentences: list[SummarySentence]
    language: str
    route: str
    packs: int
    notes: list[Said]
    signature: Signature

    @classmethod
    def of(cls, summary: document.Summary) -> Self:
        """Return the JSON of a summary."""
        return cls.model_validate(summary)


class Fact(Model):
    """Something that must not change; ``sentence`` counts from 0 and is null in the title.

    ``start`` to ``end`` are its characters in the sentence, ``target_start`` to ``target_end`` those of its
    English words, which are empty where none answer to it.
    """

    kind: document.FactKind
    source: str
    target: str
    status: document.FactStatus
    sentence: int | None
    start: int
    end: int
    target_start: int
    target_end: int


class Facts(Model):
    """The facts of an article in reading order, and how many there are of each status."""

    facts: list[Fact]
    counts: dict[document.FactStatus, int]

    @classmethod
    def of(cls, facts: Sequence[document.Fact]) -> Self:
        """Return the JSON of a fact ledger."""
        statuses = [fact.status for fact in facts]
        counts = {status: statuses.count(status) for status in get_args(document.FactStatus)}
        return cls(facts=[Fact.model_validate(fact) for fact in facts], counts=counts)


class Cut(Model):
    """What was left out of a sentence of a brief, in both languages."""

    kind: str
    source: str
    target: str


class KeySentence(Model):
    """A sentence of a brief, shortened; ``sentence`` is its number in the article, from 0."""

    text: str
    sentence: int
    source: str
    confidence: float | None
    band: str
    cuts: list[Cut]
    findings: list[Finding]


class KeyFact(Model):
    """A figure or name of a brief; ``label`` is who, where, when, how much, how many or score."""

    label: str
    value: str
    role: str
    fact: Fact


class Headline(Model):
    """A headline in both languages, and what to check in it; ``source`` is empty where it was made."""

    source: str
    target: str
    band: str
    findings: list[Finding]


class Told(Model):
    """What a brief tells: what happened, the key points in the order of the article, figures and names."""

    what: KeySentence
    points: list[KeySentence]
    facts: list[KeyFact]
    notes: list[str]

    @field_validator("notes", mode="before")
    @classmethod
    def _notes_said(cls, notes: Iterable[document.Message]) -> list[str]:
        """Return the notes in the language of whoever is answered."""
        return [_said(note) for note in notes]

    @classmethod
    def told(cls, brief: document.Brief) -> Told:
        """Return what a brief tells, without its headline."""
        return Told.model_validate(brief)


class Brief(Model):
    """A brief with its headline and what it depends on; the rest is as in :class:`Told`."""

    headline: Headline
    what: KeySentence
    points: list[KeySentence]
    facts: list[KeyFact]
    notes: list[str]
    signature: Signature

    @classmethod
    def of(cls, brief: document.Brief) -> Self:
        """Return the JSON of a brief."""
        headline = {
            "source": brief.headline_source,
            "target": brief.headline,
            "band": brief.headline_band,
            "findings": brief.headline_findings,
        }
        return cls.model_validate(
            {**dict(Told.told(brief)), "headline": headline, "signature": brief.signature}
        )


class Reading(Bilingual):
    """A translation with its summary, brief and facts.

    ``headline`` is the English title, or one made where there is none; what was found in the sentence that
    it is made from, and that sentence's confidence, hold for it too.
    """

    headline: str
    headline_confidence: float | None
    headline_band: str
    headline_findings: list[Finding]
    summary: Summary
    brief: Brief | None
    facts: list[Fact]
    seconds: float

    @classmethod
    def of(cls, reading: document.Reading) -> Self:
        """Return the JSON of a reading."""
        own = {
            "headline": reading.headline,
            "headline_confidence": reading.headline_from.confidence,
            "headline_band": reading.headline_from.band,
            "headline_findings": reading.headline_from.findings,
            "summary": reading.summary,
            "brief": Brief.of(reading.brief) if reading.brief else None,
            "facts": reading.facts,
            "seconds": round(reading.seconds, 3),
        }
        return cls.model_validate({**_bilingual(reading.translation), **own})


class Paragraph(Model):
    """A paragraph of an article, and whether it is ``text``, a ``subhead`` or an ``item`` of a list."""

    text: str
    role: str


class Article(Model):
    """An article in Indonesian without what stood around it; ``left_out`` says in a line what that was."""

    title: str
    byline: str
    published: str
    site: str
    paragraphs: list[Paragraph]
    captions: list[str]
    left_out: str
    boilerplate: list[Boilerplate]

    @classmethod
    def of(cls, article: document.Article) -> Self:
        """Return the JSON of an article."""
        texts = [text for text in article.text.split("\n") if text]
        roles = article.roles or ("text",) * len(texts)
        paragraphs = [{"text": text, "role": role} for text, role in zip(texts, roles, strict=True)]
        gone = left_out(article.furniture)
        left = messages.text(gone) if gone else ""
        own = {"title": article.title, "paragraphs": paragraphs, "left_out": left}
        return cls.model_validate({**_credits(article), **own})


class CheckedLine(Model):
    """What the guard found in a pair of lines, numbered from 1."""

    line: int
    findings: list[Finding]


class Checked(Model):
    """What the guard found in each pair, in order."""

    findings: list[list[Finding]]


class ModelInfo(Model):
    """A model; ``state`` is installed, ready, damaged, built in, served or empty. ``size`` is in bytes.

    ``download`` is what a pull fetches, in bytes. ``quality`` says whether it was published or measured.
    """

    name: str
    task: str
    state: str
    size: int
    revision: str
    licence: str
    licence_note: str
    model: str
    about: str
    download: int
    quality: str
    quality_source: str
    speed: str
    licence_word: str
    purpose: str
    recommended: bool


class Models(Model):
    """Every model there is, and which one ``auto`` means; empty where none is installed."""

    auto: str
    models: list[ModelInfo]


class Started(Model):
    """The first event of a stream: how many segments follow; the title, if any, comes before them."""

    title: str
    segments: int


class Streamed(Segment):
    """A segment of a stream; ``index`` counts from 0."""

    index: int

    @classmethod
    def at(cls, index: int, part: document.SegmentTranslation) -> Self:
        """Return the JSON of a stream's segment."""
        return cls.model_validate({**dict(Segment.model_validate(part)), "index": index})


class Ended(Whole):
    """The last event of a stream: what :class:`Translation` has beside the segments that were sent."""

    seconds: float

    @classmethod
    def of(cls, translation: document.Translation, seconds: float) -> Self:
        """Return what is to be said of a translation whose segments were sent."""
        return cls.model_validate({**_whole(translation), "seconds": round(seconds, 3)})


def _whole(translation: document.Translation) -> dict[str, object]:
    return {
        "title": translation.title,
        "text": translation.text,
        "status": marks.status(translation.sentences, translation.signature.preset),
        "warnings": translation.warnings,
        "roles": translation.article.roles,
        "caption_segments": translation.captions,
        "signature": translation.signature,
        **_credits(translation.article),
    }


def _bilingual(translation: document.Translation) -> dict[str, object]:
    return {**_whole(translation), "segments": translation.segments}


def _credits(article: document.Article) -> dict[str, object]:
    """Return who wrote the article, when and where, and what was taken out of it."""
    names = ("byline", "published", "site", "captions")
    return {name: getattr(article, name) for name in names} | {"boilerplate": article.furniture}
