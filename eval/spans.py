"""Errors that raters marked: MQM and ESA annotations in the tab-separated formats of WMT, in and out.

MQM (Freitag et al. 2021) is one row an error, the words between ``<v>`` and ``</v>`` in the source or the
target; ESA (Kocmi et al. 2024) is one row a segment, with a score from 0 to 100 and its error spans as JSON
(``start_i``, ``end_i``, ``severity``, ``error_type``), as Appraise writes them. Columns are found by their
names; positions are counted in characters of the text without marks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eval.tables import normal, separated
from service.errors import InputError

Side = Literal["source", "target"]
Form = Literal["mqm", "esa"]

OPEN, CLOSE = "<v>", "</v>"
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "system": ("system", "systemid", "system_id"),
    "document": ("doc", "document", "docid", "doc_id", "document_id"),
    "segment": ("seg_id", "segid", "globalsegid", "global_seg_id", "segment_id", "segment", "docsegid"),
    "rater": ("rater", "annotator", "user", "username"),
    "source": ("source", "src"),
    "target": ("target", "tgt", "translation"),
    "category": ("category",),
    "severity": ("severity",),
    "score": ("score", "esa_score", "esa"),
    "spans": ("spans", "error_spans", "esa_spans"),
}
_NEEDED: Mapping[Form, tuple[str, ...]] = {
    "mqm": ("system", "target", "category", "severity"),
    "esa": ("system", "target", "score"),
}
_NO_ERROR = ("no_error", "no_errors", "none", "")


@dataclass(frozen=True, slots=True)
class Span:
    """One marked error. ``start`` and ``end`` are characters of its side; both 0: the whole segment."""

    start: int
    end: int
    severity: str
    category: str = ""
    side: Side = "target"
    rater: str = ""


@dataclass(frozen=True, slots=True)
class Rated:
    """What one rater said of one system's segment; ``score`` is ESA's, ``None`` in MQM."""

    system: str
    document: str
    segment: str
    rater: str
    source: str
    target: str
    spans: tuple[Span, ...] = ()
    score: float | None = None


def weight(span: Span) -> float:
    """Return the penalty of an error: the weights of WMT's MQM, and 25 for what is called critical.

    Minor 1 (punctuation 0.1), major 5, non-translation 25, neutral 0.
    """
    category, severity = normal(span.category), normal(span.severity)
    if severity == "critical" or category.startswith("non_translation"):
        return 25.0
    if severity == "minor":
        return 0.1 if category == "fluency_punctuation" else 1.0
    return 5.0 if severity == "major" else 0.0


def score(rated: Sequence[Rated]) -> tuple[str, float]:
    """Return the name and value of a segment's score over its raters: ESA's mean, else MQM's penalty."""
    given = [one.score for one in rated if one.score is not None]
    if given:
        return "ESA", sum(given) / len(given)
    return "MQM", sum(weight(span) for one in rated for span in one.spans) / len(rated)


# --- reading -----------------------------------------------------------------------------------


def read(path: Path) -> list[Rated]:
    """Return the ratings of a file, MQM or ESA by its header, one entry a segment and rater.

    Raises :class:`InputError` that names what the header or the line lacks.
    """
    rows = separated(path)
    places = _places(rows[0]) if rows else {}
    form: Form = "mqm" if "severity" in places else "esa"
    lacking = [name for name in _NEEDED[form] if name not in places]
    if lacking:
        raise InputError(
            "score.span_column",
            "the header has no column {column} ({form})",
            at=path,
            column=lacking[0],
            form=form.upper(),
        )
    take = _mqm_row if form == "mqm" else _esa_row
    found: dict[tuple[str, ...], Rated] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) <= max(places.values()):
            raise InputError(
                "score.span_columns", "line {line} has fewer columns than the header", at=path, line=number
            )
        cells = {name: row[index] for name, index in places.items()}
        rated = take(cells, f"{path}: line {number}")
        key = (rated.system, rated.document, rated.segment, rated.rater, rated.target)
        before = found.get(key)
        found[key] = _joined(before, rated) if before else rated
    return list(found.values())


def _joined(first: Rated, other: Rated) -> Rated:
    return Rated(
        first.system,
        first.document,
        first.segment,
        first.rater,
        first.source,
        first.target,
        (*first.spans, *other.spans),
        first.score if other.score is None else other.score,
    )


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [normal(cell) for cell in header]
    found = {}
    for name, aliases in _ALIASES.items():
        place = next((names.index(alias) for alias in aliases if alias in names), None)
        if place is not None:
            found[name] = place
    return found


