"""The frozen records that pass between the layers, in the field's own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape

from service.findings import CHECKS, Severity


@dataclass(frozen=True, slots=True)
class Furniture:
    """A piece of page furniture that cleaning set aside.

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
        return (check.message if one else check.plural).format_map(values)


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
    ``band`` weigh that with the findings. ``repaired`` says that a first answer was decoded
    again; ``cached`` that the translation memory answered. ``suggestions``, best first, were
    looked at by nobody and changed nothing.
    """

    source: str
    target: str
    score: float
    findings: tuple[Finding, ...] = ()
    confidence: float = 0.0
    band: str = "low"
    repaired: bool = False
    cached: bool = False
    truncated: bool = False
    paragraph: int = 0
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """An article in English, segment by segment, in reading order.

    ``lead`` and ``gaps`` are the source's white space, so that :attr:`text` has its paragraphs.
    ``title`` is ``None`` for an article without one.
    """

    article: Article
    segments: tuple[SegmentTranslation, ...]
    signature: Signature
    title: SegmentTranslation | None = None
    lead: str = ""
    gaps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

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
    none of them holds. ``source`` is the Indonesian it was translated from, if it was.
    """

    text: str
    support: tuple[int, ...] = ()
    score: float = 0.0
    findings: tuple[Finding, ...] = ()
    source: str = ""


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
    notes: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a face shows of one article. ``seconds`` is wall time from text to reading.

    ``headline`` is the title in English, or one made from the lead where there is none.
    """

    article: Article
    headline: str
    translation: Translation
    summary: Summary
    seconds: float

    def _repr_html_(self) -> str:
        """Return headline, summary and translation, for a notebook."""
        return f"<h3>{escape(self.headline)}</h3>{self.summary._repr_html_()}{self.translation._repr_html_()}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return an HTML table; every cell is escaped."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
