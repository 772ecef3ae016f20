"""What a finished record looks like in the output: a line of JSON or a row of CSV.

A row holds nothing that another run of the same job would write otherwise: no time, no cache hits.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from itertools import count
from typing import ClassVar

from service.document import Brief, Reading, SegmentTranslation, Signature, Summary, Translation
from service.errors import UsageError
from service.escape import cell
from service.intake.record import OWN_COLUMNS
from service.intake.records import BadRecord, Record
from service.render import schema

# CRLF first, so that it becomes one space and not two.
_ENDS_CELL = re.compile(r"\r\n|[\t\r\n]")
COMMON = OWN_COLUMNS
META = "meta.json"
"""What stands beside a table, after its name: what all of its rows depend on."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the columns are called that a table gets."""

    translation: str = "translation"
    error: str = "error"
    confidence: str = "confidence"
    findings: str = "findings"

    ENDINGS: ClassVar[Sequence[str]] = tuple(f"_{number}" for number in range(2, 100))

    @classmethod
    def of(cls, text: str) -> Names:
        """Return the names that ``translation=english,error=problem`` says. Raises UsageError."""
        # Before and after "=": ``partition`` gives the sign in the middle, which [::2] leaves out.
        pairs = [part.partition("=")[::2] for part in text.split(",") if part.strip()]
        given = {what.strip(): name.strip() for what, name in pairs}
        known = [field.name for field in fields(cls)]
        names = replace(cls(), **{what: name for what, name in given.items() if what in known})
        values = [getattr(names, what) for what in known]
        # In turn: one named twice, one that does not exist, one name for two columns, an empty name.
        if len(given) < len(pairs) or not given.keys() <= set(known) or len(set(values)) < 4 or "" in values:
            raise UsageError(
                "batch.names",
                "{text!r} does not name columns; write WHAT=NAME,WHAT=NAME with a name each for {known}",
                text=text,
                known=", ".join(known),
            )
        return names

    def beside(self, taken: Set[str]) -> Names:
        """Return the names with a number behind those that a table has already."""
        used, free = set(taken), dict[str, str]()
        for field in fields(self):
            name = wanted = getattr(self, field.name)
            endings = count(2)
            while name in used:
                name = f"{wanted}_{next(endings)}"
            used.add(name)
            free[field.name] = name
        return Names(**free)


class SegmentFinding(schema.Finding):
    """A finding of a translation; ``segment`` counts from 0, and is null in the title."""

    segment: int | None


class Translated(schema.Model):
    """The columns of a translation; ``confidence`` is that of its least certain sentence."""

    title: str | None
    translation: str
    confidence: float | None
    findings: list[SegmentFinding]
    warnings: list[str]
    signature: str


class Summarized(schema.Model):
    """The columns of a summary."""

    summary: list[schema.SummarySentence]
    notes: list[str]
    signature: str


class Briefed(schema.Model):
    """The columns of a brief; sentences count from 0."""

    headline: str
    what: schema.KeySentence
    points: list[schema.KeySentence]
    facts: list[schema.KeyFact]
    notes: list[str]
    signature: str


class Read(schema.Model):
    """The columns of translation and summary, brief and facts; the signature is the translation's."""

    title: str | None
    translation: str
    confidence: float | None
    findings: list[SegmentFinding]
    warnings: list[str]
    headline: str
    summary: list[schema.SummarySentence]
    brief: schema.Told | None
    facts: list[schema.Fact]
    notes: list[str]
    signature: str


TASKS: Mapping[str, type[schema.Model]] = {
    "translate": Translated,
    "summarize": Summarized,
    "brief": Briefed,
    "read": Read,
}
"""What each task makes of a record: the columns after the common ones."""


def translated(translation: Translation) -> Translated:
    """Return the columns of a translation."""
    title = translation.title
    return Translated(
        title=title.target if title else None,
        translation=translation.text,
        confidence=least_certain(translation),
        findings=findings(translation),
        warnings=[str(warning) for warning in translation.warnings],
        signature=_text(translation.signature),
    )


def summarized(summary: Summary) -> Summarized:
    """Return the columns of a summary."""
    sentences = [schema.SummarySentence.model_validate(sentence) for sentence in summary.sentences]
    return Summarized(
        summary=sentences, notes=[str(note) for note in summary.notes], signature=_text(summary.signature)
    )


def read(reading: Reading) -> Read:
    """Return the columns of a reading."""
    both = {**dict(summarized(reading.summary)), **dict(translated(reading.translation))}
    brief = schema.Told.told(reading.brief) if reading.brief else None
    facts = [schema.Fact.model_validate(fact) for fact in reading.facts]
    return Read(**both, headline=reading.headline, brief=brief, facts=facts)


