"""The frozen records that pass between the layers, in the field's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any, Literal

from service.findings import CHECKS, Severity


@dataclass(frozen=True, slots=True)
class Furniture:
    """A piece of boilerplate that cleaning set aside.

    ``line`` is the zero-based line of the original text; ``reason`` is a short
    machine-readable name of the rule that took it, for example ``read-also``.
    """

    text: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence and the white space that follows it in the source."""

    text: str
    gap: str


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text in segments: ``lead`` is the white space before the first.

    ``lead`` followed by every ``text + gap`` is the original text, character for character.
    """

    lead: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """The original text."""
        return self.filled(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The segments without the white space between them."""
        return tuple([segment.text for segment in self.segments])

    def filled(self, texts: Sequence[str]) -> str:
        """Return the text with ``texts``, one a segment, in the places of the segments."""
        gaps = [segment.gap for segment in self.segments]
        return self.lead + "".join([text + gap for text, gap in zip(texts, gaps, strict=True)])

    def paragraphs(self) -> tuple[int, ...]:
        """Return the zero-based paragraph of each segment; a line break in a gap ends a paragraph."""
        numbers, number = [], 0
        for segment in self.segments:
            numbers.append(number)
            number += "\n" in segment.gap
        return tuple(numbers)


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences in reading order that are translated together: the unit of work of every interface.

    ``context`` is the text they stand in, from which the case of names and the meaning of acronyms are
    learnt. ``headlines`` are the indices of sentences that are headlines: their capitals mean nothing.
    """

    sentences: tuple[str, ...]
    context: str = ""
    headlines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Article:
    """One article, cleaned and split into its segments; ``furniture`` is what cleaning took out.

    ``byline``, ``published`` and ``site`` are as the page writes them, empty where it does not. ``roles``
    says of each paragraph whether it is ``text``, a ``subhead`` or an ``item`` of a list; empty: not known.
    """

    id: str
    body: Segmented
    title: str = ""
    furniture: tuple[Furniture, ...] = ()
    byline: str = ""
    published: str = ""
    site: str = ""
    roles: tuple[str, ...] = ()

    @property
    def captions(self) -> tuple[str, ...]:
        """The words under the pictures, in order."""
        return tuple(piece.text for piece in self.furniture if piece.reason == "caption")

    @property
    def text(self) -> str:
        """The text without the title, in its paragraphs."""
        return self.body.text

    @property
    def sources(self) -> tuple[str, ...]:
        """What is translated: the title, if there is one, then each sentence."""
        return (self.title, *self.body.sentences) if self.title else self.body.sentences

    def passage(self) -> Passage:
        """Return the sources as one unit of work; the title is its headline."""
        return Passage(self.sources, self.text, frozenset((0,)) if self.title else frozenset())


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an engine searches. ``max_new_tokens`` bounds the target, in the model's own tokens."""

    beam_size: int = 4
    max_new_tokens: int = 512
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """One engine answer. ``score`` is the log-probability (natural log) divided by ``tokens``.

    ``tokens`` counts the target tokens, the end token included where the model wrote one;
    ``truncated`` says that the source was cut or the target hit ``max_new_tokens``.
    """

    text: str
    score: float
    tokens: int
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Something said to a person: a ``code`` for programs, the English ``text``, and its places' values.

    A value may be a message itself. ``plural`` is the text for a ``count`` other than 1; ``at`` says where,
    such as a file, and stands before the text. ``service.messages`` says it in other languages; ``str`` in
    English.
    """

    code: str
    text: str
    values: tuple[tuple[str, str | Message], ...] = ()
    plural: str = ""
    at: str = ""

    @classmethod
    def of(cls, code: str, text: str, /, *, plural: str = "", at: object = "", **values: object) -> Message:
        """Return a message with its values by name; what is neither text nor message becomes text."""
        pairs = tuple((n, v if isinstance(v, Message) else str(v)) for n, v in values.items())
        return cls(code, text, pairs, plural, str(at))

    def placed(self, at: object) -> Message:
        """Return the message with a place before its own."""
        return replace(self, at=": ".join(filter(None, (str(at), self.at))))

    def __str__(self) -> str:
        values = {name: str(value) for name, value in self.values}
        one = not self.plural or values.get("count") == "1"
        text = filled(self.text if one else self.plural, values)
        return f"{self.at}: {text}" if self.at else text


def plain(message: Message, longest: int = 0) -> list[object]:
    """Return a message as lists and strings, to be sent to another process; ``longest`` bounds its values."""
    most = longest or None
    values = [[n, plain(v, longest) if isinstance(v, Message) else v[:most]] for n, v in message.values]
    return [message.code, message.text, values, message.plural, message.at[:most]]


def message_from(value: Any) -> Message:
    """Return what :func:`plain` gave; of anything else, its beginning as a line without a code."""
    try:
        code, text, values, plural, at = value
        pairs = tuple((str(n), message_from(v) if isinstance(v, list) else str(v)) for n, v in values)
    except (TypeError, ValueError, RecursionError):
        return Message.of("other", "{line}", line=str(value)[:1000])
    return Message(str(code), str(text), pairs, str(plural), str(at))


# ``{name}`` or ``{name!r}``, nothing else of str.format.
_PLACE = re.compile(r"\{(\w++)(!r)?\}")


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its places filled: ``{name}`` as it is, ``{name!r}`` in quotation marks.

    Unlike ``str.format`` this computes nothing, so that a template from elsewhere does no harm.
    """

    def value(place: re.Match[str]) -> str:
        # A place without a value stays as it is written.
        held = values.get(place[1], place[0])
        return repr(held) if place[2] else held

    return _PLACE.sub(value, template)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found in a translation or a summary.

    ``code`` is one of ``service.findings.CHECKS``; ``values`` are the names and texts that its message
    needs. Words for people are made at the interface, by ``service.messages``; ``str`` gives the English.
    """

    code: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, code: str, **values: str) -> Finding:
        """Return a finding with its values by name."""
        return cls(code, tuple(values.items()))

    @property
    def kind(self) -> str:
        """The family, such as ``number``: the code up to the dot."""
        return self.code.partition(".")[0]

    @property
    def severity(self) -> Severity:
        """How grave it is; the registry of checks says it."""
        return CHECKS[self.code].severity

    def __str__(self) -> str:
        check, values = CHECKS[self.code], dict(self.values)
        one = not check.plural or values["count"] == "1"
        return filled(check.message if one else check.plural, values)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a result depends on. Equal signatures and equal articles give equal results."""

    preset: str
    model: str
    revision: str
    engine: str
    decoding: Decoding
    version: str
    route: str = ""
    glossary: str = ""
    repair: bool = True

    @property
    def text(self) -> str:
        """All of it in a line."""
        return str(self)

    def __str__(self) -> str:
        decoding = ",".join(f"{name}={value}" for name, value in asdict(self.decoding).items())
        parts = [
            f"preset:{self.preset}",
            f"model:{self.model}@{self.revision}",
            f"engine:{self.engine}",
            f"decoding:{decoding}",
            *([f"route:{self.route}"] if self.route else []),
            f"glossary:{self.glossary or 'none'}",
            f"repair:{'yes' if self.repair else 'no'}",
            f"warta:{self.version}",
        ]
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One's own translation of a sentence like the one at hand; ``similarity`` is from 0 to below 1."""

    source: str
    target: str
    similarity: float