def _rated(
    cells: Mapping[str, str],
    source: str,
    target: str,
    spans: tuple[Span, ...] = (),
    score: float | None = None,
) -> Rated:
    system, document, segment, rater = (
        cells.get(name, "").strip() for name in ("system", "document", "segment", "rater")
    )
    return Rated(system, document, segment, rater, source, target, spans, score)


def _mqm_row(cells: Mapping[str, str], where: str) -> Rated:
    source, in_source = _unmarked(cells.get("source", ""), where)
    target, in_target = _unmarked(cells["target"], where)
    category, severity = cells["category"].strip(), cells["severity"].strip()
    if normal(severity) in _NO_ERROR or normal(category) in ("no_error", "no_errors"):
        return _rated(cells, source, target)
    side: Side = "source" if in_source and not in_target else "target"
    start, end = in_target or in_source or (0, 0)
    span = Span(start, end, severity.lower(), category, side, cells.get("rater", "").strip())
    return _rated(cells, source, target, spans=(span,))


def _unmarked(text: str, where: str) -> tuple[str, tuple[int, int] | None]:
    """Return the text without its marks, and what lay between them."""
    before, opened, rest = text.partition(OPEN)
    if not opened:
        return text.strip(), None
    inside, closed, after = rest.partition(CLOSE)
    if not closed:
        raise InputError("score.span_open", "{open} without {close}", at=where, open=OPEN, close=CLOSE)
    plain = before + inside + after
    cut = len(plain) - len(plain.lstrip())
    return plain.strip(), (max(len(before) - cut, 0), max(len(before) + len(inside) - cut, 0))


def _esa_row(cells: Mapping[str, str], where: str) -> Rated:
    try:
        value = float(cells["score"])
        listed = json.loads(cells.get("spans", "").strip() or "[]")
        rater = cells.get("rater", "").strip()
        spans = tuple(_esa_span(span, rater) for span in listed)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError("score.esa_needs", "a score and a JSON list of spans are needed", at=where) from None
    if not 0 <= value <= 100:
        raise InputError(
            "score.esa_range",
            "an ESA score lies between 0 and 100, not {score}",
            at=where,
            score=f"{value:g}",
        )
    return _rated(cells, cells.get("source", "").strip(), cells["target"].strip(), spans=spans, score=value)


def _esa_span(span: Mapping[str, Any], rater: str) -> Span:
    """Give an omission no place in the target: Appraise writes the word "missing" there."""
    placed = isinstance(span["start_i"], int) and isinstance(span["end_i"], int)
    start, end = (span["start_i"], span["end_i"]) if placed else (0, 0)
    category = str(span.get("error_type") or ("" if placed else "omission"))
    return Span(start, end, str(span["severity"]).lower(), category, "target", rater)


# --- writing -----------------------------------------------------------------------------------


def lines(rated: Iterable[Rated], form: Form) -> list[str]:
    """Return the ratings as the lines of a WMT file, its header first."""
    if form == "esa":
        header = ["system", "doc", "seg_id", "rater", "source", "target", "score", "error_spans"]
        return _joined_lines(header, ([*_head(one), *_esa_tail(one)] for one in rated))
    header = ["system", "doc", "seg_id", "rater", "source", "target", "category", "severity"]
    return _joined_lines(header, (row for one in rated for row in _mqm_rows(one)))


def _joined_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a tab or a line break inside a cell as a space: the format has no way to write one."""
    return ["\t".join(" ".join(cell.split()) for cell in row) for row in (header, *rows)]


def _head(one: Rated) -> list[str]:
    return [one.system, one.document, one.segment, one.rater, one.source, one.target]


def _esa_tail(one: Rated) -> list[str]:
    spans = [
        {
            "start_i": span.start if span.end else "missing",
            "end_i": span.end if span.end else "missing",
            "severity": span.severity,
            "error_type": span.category,
        }
        for span in one.spans
        if span.side == "target"
    ]
    return [f"{one.score:g}" if one.score is not None else "", json.dumps(spans, ensure_ascii=False)]


def _mqm_rows(one: Rated) -> list[list[str]]:
    if not one.spans:
        return [[*_head(one), "No-error", "no-error"]]
    rows = []
    for span in one.spans:
        head = _head(one)
        if span.end:
            place = 4 if span.side == "source" else 5
            text = head[place]
            head[place] = f"{text[: span.start]}{OPEN}{text[span.start : span.end]}{CLOSE}{text[span.end :]}"
        rows.append([*head, span.category, span.severity])
    return rows