def briefed(brief: Brief) -> Briefed:
    """Return the columns of a brief."""
    own = {"headline": brief.headline, "signature": _text(brief.signature)}
    return Briefed.model_validate({**dict(schema.Told.told(brief)), **own})


def findings(translation: Translation) -> list[SegmentFinding]:
    """Return what the guard found, with the place of each."""
    title = translation.title
    flagged: list[tuple[int | None, SegmentTranslation]] = [(None, title)] if title else []
    flagged += enumerate(translation.segments)
    return [
        SegmentFinding(segment=where, **dict(schema.Finding.model_validate(finding)))
        for where, part in flagged
        for finding in part.findings
    ]


def least_certain(translation: Translation) -> float | None:
    """Return the confidence of the least certain sentence, the title too; None where none has any."""
    parts = [part for part in (translation.title, *translation.segments) if part]
    known = [part.confidence for part in parts if part.confidence is not None]
    return round(float(min(known)), 4) if known else None


def row(record: Record | BadRecord, made: schema.Model | None = None, error: str = "") -> dict[str, object]:
    """Return the row of a record: what was ``made`` of it, or its error."""
    said = record.error if isinstance(record, BadRecord) else error
    # The common columns come first, and no task's columns may have their names.
    own = made.model_dump() if made else {}
    return {
        "key": record.key,
        "place": record.place,
        "error": said or None,
        "fields": dict(record.fields),
        **own,
    }


def table_row(
    record: Record | BadRecord, translation: Translation | None = None, error: str = ""
) -> dict[str, object]:
    """Return what is made of a table's row: ``confidence`` is that of the least certain sentence."""
    said = record.error if isinstance(record, BadRecord) else error
    return {
        "key": record.key,
        "place": record.place,
        "translation": _whole(translation) if translation else None,
        "error": said or None,
        "confidence": least_certain(translation) if translation else None,
        "findings": [one.model_dump() for one in findings(translation)] if translation else [],
    }


def _whole(translation: Translation) -> str:
    title = [translation.title.target] if translation.title else []
    return "\n\n".join([*title, translation.text.strip()])


@lru_cache(maxsize=16)
def _text(signature: Signature) -> str:
    """Return its text, which most rows share."""
    return str(signature)


Format = tuple[Callable[[Sequence[str]], str], Callable[[Sequence[str], Mapping[str, object]], str]]
"""What stands before the rows, and one row, both for the columns given."""


# One encoder for all: json.dumps makes one a call.
_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _jsonl(columns: Sequence[str], values: Mapping[str, object]) -> str:
    line = {name: values.get(name) for name in columns}
    return _ENCODE(line) + "\n"


def _csv(columns: Sequence[str], values: Mapping[str, object], keep: Callable[[str], str] = cell) -> str:
    """Return a row of CSV: lists and objects as JSON, nothing for what is missing; ended as RFC 4180 wants.

    ``keep`` is what becomes of a text: no spreadsheet is to compute one.
    """
    target = io.StringIO()
    csv.writer(target).writerow(keep(text_cell(values.get(name))) for name in columns)
    return target.getvalue()


def text_cell(value: object) -> str:
    """Return a value as a cell's text: lists and objects as JSON, nothing for what is missing."""
    if value is None or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _tsv(columns: Sequence[str], values: Mapping[str, object], keep: Callable[[str], str] = cell) -> str:
    """Do as :func:`_csv`, with a space for what would end a cell, as IANA's TSV knows no quotation marks."""
    cells = (keep(_ENDS_CELL.sub(" ", text_cell(values.get(name)))) for name in columns)
    return "\t".join(cells) + "\n"


def encoded(value: Mapping[str, object]) -> str:
    """Return an object as a line of JSON without its end."""
    return _ENCODE(value)


FORMATS: Mapping[str, Format] = {
    ".jsonl": (lambda _: "", _jsonl),
    ".csv": (lambda columns: _csv(columns, dict(zip(columns, columns, strict=True))), _csv),
    ".tsv": (lambda columns: "\t".join(columns) + "\n", _tsv),
}
RAW: Mapping[str, Format] = {
    **FORMATS,
    ".csv": (FORMATS[".csv"][0], partial(_csv, keep=str)),
    ".tsv": (FORMATS[".tsv"][0], partial(_tsv, keep=str)),
}
"""The same with every text as it is, for programs that compute nothing."""
