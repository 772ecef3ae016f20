"""Text with marks in it, translated: sentences out, translations in, formatting put back.

A block is what a reader takes for one paragraph, as a row of slots: the text nodes, runs or
lines it is made of. A mark is a row of slots that belong together: a link, bold words. The
slots never change their number or order; only the text in them does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from service.document import Finding, SegmentTranslation
from service.intake.documents.alignment import Alike, Mark, Placer, covers, fixed_through, holds, phrase_of
from service.text import segment

Translate = Callable[[Sequence[str]], Iterator[SegmentTranslation]]

_LONGEST_PHRASE = 200
# A sentence of more marks is no prose; its marks get shares of the words as they stand.
_MOST_MARKS = 40


@dataclass(frozen=True, slots=True)
class Block:
    """The texts of the slots, in order, the marks over them (outer before inner), and where it is."""

    texts: tuple[str, ...]
    marks: tuple[Mark, ...]
    place: str


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding in a document: ``place`` for people (``paragraph 3``), the sentence, what was found."""

    place: str
    source: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a block: the slots from ``first`` that may hold it, and what each holds of it.

    ``marks`` count these slots from 0; ``whole`` are the same marks in the block.
    """

    text: str
    first: int
    parts: tuple[str, ...]
    marks: tuple[Mark, ...]
    whole: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a block: the new texts of its slots, and the marks that change places.

    ``moves`` are pairs: the second mark, with all that is in it, goes where the first stood.
    """

    texts: tuple[str, ...]
    moves: tuple[tuple[Mark, Mark], ...] = ()


def translate_blocks(
    blocks: Sequence[Block], translate: Translate
) -> tuple[list[Change | None], list[PlacedFinding]]:
    """What becomes of each block, None where nothing changed, and what the guard found.

    All sentences are translated in one call, equal ones once; marked words that are not found in
    the target are translated by themselves in a second call, to be found by their English.
    """
    split = [_sentences(block) for block in blocks]
    wanted = list(dict.fromkeys(s.text for pieces in split for s in _only_sentences(pieces)))
    answers = dict(zip(wanted, translate(wanted), strict=True))
    phrases = list(dict.fromkeys(phrase for pieces in split for phrase in _unplaced(pieces, answers)))
    english = {p: a.target for p, a in zip(phrases, translate(phrases), strict=True)} if phrases else {}
    changes: list[Change | None] = []
    findings: list[PlacedFinding] = []
    for block, pieces in zip(blocks, split, strict=True):
        change, problems = _rebuilt(block, pieces, answers, english)
        changes.append(None if change.texts == block.texts else change)
        for sentence in _only_sentences(pieces):
            found = answers[sentence.text]
            findings += [PlacedFinding(block.place, sentence.text, finding) for finding in found.findings]
            if found.truncated and all(finding.kind != "truncated" for finding in found.findings):
                findings.append(_placed(block.place, sentence.text, "truncated", "not all was translated"))
        findings += problems
    return changes, findings


def _placed(place: str, source: str, kind: str, detail: str) -> PlacedFinding:
    return PlacedFinding(place, source, Finding(kind, detail))


def _only_sentences(pieces: Sequence[_Sentence]) -> Iterator[_Sentence]:
    """Without white space and what has no letter, which are never translated."""
    return (piece for piece in pieces if _translatable(piece.text))


def _translatable(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _sentences(block: Block) -> list[_Sentence]:
    """The block's text in pieces, lossless: white space, sentence, white space …"""
    text = "".join(block.texts)
    ends = list(accumulate(map(len, block.texts)))
    covering: list[list[Mark]] = [[] for _ in block.texts]
    for mark in block.marks:
        for slot in range(mark.first, mark.stop):
            covering[slot].append(mark)
    segmented = segment.split(text)
    pieces, at = [], 0
    for part in [segmented.lead, *(s for pair in segmented.segments for s in (pair.text, pair.gap))]:
        if part:
            pieces.append(_piece(block, ends, covering, at, at + len(part)))
        at += len(part)
    return pieces


def _piece(
    block: Block, ends: Sequence[int], covering: Sequence[list[Mark]], at: int, stop: int
) -> _Sentence:
    """``text[at:stop]`` with the slots between the characters around it."""
    first = bisect_right(ends, at - 1) if at else 0
    last = bisect_right(ends, stop) if stop < ends[-1] else len(ends) - 1
    starts = [ends[slot] - len(block.texts[slot]) for slot in range(first, last + 1)]
    parts = tuple(
        block.texts[first + i][max(at - start, 0) : max(stop - start, 0)] for i, start in enumerate(starts)
    )
    whole = tuple(dict.fromkeys(mark for slot in range(first, last + 1) for mark in covering[slot]))
    whole = whole if len(whole) <= _MOST_MARKS else ()
    marks = fixed_through(parts, [_clipped(block, mark, first, parts) for mark in whole])
    return _Sentence("".join(parts), first, parts, marks, whole)


def _clipped(block: Block, mark: Mark, first: int, parts: Sequence[str]) -> Mark:
    """The mark as far as the sentence goes; one that reaches beyond it cannot move."""
    begin, stop = max(mark.first - first, 0), min(mark.stop - first, len(parts))
    inside = sum(map(len, parts[begin:stop])) == sum(map(len, block.texts[mark.first : mark.stop]))
    return replace(mark, first=begin, stop=stop, pinned=mark.pinned or not inside)


def _rebuilt(
    block: Block, pieces: Sequence[_Sentence], answers: Mapping[str, SegmentTranslation], english: Alike
) -> tuple[Change, list[PlacedFinding]]:
    texts = [""] * len(block.texts)
    moves: list[tuple[Mark, Mark]] = []
    problems: list[PlacedFinding] = []
    for piece in pieces:
        answer = answers.get(piece.text)
        target = _one_line(answer.target) if answer and answer.target.strip() else piece.text
        placed: Sequence[str] = piece.parts
        if target != piece.text:
            placer = Placer(english)
            placed = placer.place(target, piece.parts, piece.marks)
            moves += [(piece.whole[there], piece.whole[mark]) for there, mark in placer.moves]
            problems += [_placed(block.place, piece.text, "format", problem) for problem in placer.problems]
        for offset, part in enumerate(placed):
            texts[piece.first + offset] += part
    return Change(tuple(texts), tuple(moves)), problems


def _one_line(text: str) -> str:
    """A line break in a translation would end a cue, a table row or a paragraph."""
    return " ".join(text.split()) if "\n" in text else text


def _unplaced(pieces: Sequence[_Sentence], answers: Mapping[str, SegmentTranslation]) -> Iterator[str]:
    """The marked words that their sentence's translation does not hold as they are."""
    for piece in _only_sentences(pieces):
        target = answers[piece.text].target
        for mark in piece.marks if target != piece.text else ():
            phrase = phrase_of(piece.parts, mark)
            if mark.fixed or mark.line or covers(piece.parts, mark) or len(phrase) > _LONGEST_PHRASE:
                continue
            if _translatable(phrase) and not holds(target, phrase):
                yield phrase
