"""A Translation or a Reading as text or Markdown; as JSON it is what :mod:`service.render.schema` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.document import Article, Message, Reading, SegmentTranslation, Summary, Translation
from service.escape import markdown, markdown_item, markdown_line
from service.intake.credit import credit_line
from service.intake.plain import left_out
from service.messages import term, text
from service.render import schema

Block = tuple[str, tuple[str, ...]]
"""How Markdown marks a block of a document (``#``, ``##``, ``-``, ``>`` or nothing), and its lines."""
Renderer = Callable[[Any], str | schema.Model]


def translation_text(translation: Translation) -> str:
    """The translation alone, the title as its first paragraph."""
    title = translation.title.target + "\n" if translation.title else ""
    head = f"{title}{line}\n" if (line := _credits(translation)) else title
    return (head + "\n" if head else "") + translation.text.strip() + "\n"


def translation_markdown(translation: Translation) -> str:
    """Title as heading, paragraphs, then what to be careful about."""
    blocks = [_block("#", translation.title.target)] if translation.title else []
    blocks += [_block("", line)] if (line := _credits(translation)) else []
    blocks += _body_blocks(translation)
    return _markdown([*blocks, *_notes(translation)])


def reading_text(reading: Reading) -> str:
    """Title, summary, translation and what the reader should know of them, for a terminal."""
    parts = [f"{reading.headline}\n{'=' * min(len(reading.headline), 100)}"]
    parts += [line] if (line := _credits(reading.translation)) else []
    parts.append(f"{_summary()}\n" + "\n".join(f"* {line}" for line in _summary_lines(reading.summary)))
    parts.append(_translation())
    parts += _paragraphs(reading.translation)
    parts.append("\n".join(["-" * 20, *_about(reading)]))
    return "\n\n".join(parts) + "\n"


def reading_markdown(reading: Reading) -> str:
    """The same as Markdown."""
    return _markdown(reading_blocks(reading))


def reading_blocks(reading: Reading) -> list[Block]:
    """The same as blocks of plain text, for a document of any kind."""
    line = _credits(reading.translation)
    return [
        _block("#", reading.headline),
        *([_block("", line)] if line else []),
        _block("##", _summary()),
        _block("-", *_summary_lines(reading.summary)),
        _block("##", _translation()),
        *_body_blocks(reading.translation),
        _block("##", text(Message.of("shown.about", "About this reading"))),
        _block("-", *_about(reading)),
    ]


def summary_text(summary: Summary) -> str:
    """A sentence a line with what it rests on, then what to check."""
    notes = [*map(text, summary.notes), *_summary_flags(summary)]
    about = ["", *notes] if notes else []
    return "\n".join([*_summary_lines(summary), *about]) + "\n"


def summary_markdown(summary: Summary) -> str:
    """A list of sentences, then what to check."""
    notes = [*map(text, summary.notes), *_summary_flags(summary)]
    about = [_block(">", *notes)] if notes else []
    return _markdown([_block("-", *_summary_lines(summary)), *about])


def article_text(article: Article) -> str:
    """The article alone: headline, who wrote it and when, paragraphs."""
    head = [article.title, credit_line(article.byline, article.published, article.site)]
    return (
        "\n".join(["\n".join(filter(None, head)) + "\n" if any(head) else "", article.text]).lstrip("\n")
        + "\n"
    )


def article_markdown(article: Article) -> str:
    """The same as Markdown, subheads as headings."""
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
    """Who wrote it, when, and where it stood, as far as the page says."""
    article = translation.article
    return credit_line(article.byline, article.published, article.site)


def _body_blocks(translation: Translation) -> list[Block]:
    """The paragraphs; subheads are headings."""
    roles = dict(enumerate(translation.article.roles))
    return [
        _block("###" if roles.get(number) == "subhead" else "", text)
        for number, text in enumerate(_paragraphs(translation))
    ]


def _paragraphs(translation: Translation) -> list[str]:
    """Each paragraph's sentences, in one string with the source's spacing inside it."""
    paragraphs: dict[int, list[str]] = {}
    for segment, gap in zip(translation.segments, translation.gaps, strict=True):
        paragraphs.setdefault(segment.paragraph, []).extend((segment.target, gap))
    return ["".join(parts).strip() for parts in paragraphs.values()]


def _summary_lines(summary: Summary) -> list[str]:
    """Each sentence with the numbers, from 1, of the source sentences it rests on."""
    return [
        sentence.text + (f" [{', '.join(str(i + 1) for i in sentence.support)}]" if sentence.support else "")
        for sentence in summary.sentences
    ]


def _flags(translation: Translation) -> list[str]:
    """What to check, each with the number of its sentence, from 1, and how the sentence begins."""
    flags = []
    for where, segment in _numbered(translation):
        reasons = [f"{term(finding.kind)}: {text(finding)}" for finding in segment.findings]
        if not reasons and segment.confidence is not None and segment.band == "low":
            low = Message.of(
                "shown.low_confidence", "low confidence ({value})", value=f"{segment.confidence:.2f}"
            )
            reasons = [text(low)]
        if reasons:
            flags.append(f"{where} ({_opening(segment.target)}) {'; '.join(reasons)}")
    return flags


def suggestions(translation: Translation) -> list[str]:
    """One's own translation most like each sentence that has one, with the sentence's number, from 1."""
    return [line for where, segment in _numbered(translation) for line in likeness(where, segment)]


def likeness(where: str, segment: SegmentTranslation) -> list[str]:
    """That a segment is like one of one's own, in a line, if it is."""
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


def _opening(text: str) -> str:
    words = text.split()
    return "“" + " ".join(words[:7]) + ("…”" if len(words) > 7 else "”")


def _summary_flags(summary: Summary) -> list[str]:
    return [
        text(
            Message.of(
                "shown.check_summary",
                "Check summary sentence {number}, {kind}: {finding}",
                number=number,
                kind=term(finding.kind),
                finding=text(finding),
            )
        )
        for number, sentence in enumerate(summary.sentences, start=1)
        for finding in sentence.findings
    ]


def _notes(translation: Translation) -> list[Block]:
    named = (
        (Message.of("shown.check_before", "Check before use"), _flags(translation)),
        (Message.of("shown.like_own", "Like your own"), suggestions(translation)),
    )
    return [
        block for head, lines in named if lines for block in (_block("##", text(head)), _block("-", *lines))
    ]


def _block(mark: str, *lines: str) -> Block:
    return mark, lines


def _markdown(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown: what is not ours in them stays text."""
    return "\n\n".join(map(_marked, blocks)) + "\n"


def _marked(block: Block) -> str:
    mark, lines = block
    if not mark:
        return markdown(lines[0])
    line = markdown_item if mark == "-" else markdown_line
    return "\n".join(f"{mark} {line(text)}" for text in lines)


def _about(reading: Reading) -> list[str]:
    translation = reading.translation
    flags, similar = _flags(translation), suggestions(translation)
    lines = [
        *(text(Message.of("shown.careful", "Careful: {warning}", warning=w)) for w in translation.warnings),
        *(text(Message.of("shown.check", "Check {flag}", flag=flag)) for flag in flags),
        *_summary_flags(reading.summary),
        *(text(Message.of("shown.suggestion", "Suggestion: {line}", line=s)) for s in similar),
        *map(text, reading.summary.notes),
    ]
    if said := left_out(reading.article.furniture):
        shown = Message.of("shown.left_out", "{lines} (warta clean --format json shows them)", lines=said)
        lines.append(text(shown))
    return [*lines, _counts(reading, len(flags)), _made_by(translation)]


def _counts(reading: Reading, flags: int) -> str:
    """Return how many sentences there are, how long they took, and how many are to be checked."""
    took = Message.of("shown.took", " in {seconds} s", seconds=f"{reading.seconds:.1f}")
    return text(
        Message.of(
            "shown.counts",
            "{count} sentence{took}; {flags} to check; summary: {route}",
            plural="{count} sentences{took}; {flags} to check; summary: {route}",
            count=len(reading.translation.segments),
            took=took if reading.seconds else "",
            flags=flags,
            route=reading.summary.route,
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
