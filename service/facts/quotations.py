"""Quotations: which words of a sentence are somebody's own, and whether English still says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.document import FactStatus
from service.facts.figures import Outcome

# Only the straight mark may be either; curly ones and guillemets tell which.
_OPENING, _CLOSING, _BOTH = "“«", "”»", '"'
SHORTEST = 3
"""Words of a quotation at least; a shorter one is a title or a word that is meant otherwise."""
_SHORT, _LONG = 0.4, 2.5
"""A quotation in English that is so much shorter or longer than its source took in or left out words."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Quoted words, the characters ``start`` to ``end`` with their marks.

    ``opens`` and ``closes`` say whether its marks are in this sentence; one of several sentences has them
    in the first and in the last.
    """

    start: int
    end: int
    opens: bool
    closes: bool


def quotations(sentences: Sequence[str]) -> list[list[Quotation]]:
    """Return the quotations of each sentence, those that go on from the sentence before among them."""
    within, found = False, []
    for sentence in sentences:
        spans, within = _spans(sentence, within or _ends_one(sentence))
        found.append([span for span in spans if _said(sentence, span)])
    return found


def _ends_one(sentence: str) -> bool:
    """Return whether a sentence begins within a quotation, as its marks tell: *Kami menunggu," kata
    Surya.*"""
    first = next((at for at, sign in enumerate(sentence) if sign in _OPENING + _CLOSING + _BOTH), 0)
    # A mark behind a comma or a stop ends what was said; one that opens has a space before it.
    return first > 0 and sentence[first - 1] in ",.!?" and _closes(sentence)


def _said(sentence: str, span: Quotation) -> bool:
    return len(sentence[span.start : span.end].split()) >= SHORTEST


def _spans(text: str, within: bool) -> tuple[list[Quotation], bool]:
    """Return the quoted spans, and whether one is open at the end; ``within`` that one is at the start."""
    spans: list[Quotation] = []
    start, opened = (0, False) if within else (-1, False)
    for at, sign in enumerate(text):
        if start < 0 and (sign in _OPENING or sign in _BOTH):
            start, opened = at, True
        elif start >= 0 and (sign in _CLOSING or sign in _BOTH):
            spans.append(Quotation(start, at + 1, opened, True))
            start = -1
        # It was only thought to go on from the sentence before: this mark opens it anew.
        elif start >= 0 and sign in _OPENING and not opened:
            start, opened = at, True
    # Without its other mark, a quotation goes on only where the paragraph does; the caller joins those.
    if start >= 0:
        spans.append(Quotation(start, len(text), opened, False))
    return spans, start >= 0


def outcomes(found: Sequence[Quotation], target: str) -> list[Outcome]:
    """Return what became of the quotations of a sentence: the marks are where they were, or not."""
    if not found:
        return []
    theirs, _ = _spans(target, within=not found[0].opens and _closes(target))
    # Two marks with nothing between them are no quotation.
    spans = [span for span in theirs if span.end - span.start > 2]
    if len(found) == 1 and not found[0].opens and not found[0].closes and not spans:
        # All of the sentence is quoted, and its marks are in its neighbours.
        return [Outcome("kept", 0, len(target)) if target else Outcome("missing")]
    return [
        _compared(quotation, spans[nth]) if nth < len(spans) else Outcome("missing")
        for nth, quotation in enumerate(found)
    ]


def _compared(ours: Quotation, theirs: Quotation) -> Outcome:
    share = (theirs.end - theirs.start) / max(1, ours.end - ours.start)
    moved = theirs.closes != ours.closes or theirs.opens != ours.opens
    status: FactStatus = "changed" if moved or not _SHORT <= share <= _LONG else "kept"
    return Outcome(status, theirs.start, theirs.end)


def _closes(target: str) -> bool:
    """Return whether the first mark of ``target`` closes a quotation that began before."""
    marks = [sign for sign in target if sign in _OPENING + _CLOSING + _BOTH]
    # An odd number of straight marks: one of them has its other in another sentence.
    return bool(marks) and (marks[0] in _CLOSING or (marks[0] in _BOTH and len(marks) % 2 == 1))
