"""A Reading laid out to be taken away: what it is of, the brief, numbered sentences in both languages, marks.

Every file that is saved of a reading is made of this, so that each says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.document import Message, Reading, SegmentTranslation
from service.intake.credit import credit_line
from service.intake.plain import left_out
from service.messages import text
from service.render.brief import by_label, key_sentence
from service.render.marks import Note, Notes, status


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article was read from, an address or a file's name, and when; empty where nobody knows."""

    address: str = ""
    read: datetime | None = None


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence in both languages, numbered from 1; the title has 0.

    ``opens`` says that a paragraph begins with it, ``subhead`` that it is a heading of one, ``own`` that the
    English is the reader's. ``note`` is its mark.
    """

    number: int
    source: str
    target: str
    note: Note | None
    opens: bool = False
    subhead: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A reading for a file. ``about`` are labels with what they say, ``remarks`` what to know of it.

    Of the brief, ``points`` begins with what happened, and ``facts`` are by their label.
    """

    title: Row
    about: tuple[tuple[str, str], ...]
    points: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    remarks: tuple[str, ...]


def sheet(reading: Reading, origin: Origin = UNKNOWN) -> Sheet:
    """Return a reading laid out."""
    notes, translation, brief = Notes(), reading.translation, reading.brief
    made_from = reading.headline_from
    where = "title" if translation.title else "sentence 1"
    # Before the rows, so that the headline's note has the first number.
    marked = notes.of(notes.span(reading.headline, made_from, made_from.source, where))
    source = translation.title.source if translation.title else ""
    title = Row(0, source, reading.headline, marked, own=made_from.own)
    rows = _rows(reading, notes)
    return Sheet(
        title,
        tuple(_about(reading, origin)),
        tuple(map(key_sentence, (brief.what, *brief.points))) if brief else (),
        tuple((label, "; ".join(said)) for label, said in by_label(brief)) if brief else (),
        rows,
        tuple(notes.made),
        tuple(_remarks(reading)),
    )


def _rows(reading: Reading, notes: Notes) -> tuple[Row, ...]:
    roles = dict(enumerate(reading.article.roles))
    before, rows = -1, []
    for number, part in enumerate(reading.translation.segments, start=1):
        note = notes.of(notes.span(part.target, part, part.source, f"sentence {number}"))
        subhead = roles.get(part.paragraph) == "subhead"
        opens = part.paragraph != before
        rows.append(Row(number, part.source, part.target, note, opens, subhead, part.own))
        before = part.paragraph
    return tuple(rows)


def _about(reading: Reading, origin: Origin) -> list[tuple[str, str]]:
    """Return where the article is from, when it was read, and by which model."""
    article, model = reading.article, reading.translation.signature.preset
    said = [
        (Message.of("sheet.source", "Source"), origin.address),
        (
            Message.of("sheet.published", "Published"),
            credit_line(article.byline, article.published, article.site),
        ),
        (Message.of("sheet.read", "Read"), _day(origin.read) if origin.read else ""),
        (
            Message.of("sheet.model", "Translated by"),
            text(Message.of("sheet.warta", "Warta, model {name}", name=model)),
        ),
    ]
    return [(text(label), value) for label, value in said if value]


def _day(moment: datetime) -> str:
    # ``%-d``, a day without its nought, is not known on Windows.
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _remarks(reading: Reading) -> list[str]:
    translation = reading.translation
    parts: list[SegmentTranslation] = [*([translation.title] if translation.title else [])]
    parts += translation.segments
    remarks = [
        *(text(Message.of("shown.careful", "Careful: {warning}", warning=w)) for w in translation.warnings),
        status(parts, translation.signature.preset),
    ]
    if own := sum(part.own for part in parts):
        said = Message.of(
            "sheet.own",
            "{count} sentence is in the reader's own words.",
            plural="{count} sentences are in the reader's own words.",
            count=own,
        )
        remarks.append(text(said))
    if said_out := left_out(reading.article.furniture):
        remarks.append(text(said_out))
    return remarks
