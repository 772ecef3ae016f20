"""The same articles by several models, side by side: as text, Markdown, JSON and HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from service.document import SegmentTranslation, Translation
from service.messages import record, text
from service.translation.confidence import is_marked


@dataclass(frozen=True, slots=True)
class Compared:
    """What one model made of the articles.

    ``opened`` and ``seconds`` are the wall time of loading it and of translating; ``translations`` are in the
    articles' order, none where ``error`` says why it could not run. ``scores`` are by the metric's name.
    """

    model: str
    opened: float = 0.0
    seconds: float = 0.0
    translations: tuple[Translation, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    error: str = ""

    @property
    def segments(self) -> list[SegmentTranslation]:
        """Every sentence of every article, headlines among them."""
        return [part for translation in self.translations for part in parts(translation)]

    @property
    def flagged(self) -> int:
        """How many sentences have a finding."""
        return sum(map(is_marked, self.segments))


def parts(translation: Translation) -> list[SegmentTranslation]:
    """Return the headline, if there is one, and the sentences."""
    return [*([translation.title] if translation.title else []), *translation.segments]


def cells(found: Sequence[Compared]) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the table: a model a row, a score a column."""
    metrics = list(dict.fromkeys(name for compared in found for name in compared.scores))
    head = ["model", "sentences", "to check", "loading", "translating", "sentences/s", *metrics]
    rows = []
    for one in found:
        count = len(one.segments)
        if one.error:
            rows.append([one.model, "could not run", *[""] * (len(head) - 2)])
            continue
        speed = f"{count / one.seconds:.1f}" if one.seconds else "-"
        times = [f"{one.opened:.1f} s", f"{one.seconds:.1f} s", speed]
        scores = [f"{one.scores[name]:.1f}" if name in one.scores else "-" for name in metrics]
        rows.append([one.model, str(count), str(one.flagged), *times, *scores])
    return head, rows


def side_by_side(found: Sequence[Compared]) -> Iterable[tuple[str, list[tuple[str, SegmentTranslation]]]]:
    """Yield each source sentence with what every model that ran made of it."""
    able = [one for one in found if not one.error]
    # All models were given the same articles, so they have the same sentences.
    rows = zip(*(one.segments for one in able), strict=True)
    for row in rows:
        yield row[0].source, [(one.model, part) for one, part in zip(able, row, strict=True)]


def as_text(found: Sequence[Compared]) -> str:
    """Return the table, then each sentence with its translations below it."""
    head, rows = cells(found)
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *rows)
    ]
    longest = max((len(one.model) for one in found), default=0)
    for source, made in side_by_side(found):
        lines += ["", source]
        for model, part in made:
            lines.append(f"  {model:<{longest}}  {part.target}")
            lines += [f"  {'':<{longest}}    check: {text(finding)}" for finding in part.findings]
    return "\n".join(lines) + "\n"


def as_markdown(found: Sequence[Compared]) -> str:
    """Return the same as two tables."""
    head, rows = cells(found)
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows), ""]
    able = [one.model for one in found if not one.error]
    lines += [_row(["source", *able]), _row(["---"] * (len(able) + 1))]
    for source, made in side_by_side(found):
        lines.append(_row([source, *(_noted(part, " — check: ") for _, part in made)]))
    return "\n".join(lines) + "\n"


def as_json(found: Sequence[Compared]) -> dict[str, Any]:
    """Return the same as plain dictionaries and lists."""
    return {
        "models": [
            {
                "model": one.model,
                "error": one.error,
                "signature": str(one.translations[0].signature) if one.translations else "",
                "loading_seconds": round(one.opened, 3),
                "translating_seconds": round(one.seconds, 3),
                "sentences": len(one.segments),
                "flagged": one.flagged,
                "scores": dict(one.scores),
            }
            for one in found
        ],
        "sentences": [
            {
                "source": source,
                "targets": {
                    model: {"text": part.target, "findings": [record(finding) for finding in part.findings]}
                    for model, part in made
                },
            }
            for source, made in side_by_side(found)
        ],
    }


RENDERERS: Mapping[str, Callable[[Sequence[Compared]], str | dict[str, Any]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}


def as_html(found: Sequence[Compared], words: Mapping[str, str], language: str) -> str:
    """Return the same as two HTML tables, all escaped; ``words`` are the heads of the first by name."""
    head, rows = cells(found)
    first = _table([words.get(name, name) for name in head], rows)
    able = [one.model for one in found if not one.error]
    body = (
        [source, *(_noted(part, "\n⚑ ", language) for _, part in made)]
        for source, made in side_by_side(found)
    )
    return first + _table([words.get("source", "source"), *able], body)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        # Line ends after escaping, or the <br> would be escaped too.
        "<tr>" + "".join(f"<td>{escape(cell).replace(chr(10), '<br>')}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"
    return f'<div class="wide" tabindex="0">{table}</div>'


def _row(values: Iterable[str]) -> str:
    return "| " + " | ".join(value.replace("|", "\\|").replace("\n", " ") for value in values) + " |"


def _noted(part: SegmentTranslation, mark: str, language: str = "en") -> str:
    return part.target + "".join(f"{mark}{text(finding, language)}" for finding in part.findings)
