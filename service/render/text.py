"""A Translation or a Reading as text or Markdown; as JSON it is what :mod:`service.render.schema` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.document import Article, Message, Reading, SegmentTranslation, Summary, Translation
from service.escape import markdown, markdown_line
from service.intake.credit import credit_line
from service.intake.plain import left_out
from service.messages import text
from service.render import marks, schema
from service.render.marks import Notes, Span

Line = tuple[Span, ...]
Block = tuple[str, tuple[Line, ...]]
"""How Markdown marks a block (``#``, ``##``, ``-``, ``>``, ``[^]`` for notes, or nothing), and its lines."""
Renderer = Callable[[Any], str | schema.Model]


@dataclass(frozen=True, slots=True)
class Laid:
    """A result laid out for a document of any kind: its blocks, and the notes that their marks point to."""

    blocks: tuple[Block, ...]
    notes: Notes


def translation_text(translation: Translation) -> str:
    """Return the translation, the title as its first paragraph; what is marked has its note at the end."""
    notes = Notes()
    title = _said(_title(translation, notes)) + "\n" if translation.title else ""
    head = f"{title}{line}\n" if (line := _credits(translation)) else title
    # Its own white space, so that a text without marks comes as it is.
    gaps = translation.gaps or (" ",) * len(translation.segments)
    spans = _segment_spans(translation, notes)
    body = translation.lead + "".join(_said((span,)) + gap for span, gap in zip(spans, gaps, strict=True))
    under = "".join(f"* {_said(line)}\n" for line in _caption_lines(translation, notes))
    under = f"\n{_captions()}:\n{under}" if under else ""
    return (head + "\n" if head else "") + body.strip() + "\n" + under + _end(translation, notes)


def translation_markdown(translation: Translation) -> str:
    """Return title as heading, paragraphs, then what to be careful about."""
    notes = Notes()
    # The order is that of reading: notes are numbered as their sentences are met.
    blocks: list[Block] = [("#", (_title(translation, notes),))] if translation.title else []
    blocks += [_block("", line)] if (line := _credits(translation)) else []
    blocks += [*_body_blocks(translation, notes), *_caption_blocks(translation, notes)]
    if notes.made:
        blocks += [_block("##", "Check before use"), _footnotes(notes), _block("", _status(translation))]
    if lines := suggestions(translation):
        blocks += [_block("##", "Like your own"), _block("-", *lines)]
    return _markdown(blocks)


def reading_text(reading: Reading) -> str:
    """Return title, summary, translation and what the reader should know of them, for a terminal."""
    laid = reading_laid(reading)
    parts = []
    for mark, lines in laid.blocks:
        said = [_said(line, bracketed=True) for line in lines]
        if mark == "#":
            parts.append(f"{said[0]}\n{'=' * min(len(said[0]), 100)}")
        elif mark == "-":
            parts.append("\n".join(f"* {line}" for line in said))
        elif mark == "[^]":
            parts.append("\n".join(f"[{number}] {line}" for number, line in enumerate(said, start=1)))
        else:
            parts.append("\n".join(said))
    return "\n\n".join(parts) + "\n"


def reading_markdown(reading: Reading) -> str:
    """Return the same as Markdown."""
    return _markdown(reading_laid(reading).blocks)


def reading_laid(reading: Reading) -> Laid:
    """Return the same as blocks, for a document of any kind."""
    translation, notes = reading.translation, Notes()
    line = _credits(translation)
    origin = reading.headline_from
    where = "title" if translation.title else "sentence 1"
    headline = notes.span(reading.headline, origin, origin.source, where)
    blocks: list[Block] = [
        ("#", ((headline,),)),
        *([_block("", line)] if line else []),
        _block("##", _summary()),
        ("-", tuple(_summary_lines(reading.summary, notes))),
        _block("##", _translation()),
        *_body_blocks(translation, notes),
        *_caption_blocks(translation, notes),
    ]
    if notes.made:
        blocks += [_block("##", "Check before use"), _footnotes(notes)]
    return Laid(
        (
            *blocks,
            _block("##", text(Message.of("shown.about", "About this reading"))),
            _block("-", *_about(reading)),
        ),
        notes,
    )


def summary_text(summary: Summary) -> str:
    """Return a sentence a line with what it rests on, then what to check."""
    notes = Notes()
    lines = [_said(line, bracketed=True) for line in _summary_lines(summary, notes)]
    about = [*map(text, summary.notes), *(f"[{note.number}] {note}" for note in notes.made)]
    return "\n".join([*lines, *(["", *about] if about else [])]) + "\n"


def summary_markdown(summary: Summary) -> str:
    """Return a list of sentences, then what to check."""
    notes = Notes()
    blocks: list[Block] = [("-", tuple(_summary_lines(summary, notes)))]
    blocks += [_footnotes(notes)] if notes.made else []
    said = [text(note) for note in summary.notes]
    return _markdown([*blocks, *([_block(">", *said)] if said else [])])


def article_text(article: Article) -> str:
    """Return the article alone: headline, who wrote it and when, paragraphs."""
    head = [article.title, credit_line(article.byline, article.published, article.site)]
    return (
        "\n".join(["\n".join(filter(None, head)) + "\n" if any(head) else "", article.text]).lstrip("\n")
        + "\n"
    )


def article_markdown(article: Article) -> str:
    """Return the same as Markdown, subheads as headings."""
    line = credit_line(article.byline, article.published, article.site)
    parts = [*([f"# {article.title}"] if article.title else []), *([f"*{line}*"] if line else [])]
    paragraphs = [text for text in article.text.split("\n") if text]
    roles = dict(enumerate(article.roles))
    parts += ["### " * (roles.get(i) == "subhead") + text for i, text in enumerate(paragraphs)]
    return "\n\n".join(parts) + "\n"


ARTICLE: Mapping[str, Renderer] = {
    "text": article_text,
    "markdown": article_markdown,
    "json": schema.Article.of,
}
TRANSLATION: Mapping[str, Renderer] = {
    "text": translation_text,
    "markdown": translation_markdown,
    "json": schema.Translation.of,
}
SUMMARY: Mapping[str, Renderer] = {
    "text": summary_text,
    "markdown": summary_markdown,
    "json": schema.Summary.of,
}
READING: Mapping[str, Renderer] = {
    "text": reading_text,
    "markdown": reading_markdown,
    "json": schema.Reading.of,
}


def _credits(translation: Translation) -> str:
    """Return who wrote it, when, and where it stood, as far as the page says."""
    article = translation.article
    return credit_line(article.byline, article.published, article.site)


def _title(translation: Translation, notes: Notes) -> Line:
    title = translation.title
    return (notes.span(title.target, title, title.source, "title"),) if title else ()


def _segment_spans(translation: Translation, notes: Notes) -> list[Span]:
    return [
        notes.span(part.target, part, part.source, f"sentence {number}")
        for number, part in enumerate(translation.segments, start=1)
    ]


def _body_blocks(translation: Translation, notes: Notes) -> list[Block]:
    """Return the paragraphs, with the source's spacing in them; subheads are headings."""
    roles = dict(enumerate(translation.article.roles))
    spans = _segment_spans(translation, notes)
    paragraphs: dict[int, list[Span]] = {}
    for segment, span, gap in zip(translation.segments, spans, translation.gaps, strict=True):
        paragraphs.setdefault(segment.paragraph, []).extend((span, Span(gap)))
    return [
        ("###" if roles.get(number) == "subhead" else "", (_joined(paragraph),))
        for number, paragraph in enumerate(paragraphs.values())
    ]


def _caption_lines(translation: Translation, notes: Notes) -> list[Line]:
    """Return each translated caption in a line."""
    lines: dict[int, list[Span]] = {}
    for part in translation.captions:
        where = text(Message.of("place.caption", "caption {number}", number=part.paragraph + 1))
        span = notes.span(part.target, part, part.source, where)
        lines.setdefault(part.paragraph, []).extend((span, Span(" ")))
    return [_joined(line) for line in lines.values()]


def _caption_blocks(translation: Translation, notes: Notes) -> list[Block]:
    lines = _caption_lines(translation, notes)
    return [_block("##", _captions()), ("-", tuple(lines))] if lines else []


def _joined(spans: Sequence[Span]) -> Line:
    """Return the spans without white space at the end, those without a mark in one, so that each can be
    escaped.
    """
    made: list[Span] = []
    for span in spans:
        # Joined, so that what means something to Markdown across two of them is seen.
        if made and not made[-1].note and not span.note:
            made[-1] = Span(made[-1].text + span.text)
        else:
            made.append(span)
    if made and not made[-1].note:
        made[-1] = Span(made[-1].text.rstrip())
    return tuple(span for span in made if span.text or span.note)


def _summary_lines(summary: Summary, notes: Notes) -> list[Line]:
    """Return each sentence with its mark and the numbers, from 1, of the source sentences it rests on."""
    lines: list[Line] = []
    for number, sentence in enumerate(summary.sentences, start=1):
        span = notes.span(sentence.text, sentence, sentence.source, f"summary sentence {number}")
        rests = f"[{', '.join(str(i + 1) for i in sentence.support)}]" if sentence.support else ""
        lines.append((span, Span(f" {rests}", ours=True)) if rests else (span,))
    return lines


def _said(line: Line, *, bracketed: bool = False) -> str:
    """Return a line as text: a mark is its number in brackets.

    ``bracketed``: numbers of sentences stand there too, so these are in round ones and called so.
    """
    pieces = []
    for span in line:
        said = span.text
        if span.ours and bracketed:
            numbers = said.strip(" []")
            where = Message.of(
                "shown.sentences",
                "sentence {numbers}",
                plural="sentences {numbers}",
                count=numbers.count(",") + 1,
                numbers=numbers,
            )
            said = f" ({text(where)})"
        pieces.append(said + (f" [{span.note}]" if span.note else ""))
    return "".join(pieces)


def _footnotes(notes: Notes) -> Block:
    return _block("[^]", *map(str, notes.made))


def _end(translation: Translation, notes: Notes) -> str:
    """Return the notes and the status line of a text; nothing where nothing is marked."""
    lines = [f"[{note.number}] {note}" for note in notes.made]
    return "\n".join(["", "-" * 20, *lines, _status(translation), ""]) if lines else ""


def _status(translation: Translation) -> str:
    return marks.status(translation.sentences, translation.signature.preset)


def suggestions(translation: Translation) -> list[str]:
    """Return the user translation most like each sentence that has one, with the sentence's number,
    from 1.
    """
    return [line for where, segment in _numbered(translation) for line in likeness(where, segment)]


def likeness(where: str, segment: SegmentTranslation) -> list[str]:
    """Say in a line that a segment is like a user translation, if it is."""
    return [
        text(
            Message.of(
                "shown.like_yours",
                "{where} is {percent} like your own “{source}” → “{target}”",
                where=where,
                percent=f"{best.similarity:.0%}",
                source=best.source,
                target=best.target,
            )
        )
        for best in segment.suggestions[:1]
    ]


def _numbered(translation: Translation) -> list[tuple[str, SegmentTranslation]]:
    titled = [(text(Message.of("shown.title", "title")), translation.title)] if translation.title else []
    return [*titled, *((_sentence(i), s) for i, s in enumerate(translation.segments, start=1))]


def _sentence(number: int) -> str:
    return text(Message.of("place.sentence", "sentence {number}", number=number))


def _summary() -> str:
    return text(Message.of("shown.summary", "Summary"))


def _translation() -> str:
    return text(Message.of("shown.translation", "Translation"))


def _captions() -> str:
    return text(Message.of("shown.captions", "Captions"))


def _block(mark: str, *lines: str) -> Block:
    return mark, tuple((Span(line),) for line in lines)


def _markdown(blocks: Sequence[Block]) -> str:
    """Return the blocks as Markdown: what is not ours in them stays text."""
    return "\n\n".join(map(_marked, blocks)) + "\n"


def _marked(block: Block) -> str:
    mark, lines = block
    if not mark:
        return "".join(_escaped(span, markdown) for span in lines[0])
    if mark == "[^]":
        numbered = enumerate(lines, start=1)
        # Each note in one line, as a second line without indentation would end the footnote.
        return "\n".join(f"[^{number}]: {markdown_line(line[0].text)}" for number, line in numbered)
    return "\n".join(f"{mark} {''.join(_escaped(span, markdown_line) for span in line)}" for line in lines)


def _escaped(span: Span, escape: Callable[[str], str]) -> str:
    """Return a span as Markdown with its footnote; the white space around it, which escaping takes, is a
    space.
    """
    if span.ours:
        return span.text
    text = span.text
    # A span of white space alone gives one space, not one for each side.
    before, after = " " * (text[:1].isspace()), " " * (text[-1:].isspace() and bool(text.strip()))
    return before + escape(text.strip()) + after + (f"[^{span.note}]" if span.note else "")


def _about(reading: Reading) -> list[str]:
    translation = reading.translation
    lines = [
        *(text(Message.of("shown.careful", "Careful: {warning}", warning=w)) for w in translation.warnings),
        *(
            text(Message.of("shown.suggestion", "Suggestion: {line}", line=s))
            for s in suggestions(translation)
        ),
        *map(text, reading.summary.notes),
        _status(translation),
    ]
    if said := left_out(reading.article.furniture):
        shown = Message.of("shown.left_out", "{lines} (warta clean --format json shows them)", lines=said)
        lines.append(text(shown))
    return [*lines, _summed(reading), _made_by(translation)]


def _summed(reading: Reading) -> str:
    """Return how the summary was made, and how long all of it took."""
    took = Message.of("shown.took", " in {seconds} s", seconds=f"{reading.seconds:.1f}")
    return text(
        Message.of(
            "shown.summary_route",
            "Summary: {route}{took}",
            route=reading.summary.route,
            took=took if reading.seconds else "",
        )
    )


def _made_by(translation: Translation) -> str:
    signature = translation.signature
    return text(
        Message.of(
            "shown.model",
            "Model {preset} ({model}@{revision}), engine {engine}, beam {beam}",
            preset=signature.preset,
            model=signature.model,
            revision=signature.revision,
            engine=signature.engine,
            beam=signature.decoding.beam_size,
        )
    )
