"""What a finished record looks like in the output: a line of JSON or a row of CSV.

A row holds nothing that another run of the same job would write otherwise: no time, no cache hits.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from service.document import Reading, SegmentTranslation, Signature, Summary, Translation
from service.escape import cell
from service.intake.record import OWN_COLUMNS
from service.intake.records import BadRecord, Record
from service.render import schema

_ENDS_CELL = re.compile(r"\r\n|[\t\r\n]")
COMMON = OWN_COLUMNS


class SegmentFinding(schema.Finding):
    """A finding of a translation; ``segment`` counts from 0, and is null in the title."""

    segment: int | None


class Translated(schema.Model):
    """The columns of a translation."""

    title: str | None
    translation: str
    findings: list[SegmentFinding]
    warnings: list[str]
    signature: str


class Summarized(schema.Model):
    """The columns of a summary."""

    summary: list[schema.SummarySentence]
    notes: list[str]
    signature: str


class Read(schema.Model):
    """The columns of both; the signature is the translation's."""

    title: str | None
    translation: str
    findings: list[SegmentFinding]
    warnings: list[str]
    headline: str
    summary: list[schema.SummarySentence]
    notes: list[str]
    signature: str


TASKS: Mapping[str, type[schema.Model]] = {"translate": Translated, "summarize": Summarized, "read": Read}
"""What each task makes of a record: the columns after the common ones."""


def translated(translation: Translation) -> Translated:
    """Return the columns of a translation."""
    title = translation.title
    return Translated(
        title=title.target if title else None,
        translation=translation.text,
        findings=findings(translation),
        warnings=list(translation.warnings),
        signature=_text(translation.signature),
    )


def summarized(summary: Summary) -> Summarized:
    """Return the columns of a summary."""
    sentences = [schema.SummarySentence.model_validate(sentence) for sentence in summary.sentences]
    return Summarized(summary=sentences, notes=list(summary.notes), signature=_text(summary.signature))


def read(reading: Reading) -> Read:
    """Return the columns of a reading."""
    both = {**dict(summarized(reading.summary)), **dict(translated(reading.translation))}
    return Read(**both, headline=reading.headline)


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


def row(record: Record | BadRecord, made: schema.Model | None = None, error: str = "") -> dict[str, Any]:
    """The row of a record: what was ``made`` of it, or its error."""
    said = record.error if isinstance(record, BadRecord) else error
    fields = {} if isinstance(record, BadRecord) else dict(record.fields)
    own = made.model_dump() if made else {}
    return {"key": record.key, "place": record.place, "error": said or None, "fields": fields, **own}


@lru_cache(maxsize=16)
def _text(signature: Signature) -> str:
    """Its text, which most rows share."""
    return str(signature)


Format = tuple[Callable[[Sequence[str]], str], Callable[[Sequence[str], Mapping[str, Any]], str]]
"""What stands before the rows, and one row, both for the columns given."""


# One encoder for all: json.dumps makes one a call.
_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _jsonl(columns: Sequence[str], values: Mapping[str, Any]) -> str:
    line = {name: values.get(name) for name in columns}
    return _ENCODE(line) + "\n"


def _csv(columns: Sequence[str], values: Mapping[str, Any], keep: Callable[[str], str] = cell) -> str:
    """Lists and objects as JSON, nothing for what is missing; lines end as RFC 4180 wants.

    ``keep`` is what becomes of a text: no spreadsheet is to compute one.
    """
    target = io.StringIO()
    csv.writer(target).writerow(keep(_cell(values.get(name))) for name in columns)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _tsv(columns: Sequence[str], values: Mapping[str, Any], keep: Callable[[str], str] = cell) -> str:
    """As :func:`_csv`, with a space for what would end a cell, as IANA's TSV knows no quotation marks."""
    cells = (keep(_ENDS_CELL.sub(" ", _cell(values.get(name)))) for name in columns)
    return "\t".join(cells) + "\n"


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
