"""A Translation or a Reading as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from service.document import Reading, SegmentTranslation, Summary, Translation

Renderer = Callable[[Any], str | dict[str, Any]]


def translation_text(translation: Translation) -> str:
    """The translation alone, the title as its first paragraph."""
    title = translation.title.target + "\n\n" if translation.title else ""
    return title + translation.text.strip() + "\n"


def translation_markdown(translation: Translation) -> str:
    """Title as heading, paragraphs, then what to be careful about."""
    parts = [f"# {translation.title.target}"] if translation.title else []
    parts += _paragraphs(translation)
    parts += _notes_markdown(translation)
    return "\n\n".join(parts) + "\n"


def translation_json(translation: Translation) -> dict[str, Any]:
    """The translation as JSON values; ``paragraph`` counts from 0."""
    title = translation.title
    return {
        "title": {"source": title.source, "target": title.target} if title else None,
        "segments": [segment_json(s) for s in translation.segments],
        "warnings": list(translation.warnings),
        "furniture": [asdict(item) for item in translation.article.furniture],
        "signature": {**asdict(translation.signature), "text": str(translation.signature)},
    }


def segment_json(segment: SegmentTranslation) -> dict[str, Any]:
    """A segment as JSON values; ``paragraph`` counts from 0."""
    keys = ("source", "target", "paragraph", "score", "confidence", "band", "truncated", "repaired", "cached")
    return {
        **{key: getattr(segment, key) for key in keys},
        "findings": [asdict(f) for f in segment.findings],
        "suggestions": [asdict(s) for s in segment.suggestions],
    }


def reading_text(reading: Reading) -> str:
    """Title, summary, translation and what the reader should know of them, for a terminal."""
    parts = [f"{reading.headline}\n{'=' * min(len(reading.headline), 100)}"]
    parts.append("Summary\n" + "\n".join(f"* {line}" for line in _summary_lines(reading.summary)))
    parts.append("Translation")
    parts += _paragraphs(reading.translation)
    parts.append("\n".join(["-" * 20, *_about(reading)]))
    return "\n\n".join(parts) + "\n"


def reading_markdown(reading: Reading) -> str:
    """The same as Markdown."""
    parts = [f"# {reading.headline}"]
    parts += ["## Summary", "\n".join(f"- {line}" for line in _summary_lines(reading.summary))]
    parts += ["## Translation", *_paragraphs(reading.translation)]
    parts += ["## About this reading", "\n".join(f"- {line}" for line in _about(reading))]
    return "\n\n".join(parts) + "\n"


def reading_json(reading: Reading) -> dict[str, Any]:
    """The translation's JSON with ``headline``, ``summary`` and ``seconds``."""
    return {
        **translation_json(reading.translation),
        "headline": reading.headline,
        "summary": summary_json(reading.summary),
        "seconds": round(reading.seconds, 3),
    }


def summary_text(summary: Summary) -> str:
    """A sentence a line with what it rests on, then what to check."""
    notes = [*summary.notes, *_summary_flags(summary)]
    about = ["", *notes] if notes else []
    return "\n".join([*_summary_lines(summary), *about]) + "\n"


def summary_markdown(summary: Summary) -> str:
    """A list of sentences, then what to check."""
    notes = [*summary.notes, *_summary_flags(summary)]
    about = ["", *(f"> {note}" for note in notes)] if notes else []
    return "\n".join([*(f"- {line}" for line in _summary_lines(summary)), *about]) + "\n"


def summary_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON values; ``support`` counts source segments from 0."""
    return {
        "sentences": [asdict(sentence) for sentence in summary.sentences],
        "language": summary.language,
        "route": summary.route,
        "packs": summary.packs,
        "notes": list(summary.notes),
        "signature": {**asdict(summary.signature), "text": str(summary.signature)},
    }


TRANSLATION: Mapping[str, Renderer] = {
    "text": translation_text,
    "markdown": translation_markdown,
    "json": translation_json,
}
SUMMARY: Mapping[str, Renderer] = {"text": summary_text, "markdown": summary_markdown, "json": summary_json}
READING: Mapping[str, Renderer] = {
    "text": reading_text,
    "markdown": reading_markdown,
    "json": reading_json,
}


def _paragraphs(translation: Translation) -> list[str]:
    """Each paragraph's sentences, in one string with the source's spacing inside it."""
    paragraphs: dict[int, str] = {}
    for segment, gap in zip(translation.segments, translation.gaps, strict=True):
        paragraphs[segment.paragraph] = paragraphs.get(segment.paragraph, "") + segment.target + gap
    return [text.strip() for text in paragraphs.values()]


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
        reasons = [f"{finding.kind}: {finding.detail}" for finding in segment.findings]
        if not reasons and segment.band == "low":
            reasons = [f"low confidence ({segment.confidence:.2f})"]
        if reasons:
            flags.append(f"{where} ({_opening(segment.target)}) {'; '.join(reasons)}")
    return flags


def suggestions(translation: Translation) -> list[str]:
    """One's own translation most like each sentence that has one, with the sentence's number, from 1."""
    return [line for where, segment in _numbered(translation) for line in likeness(where, segment)]


def likeness(where: str, segment: SegmentTranslation) -> list[str]:
    """That a segment is like one of one's own, in a line, if it is."""
    return [
        f"{where} is {best.similarity:.0%} like your own “{best.source}” → “{best.target}”"
        for best in segment.suggestions[:1]
    ]


def _numbered(translation: Translation) -> list[tuple[str, SegmentTranslation]]:
    titled = [("title", translation.title)] if translation.title else []
    return [*titled, *((f"sentence {i}", s) for i, s in enumerate(translation.segments, start=1))]


def _opening(text: str) -> str:
    words = text.split()
    return "“" + " ".join(words[:7]) + ("…”" if len(words) > 7 else "”")


def _summary_flags(summary: Summary) -> list[str]:
    return [
        f"Check summary sentence {number}, {finding.kind}: {finding.detail}"
        for number, sentence in enumerate(summary.sentences, start=1)
        for finding in sentence.findings
    ]


def _notes_markdown(translation: Translation) -> list[str]:
    flags, similar = _flags(translation), suggestions(translation)
    notes = ["## Check before use", "\n".join(f"- {flag}" for flag in flags)] if flags else []
    return [*notes, *(["## Like your own", "\n".join(f"- {line}" for line in similar)] if similar else [])]


def _about(reading: Reading) -> list[str]:
    translation = reading.translation
    signature = translation.signature
    flags = _flags(translation)
    count = len(translation.segments)
    took = f" in {reading.seconds:.1f} s" if reading.seconds else ""
    lines = [
        *(f"Careful: {warning}" for warning in translation.warnings),
        *(f"Check {flag}" for flag in flags),
        *_summary_flags(reading.summary),
        *(f"Suggestion: {line}" for line in suggestions(translation)),
        *reading.summary.notes,
        f"{count} {'sentence' if count == 1 else 'sentences'}{took}; "
        f"{len(flags)} to check; summary: {reading.summary.route}",
        f"Model {signature.preset} ({signature.model}@{signature.revision}), engine {signature.engine}, "
        f"beam {signature.decoding.beam_size}",
    ]
    if reading.article.furniture:
        lines.insert(
            -2, f"Set aside as page furniture: {len(reading.article.furniture)} lines (--format json)"
        )
    return lines