@dataclass(frozen=True, slots=True)
class SegmentTranslation:
    """One source segment and its English.

    ``score`` is the engine's mean log-probability a token; ``confidence`` (0 to 1) and its
    ``band`` weigh that with the findings. An engine that gives no scores leaves both None, and the band
    says ``no score``. ``repaired`` says that a first answer was decoded
    again; ``cached`` that the translation memory answered; ``own`` that the English is the user's.
    ``suggestions``, best first, were looked at by nobody and changed nothing.
    """

    source: str
    target: str
    score: float | None
    findings: tuple[Finding, ...] = ()
    confidence: float | None = 0.0
    band: str = "low"
    repaired: bool = False
    cached: bool = False
    truncated: bool = False
    paragraph: int = 0
    suggestions: tuple[Suggestion, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """An article in English, segment by segment, in reading order.

    ``lead`` and ``gaps`` are the source's white space, so that :attr:`text` has its paragraphs.
    ``title`` is ``None`` for an article without one. ``captions`` are the sentences of the article's captions
    where they were asked for; their ``paragraph`` is the caption's place in ``article.captions``.
    """

    article: Article
    segments: tuple[SegmentTranslation, ...]
    signature: Signature
    title: SegmentTranslation | None = None
    lead: str = ""
    gaps: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()
    captions: tuple[SegmentTranslation, ...] = ()

    @property
    def sentences(self) -> tuple[SegmentTranslation, ...]:
        """All that was translated: title, text, captions."""
        return (*([self.title] if self.title else ()), *self.segments, *self.captions)

    @property
    def text(self) -> str:
        """The target text with the source's paragraph breaks."""
        gaps = self.gaps or (" ",) * len(self.segments)
        joined = "".join(s.target + gap for s, gap in zip(self.segments, gaps, strict=True))
        return self.lead + joined

    def _repr_html_(self) -> str:
        """Return source and translation side by side, with what was found, for a notebook."""
        rows = (
            (part.source, part.target, "; ".join(map(str, part.findings)))
            for part in ((self.title,) if self.title else ()) + self.segments
        )
        return _table(("Indonesian", "English", "To check"), rows)


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A summary sentence and the zero-based indices of the source segments that carry it.

    ``score`` says how well they carry it, from 0 to 1 (1: copied); ``findings`` is what in it
    none of them holds, after what was found in the translations that it is made of. ``source`` is the
    Indonesian it was translated from, if it was. ``confidence`` and ``band`` are those of the least sure of
    these translations; ``band`` is empty where it is made of none.
    """

    text: str
    support: tuple[int, ...] = ()
    score: float = 0.0
    findings: tuple[Finding, ...] = ()
    source: str = ""
    confidence: float | None = None
    band: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary; ``route`` names how it was made, ``language`` is en or id.

    ``packs`` counts the parts that a model summarised one by one; ``notes`` are for the reader.
    """

    sentences: tuple[SummarySentence, ...]
    route: str
    signature: Signature
    language: str = "en"
    packs: int = 1
    notes: tuple[Message, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What any of the sentences says without support."""
        return tuple(finding for sentence in self.sentences for finding in sentence.findings)

    def _repr_html_(self) -> str:
        """Return the sentences with the numbers of the source sentences they rest on, for a notebook."""
        items = (
            f"<li>{escape(s.text)} <small>[{', '.join(str(n + 1) for n in s.support)}]</small></li>"
            for s in self.sentences
        )
        return f"<ul>{''.join(items)}</ul>"


FactKind = Literal[
    "number", "date", "time", "money", "person", "place", "organisation", "office", "quotation"
]
FactStatus = Literal["kept", "changed", "missing", "unclear"]
"""``unclear``: the English may be right, and no table says so."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a translation must not change, and what became of it.

    ``source`` are its Indonesian words, the characters ``start`` to ``end`` of sentence ``sentence``
    (zero-based, None for the title); ``target`` are the English words that answer to it, from
    ``target_start`` to ``target_end`` of that sentence's English, empty where none do.
    """

    kind: FactKind
    source: str
    target: str
    status: FactStatus
    sentence: int | None
    start: int
    end: int
    target_start: int = 0
    target_end: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left out of a sentence of a brief, in both languages.

    ``kind`` is ``dateline``, ``opening``, ``attribution``, ``bracket`` or ``clause``.
    """

    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence of a brief: its English, shortened, and the zero-based sentence of the article it is.

    ``source`` is the Indonesian, shortened alike; ``cuts`` are what was left out, in the order in which it
    was. The rest is that sentence's own.
    """

    text: str
    sentence: int
    source: str
    cuts: tuple[Cut, ...] = ()
    findings: tuple[Finding, ...] = ()
    confidence: float | None = 0.0
    band: str = "low"


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A figure or name of a brief.

    ``label`` is ``who``, ``where``, ``when``, ``how much``, ``how many`` or ``score``. ``value`` is in
    English where the translation kept it, else as the source writes it; ``role`` is the office of
    somebody, if one is named. ``fact`` says where it stands.
    """

    label: str
    value: str
    role: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Brief:
    """What an editor would tell of an article: what happened, the key points, figures and names.

    ``points`` and ``facts`` are in the order of the article. ``headline_source`` is empty where the
    headline was made from the sentence of what happened.
    """

    headline: str
    headline_source: str
    what: KeySentence
    points: tuple[KeySentence, ...]
    facts: tuple[KeyFact, ...]
    signature: Signature
    headline_findings: tuple[Finding, ...] = ()
    headline_band: str = ""
    notes: tuple[Message, ...] = ()

    def _repr_html_(self) -> str:
        """Return headline, sentences and facts, for a notebook."""
        points = "".join(f"<li>{escape(p.text)} <small>[{p.sentence + 1}]</small></li>" for p in self.points)
        rows = ((f.label, f.value, f.role, f.fact.status) for f in self.facts)
        head = f"<h3>{escape(self.headline)}</h3><p>{escape(self.what.text)}</p>"
        return f"{head}<ul>{points}</ul>{_table(('', 'English', 'Office', 'Compared'), rows)}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What an interface shows of one article. ``seconds`` is wall time from text to reading.

    ``headline`` is the title in English, or one made from the lead where there is none. ``facts`` are those
    of the whole article, in reading order.
    """

    article: Article
    headline: str
    translation: Translation
    summary: Summary
    seconds: float
    brief: Brief | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def headline_from(self) -> SegmentTranslation:
        """The translation that the headline is or was made from: what was found in it holds for both."""
        return self.translation.title or self.translation.segments[0]

    def _repr_html_(self) -> str:
        """Return headline, summary and translation, for a notebook."""
        return f"<h3>{escape(self.headline)}</h3>{self.summary._repr_html_()}{self.translation._repr_html_()}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return an HTML table; every cell is escaped."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
