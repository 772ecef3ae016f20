"""A Reading to the browser and back. The server keeps none: what comes back is checked like any input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.document import (
    Article,
    Brief,
    Fact,
    Finding,
    Furniture,
    Message,
    Reading,
    Segment,
    Segmented,
    SegmentTranslation,
    Signature,
    Summary,
    Translation,
)
from service.errors import InputError
from service.findings import CHECKS
from service.summary.keyfacts import SHOWN
from service.validation import plain, validated


@dataclass(frozen=True, slots=True)
class _About:
    """What an article is, beside its text."""

    id: str
    title: str
    furniture: tuple[Furniture, ...]
    byline: str
    published: str
    site: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Packed:
    """A reading as it travels: each text once. ``lead`` and ``gaps`` are the white space of the article."""

    article: _About
    headline: str
    title: SegmentTranslation | None
    lead: str
    segments: tuple[SegmentTranslation, ...]
    gaps: tuple[str, ...]
    signature: Signature
    warnings: tuple[Message, ...]
    summary: Summary
    seconds: float
    brief: Brief | None = None
    facts: tuple[Fact, ...] = ()
    captions: tuple[SegmentTranslation, ...] = ()


def pack(reading: Reading) -> dict[str, object]:
    """Return the reading as JSON values."""
    article, made = reading.article, reading.translation
    about = _About(**{name: getattr(article, name) for name in _About.__slots__})
    packed: dict[str, Any] = plain(
        _Packed(
            article=about,
            headline=reading.headline,
            title=made.title,
            lead=made.lead,
            segments=made.segments,
            gaps=made.gaps,
            signature=made.signature,
            warnings=made.warnings,
            summary=reading.summary,
            seconds=reading.seconds,
            brief=reading.brief,
            facts=reading.facts,
            captions=made.captions,
        )
    )
    return packed


def unpack(value: object) -> Reading:
    """Return what :func:`pack` gave. Raises InputError for anything else, and for parts that do not fit."""
    try:
        packed = validated(_Packed, value)
    except (ValueError, RecursionError) as error:
        raise InputError("reading.other", "not a reading: {reason}", reason=error) from None
    for finding in _findings(packed):
        _check(finding)
    count = len(packed.segments)
    if not count or len(packed.gaps) != count:
        raise InputError("reading.uneven", "not a reading: its sentences and gaps do not fit together")
    for sentence in packed.summary.sentences:
        if not all(0 <= index < count for index in sentence.support):
            raise InputError(
                "reading.support", "not a reading: a summary sentence rests on a sentence that is not there"
            )
    if not all(0 <= fact.sentence < count for fact in packed.facts if fact.sentence is not None):
        raise InputError("reading.fact", "not a reading: a fact stands in a sentence that is not there")
    _check_brief(packed.brief, count)
    article = _article(packed)
    if not all(0 <= part.paragraph < len(article.captions) for part in packed.captions):
        raise InputError("reading.caption", "not a reading: a caption is translated that is not there")
    made = Translation(
        article,
        packed.segments,
        packed.signature,
        packed.title,
        packed.lead,
        packed.gaps,
        packed.warnings,
        packed.captions,
    )
    return Reading(article, packed.headline, made, packed.summary, packed.seconds, packed.brief, packed.facts)


def _findings(packed: _Packed) -> Iterator[Finding]:
    for part in (packed.title, *packed.segments, *packed.captions):
        yield from part.findings if part else ()
    for sentence in packed.summary.sentences:
        yield from sentence.findings
    if packed.brief:
        yield from packed.brief.headline_findings
        for one in (packed.brief.what, *packed.brief.points):
            yield from one.findings


def _check_brief(brief: Brief | None, count: int) -> None:
    """Raise InputError for a brief that points to a sentence that is not there, or has a label of no kind."""
    if not brief:
        return
    places = [one.sentence for one in (brief.what, *brief.points)]
    places += [one.fact.sentence for one in brief.facts if one.fact.sentence is not None]
    if not all(0 <= place < count for place in places):
        raise InputError("reading.brief", "not a reading: its brief points to a sentence that is not there")
    if not {one.label for one in brief.facts} <= set(SHOWN):
        raise InputError("reading.label", "not a reading: its brief names a figure of no kind that is known")


def _check(finding: Finding) -> None:
    """Raise InputError for a finding that its message cannot be made of."""
    check, values = CHECKS.get(finding.code), dict(finding.values)
    if not check:
        raise InputError("reading.finding", "not a reading: a finding is of no kind that is known")
    if len(values) != len(finding.values) or values.keys() != check.places:
        raise InputError("reading.finding_values", "not a reading: a finding lacks its values")
    if check.plural and not values["count"].isdecimal():
        raise InputError("reading.finding_count", "not a reading: a finding's count is no number")


def _article(packed: _Packed) -> Article:
    parts = zip(packed.segments, packed.gaps, strict=True)
    body = Segmented(packed.lead, tuple(Segment(part.source, gap) for part, gap in parts))
    about = {name: getattr(packed.article, name) for name in _About.__slots__}
    return Article(body=body, **about)
