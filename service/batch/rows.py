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

from service.document import Brief, Reading, SegmentTranslation, Signature, Summary, Translation
from service.escape import cell
from service.intake.record import OWN_COLUMNS
from service.intake.records import BadRecord, Record
from service.messages import record
from service.render.brief import brief_json, facts_json
from service.render.text import sentence_json

_ENDS_CELL = re.compile(r"\r\n|[\t\r\n]")
COMMON = OWN_COLUMNS
TASKS: Mapping[str, tuple[str, ...]] = {
    "translate": ("title", "translation", "findings", "warnings", "signature"),
    "summarize": ("summary", "notes", "signature"),
    "brief": ("headline", "what", "points", "facts", "notes", "signature"),
    "read": (
        "title",
        "translation",
        "findings",
        "warnings",
        "headline",
        "summary",
        "brief",
        "facts",
        "notes",
        "signature",
    ),
}
"""The columns of each task, after the common ones."""


def translated(translation: Translation) -> dict[str, Any]:
    """The columns of a translation; a finding's ``segment`` counts from 0, and is null in the title."""
    title = translation.title
    flagged: list[tuple[int | None, SegmentTranslation]] = [(None, title)] if title else []
    flagged += enumerate(translation.segments)
    return {
        "title": title.target if title else None,
        "translation": translation.text,
        "findings": [{"segment": where, **record(f)} for where, part in flagged for f in part.findings],
        "warnings": list(translation.warnings),
        "signature": _text(translation.signature),
    }


def summarized(summary: Summary) -> dict[str, Any]:
    """The columns of a summary; ``support`` counts source segments from 0."""
    return {
        "summary": [sentence_json(sentence) for sentence in summary.sentences],
        "notes": list(summary.notes),
        "signature": _text(summary.signature),
    }


def briefed(brief: Brief) -> dict[str, Any]:
    """The columns of a brief; sentences count from 0."""
    values = brief_json(brief)
    return {
        "headline": brief.headline,
        **{name: values[name] for name in ("what", "points", "facts", "notes")},
        "signature": _text(brief.signature),
    }


def read(reading: Reading) -> dict[str, Any]:
    """The columns that a reading has beside its translation's; ``brief`` and ``facts`` are as in JSON."""
    kept = ("what", "points", "facts", "notes")
    brief = brief_json(reading.brief) if reading.brief else {}
    return {
        **summarized(reading.summary),
        "headline": reading.headline,
        "brief": {name: brief[name] for name in kept} if brief else None,
        "facts": facts_json(reading.facts),
    }


def row(record: Record | BadRecord, made: Mapping[str, Any], error: str = "") -> dict[str, Any]:
    """The row of a record: ``made`` from it, or its error."""
    said = record.error if isinstance(record, BadRecord) else error
    fields = {} if isinstance(record, BadRecord) else dict(record.fields)
    return {"key": record.key, "place": record.place, "error": said or None, "fields": fields, **made}


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
