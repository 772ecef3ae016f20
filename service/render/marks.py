"""Marks that travel: which sentences of a result carry one, the words of each, and what to say of the rest.

A mark is a number at the sentence, as a footnote's. The same sentence has the same number in headline,
summary and translation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.document import Finding, Message, SegmentTranslation
from service.intake.documents.blocks import Note as DocumentNote
from service.messages import text
from service.presets import all_presets
from service.translation.confidence import Judged, is_marked

_IN_ENGLISH = ("target", "name", "word", "words", "phrase", "number", "rank", "token", "second")
"""The values of findings that may hold English words."""
_OPENING = 7


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line: a sentence with the number of its note, 0 for none, or something between sentences.

    ``ours`` says that the text is Warta's own, such as the numbers of a summary sentence's sources.
    """

    text: str
    note: int = 0
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a mark says: where the sentence stands, its English, and what to check in it."""

    number: int
    where: str
    target: str
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where} ({_opening(self.target)}) {'; '.join(self.reasons)}"


@dataclass(slots=True)
class Notes:
    """The notes of a result in the order in which its sentences are shown; numbers count from 1."""

    _notes: dict[tuple[str, tuple[Finding, ...]], Note] = field(default_factory=dict)
    made: list[Note] = field(default_factory=list)

    def span(self, shown: str, part: Judged, source: str, where: str) -> Span:
        """Return a sentence as it is shown, with the number of its note if it is marked.

        ``source`` is the Indonesian it was translated from: a sentence that is shown twice has one note.
        """
        if not is_marked(part):
            return Span(shown)
        # With the findings: the same sentence may have another English, with other things to check.
        key = source or shown, part.findings
        if key not in self._notes:
            note = Note(len(self._notes) + 1, where, shown, part.findings, tuple(reasons(part)))
            self._notes[key] = note
            self.made.append(note)
        return Span(shown, self._notes[key].number)

    def of(self, span: Span) -> Note | None:
        """Return the note of a span, if it has one."""
        return self.made[span.note - 1] if span.note else None


def reasons(part: Judged) -> list[str]:
    """Return what to check in a sentence, each beginning with its kind; of one without findings, why."""
    found = [f"{finding.kind}: {text(finding)}" for finding in part.findings]
    if found or not is_marked(part):
        return found
    if part.confidence is None:
        return [text(Message.of("marks.wrong", "likely wrong"))]
    sure = f"{part.confidence:.0%}"
    return [text(Message.of("marks.unsure", "likely wrong: confidence {share}", share=sure))]


def notes(part: SegmentTranslation) -> list[DocumentNote]:
    """Return what to check in a sentence as remarks for its document, each on its words in the English."""
    if not is_marked(part):
        return []
    said, target = reasons(part), part.target
    places = [words(finding, target) for finding in part.findings] or [None]
    return [
        DocumentNote(reason, target[place[0] : place[1]] if place else "")
        for reason, place in zip(said, places, strict=True)
    ]


def words(finding: Finding, target: str) -> tuple[int, int] | None:
    """Return where the words of a finding stand in the English, the first and the end; None for nowhere."""
    values = dict(finding.values)
    for name in _IN_ENGLISH:
        if value := values.get(name, "").strip():
            start = _found(value, target)
            if start >= 0:
                return start, start + len(value)
    return None


def _found(value: str, target: str) -> int:
    """Return where a value begins that stands at the edges of words, in capitals or not; -1 for nowhere."""
    low = target.lower()
    # A few letters, such as the Turkish capital dotted I, are longer in lower case.
    text, value = (low, value.lower()) if len(low) == len(target) else (target, value)
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        # "12" in "2012" is no hit.
        if not text[max(0, at - 1) : at].isalnum() and not text[end : end + 1].isalnum():
            return at
        at = text.find(value, end)
    return -1


def caveat(preset: str) -> Message:
    """Return that sentences without a mark can be wrong too, and how many are with that model."""
    known = all_presets().get(preset)
    if known is None or not known.wrong_unmarked:
        return Message.of(
            "marks.unmeasured", "Unmarked sentences can be wrong too: not measured for this model."
        )
    return Message.of(
        "marks.unmarked",
        "Unmarked sentences can be wrong too: about 1 in {one_in} on this model.",
        one_in=round(1 / known.wrong_unmarked),
    )


def status(parts: Iterable[Judged], preset: str) -> str:
    """Return in a line how many sentences there are, how many are marked, and what that leaves open."""
    marked = [is_marked(part) for part in parts]
    counted = Message.of(
        "marks.count",
        "{count} sentence; {flagged} marked.",
        plural="{count} sentences; {flagged} marked.",
        count=len(marked),
        flagged=sum(marked),
    )
    return f"{text(counted)} {text(caveat(preset))}"


def progress(parts: Iterable[Judged], preset: str, at: str) -> str:
    """Return the same as one line for standard error; ``at`` is the file."""
    marked = [is_marked(part) for part in parts]
    counted = Message.of(
        "marks.to_check",
        "{count} sentence, {flagged} to check.",
        plural="{count} sentences, {flagged} to check.",
        at=at,
        count=len(marked),
        flagged=sum(marked),
    )
    return f"{text(counted)} {text(caveat(preset))}"


def _opening(target: str) -> str:
    parts = target.split()
    return "“" + " ".join(parts[:_OPENING]) + ("…”" if len(parts) > _OPENING else "”")
