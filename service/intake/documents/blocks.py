"""Text with marks in it, translated: sentences out, translations in, formatting put back.

A block is what a reader takes for one paragraph, as a row of slots: the text nodes, runs or
lines it is made of. A mark is a row of slots that belong together: a link, bold words. The
slots never change their number or order; only the text in them does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from service.document import Finding, Passage, SegmentTranslation
from service.intake.clean import is_headline
from service.intake.documents.alignment import Alike, Mark, Placer, fixed_through
from service.text import segment

Translate = Callable[[Passage], Iterable[SegmentTranslation]]
"""Gives one translation a sentence of the passage, in order."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on a translation; ``words`` are those of the English that it is about, empty for all."""

    text: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class How:
    """How a document is written again, beside its translation.

    ``attributes``: what stands in for pictures and the like is translated too. ``keys`` are patterns of the
    paths in a JSON file whose texts are translated; without any, all that read as text. ``suffix`` is the
    output's, where a type has several. ``notes`` gives the remarks that are written into the document.
    """

    attributes: bool = False
    keys: tuple[str, ...] = ()
    suffix: str = ""
    notes: Callable[[SegmentTranslation], Sequence[Note]] | None = None


AS_EVER = How()

_LONGEST_PHRASE = 200
# A sentence of more marks is no prose; its marks get shares of the words as they stand.
_MOST_MARKS = 40
_NOTHING: Alike = {}


@dataclass(frozen=True, slots=True)
class Block:
    """The texts of the slots, in order, the marks over them (outer before inner), and where it is.

    ``heading`` says that the document's format calls it a title or a heading.
    """

    texts: tuple[str, ...]
    marks: tuple[Mark, ...]
    place: str
    heading: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.texts)


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


_Pair = tuple[_Sentence, SegmentTranslation | None]
"""A piece and its translation, None for what is not translated."""


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A remark and where it goes: from a character of a slot to, not with, one of that or a later slot."""

    text: str
    first: int
    start: int
    last: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a block: the new texts of its slots, and the marks that change places.

    ``moves`` are pairs: the second mark, with all that is in it, goes where the first stood.
    """

    texts: tuple[str, ...]
    moves: tuple[tuple[Mark, Mark], ...] = ()
    notes: tuple[PlacedNote, ...] = ()


Changed = tuple[list[Change | None], list[PlacedFinding]]
"""What becomes of each block, None where nothing changed, and what the guard found."""
Steps = Generator[Passage, Iterable[SegmentTranslation], T]
"""Work that yields each passage that it wants translated and is sent its translations."""


def translate_blocks(blocks: Sequence[Block], translate: Translate, how: How = AS_EVER) -> Changed:
    """Translate the blocks of one document."""
    return together([block_steps(blocks, how)], lambda passages: map(translate, passages))[0]


def together(
    works: Sequence[Steps[T]],
    translate_all: Callable[[Sequence[Passage]], Iterable[Iterable[SegmentTranslation]]],
) -> list[T]:
    """Do several works to their ends; what all of them want at a time is translated in one call."""
    results: dict[int, T] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(works)))
    while answers:
        wanted: dict[int, Passage] = {}
        for number, answer in answers.items():
            try:
                wanted[number] = works[number].send(answer)
            except StopIteration as end:
                results[number] = end.value
        made = translate_all(list(wanted.values())) if wanted else ()
        answers = {number: list(one) for number, one in zip(wanted, made, strict=True)}
    return [results[number] for number in range(len(works))]


def in_one(
    translate: Translate,
) -> Callable[[Sequence[Passage]], list[list[SegmentTranslation]]]:
    """Return what translates several passages as one, which gives fuller batches and one context."""

    def translate_all(passages: Sequence[Passage]) -> list[list[SegmentTranslation]]:
        sentences = [sentence for passage in passages for sentence in passage.sentences]
        starts = list(accumulate((len(passage.sentences) for passage in passages), initial=0))
        headlines = [
            at + index for at, passage in zip(starts, passages, strict=False) for index in passage.headlines
        ]
        context = "\n\n".join(filter(None, (passage.context for passage in passages)))
        done = list(translate(Passage(tuple(sentences), context, frozenset(headlines)))) if sentences else []
        return [done[start:stop] for start, stop in pairwise(starts)]

    return translate_all


def block_steps(blocks: Sequence[Block], how: How = AS_EVER) -> Steps[Changed]:
    """Translate the blocks of one document step by step.

    All sentences are one passage; marked words that are not found in the target are translated by
    themselves as a second one, to be found by their English.
    """
    split = [_sentences(block) for block in blocks]
    passage = _passage(blocks, split)
    done = yield passage
    translated = (answer for _, answer in zip(passage.sentences, done, strict=True))
    answers = [[next(translated) if _translatable(p.text) else None for p in pieces] for pieces in split]
    pairs = [list(zip(*of_block, strict=True)) for of_block in zip(split, answers, strict=True)]
    placings = [[_placed(*pair) for pair in of_block] for of_block in pairs]
    phrases = tuple(dict.fromkeys(phrase for of_block in placings for p in of_block for phrase in p.unplaced))
    again = (yield Passage(phrases, passage.context)) if phrases else ()
    english = {p: a.target for p, a in zip(phrases, again, strict=True)}
    changes: list[Change | None] = []
    findings: list[PlacedFinding] = []
    for block, of_block, found in zip(blocks, pairs, placings, strict=True):
        # Once more only where something was not found: to place a sentence costs more than all else here.
        both = zip(of_block, found, strict=True)
        placed = [_placed(*pair, english) if placing.unplaced else placing for pair, placing in both]
        change, problems = _rebuilt(block, of_block, placed, how)
        changes.append(None if change.texts == block.texts and not change.notes else change)
        findings += [*_found(block, of_block), *problems]
    return changes, findings


def _passage(blocks: Sequence[Block], split: Sequence[Sequence[_Sentence]]) -> Passage:
    """Return the blocks' sentences; headings are headlines, and what else stands in the blocks is context."""
    headings = _headings(blocks)
    sentences = [
        (piece.text, number in headings)
        for number, pieces in enumerate(split)
        for piece in pieces
        if _translatable(piece.text)
    ]
    context = "\n\n".join(block.text for number, block in enumerate(blocks) if number not in headings)
    headlines = frozenset(index for index, (_, heading) in enumerate(sentences) if heading)
    return Passage(tuple(text for text, _ in sentences), context, headlines)


def _headings(blocks: Sequence[Block]) -> frozenset[int]:
    """Return the numbers of the headings: by the format, and a first block that looks like a headline."""
    found = {number for number, block in enumerate(blocks) if block.heading}
    first = next((n for n, block in enumerate(blocks) if _translatable(block.text)), None)
    if first is not None:
        line = blocks[first].text.strip()
        rest = (block.text.strip() for block in blocks[first + 1 :])
        if is_headline(line, sum(len(text) for text in rest if text != line)):
            found.add(first)
    return frozenset(found)


def _found(block: Block, pairs: Sequence[_Pair]) -> Iterator[PlacedFinding]:
    """Yield what the guard found in a block's sentences."""
    for sentence, answer in pairs:
        if not answer:
            continue
        yield from (PlacedFinding(block.place, sentence.text, finding) for finding in answer.findings)
        if answer.truncated and all(finding.kind != "truncated" for finding in answer.findings):
            yield PlacedFinding(block.place, sentence.text, Finding("truncated.rest"))


def _translatable(text: str) -> bool:
    """Return whether it has a letter; what has none, such as white space, is never translated."""
    return any(character.isalpha() for character in text)


def _sentences(block: Block) -> list[_Sentence]:
    """Return the block's text in pieces, lossless: white space, sentence, white space …"""
    ends = list(accumulate(map(len, block.texts)))
    covering: list[list[Mark]] = [[] for _ in block.texts]
    for mark in block.marks:
        for slot in range(mark.first, mark.stop):
            covering[slot].append(mark)
    segmented = segment.split(block.text)
    pieces, at = [], 0
    for part in [segmented.lead, *(s for pair in segmented.segments for s in (pair.text, pair.gap))]:
        if part:
            pieces.append(_piece(block, ends, covering, at, at + len(part)))
        at += len(part)
    return pieces


def _piece(
    block: Block, ends: Sequence[int], covering: Sequence[list[Mark]], at: int, stop: int
) -> _Sentence:
    """Return ``text[at:stop]`` with the slots between the characters around it."""
    first = bisect_right(ends, at - 1) if at else 0
    last = bisect_right(ends, stop) if stop < ends[-1] else len(ends) - 1
    starts = [ends[slot] - len(block.texts[slot]) for slot in range(first, last + 1)]
    parts = tuple(
        block.texts[first + i][max(at - start, 0) : max(stop - start, 0)] for i, start in enumerate(starts)
    )
    whole = tuple(dict.fromkeys(mark for slot in range(first, last + 1) for mark in covering[slot]))
    whole = whole if len(whole) <= _MOST_MARKS else ()
    marks = fixed_through(parts, [_clipped(block, ends, mark, first, parts) for mark in whole])
    return _Sentence("".join(parts), first, parts, marks, whole)


def _clipped(block: Block, ends: Sequence[int], mark: Mark, first: int, parts: Sequence[str]) -> Mark:
    """Return the mark as far as the sentence goes; one that reaches beyond it cannot move."""
    begin, stop = max(mark.first - first, 0), min(mark.stop - first, len(parts))
    # The mark may reach over all of a long block, and be asked about in each of its sentences.
    length = (
        ends[mark.stop - 1] - ends[mark.first] + len(block.texts[mark.first]) if mark.stop > mark.first else 0
    )
    inside = sum(map(len, parts[begin:stop])) == length
    return Mark(begin, stop, mark.fixed, mark.line, mark.pinned or not inside)


@dataclass(frozen=True, slots=True)
class _Placing:
    """A sentence's translation in its slots, and what there is to say of it."""

    parts: Sequence[str]
    placer: Placer

    @property
    def unplaced(self) -> list[str]:
        """The marked words that were not found and can be translated by themselves."""
        return [p for p in self.placer.lost if _translatable(p) and len(p) <= _LONGEST_PHRASE]


def _placed(piece: _Sentence, answer: SegmentTranslation | None, english: Alike = _NOTHING) -> _Placing:
    """Put a sentence's translation into its slots; ``english`` has the marked words by themselves."""
    target = _one_line(answer.target) if answer and answer.target.strip() else piece.text
    placer = Placer(english)
    if target == piece.text:
        return _Placing(piece.parts, placer)
    return _Placing(_spaced(piece, placer.place(target, piece.parts, piece.marks)), placer)


def _spaced(piece: _Sentence, placed: Sequence[str]) -> list[str]:
    """Return the parts with a space on both sides of a picture, or what else is in a sentence, that had both.

    English has one space there, as the models see no picture.
    """
    texts, held = list(placed), piece.parts
    fixed = {slot for mark in piece.marks if mark.fixed for slot in range(mark.first, mark.stop)}
    for i in range(len(texts) - 1):
        if not (held[i][-1:].isspace() and held[i + 1][:1].isspace()) or {i, i + 1} & fixed:
            continue
        left, right = "".join(texts[: i + 1]), "".join(texts[i + 1 :])
        if left.strip() and right.strip() and left[-1].isspace() != right[0].isspace():
            if left[-1].isspace():
                texts[i + 1] = f" {texts[i + 1]}"
            else:
                texts[i] += " "
    return texts


def _rebuilt(
    block: Block, pairs: Sequence[_Pair], placings: Sequence[_Placing], how: How
) -> tuple[Change, list[PlacedFinding]]:
    texts: list[list[str]] = [[] for _ in block.texts]
    moves: list[tuple[Mark, Mark]] = []
    problems: list[PlacedFinding] = []
    notes: list[PlacedNote] = []
    for (piece, answer), placing in zip(pairs, placings, strict=True):
        placed, placer = placing.parts, placing.placer
        moves += [(piece.whole[there], piece.whole[mark]) for there, mark in placer.moves]
        problems += [PlacedFinding(block.place, piece.text, problem) for problem in placer.problems]
        if answer and how.notes:
            before = [sum(map(len, texts[piece.first + n])) for n in range(len(placed))]
            notes += _noted(how.notes(answer), placed, before, piece.first)
        for offset, part in enumerate(placed):
            texts[piece.first + offset].append(part)
    return Change(tuple(map("".join, texts)), tuple(moves), tuple(notes)), problems


def _noted(
    notes: Iterable[Note], parts: Sequence[str], before: Sequence[int], first: int
) -> Iterator[PlacedNote]:
    """Yield the notes of a sentence on their words, or on all of it.

    ``parts`` are the sentence in its slots, of which the first is number ``first``; ``before`` counts the
    characters that these hold already.
    """
    held = [number for number, part in enumerate(parts) if part.strip()]
    for note in notes if held else ():
        for number in held if note.words else ():
            at = parts[number].find(note.words)
            if at >= 0:
                start = before[number] + at
                yield PlacedNote(note.text, first + number, start, first + number, start + len(note.words))
                break
        else:
            a, b = held[0], held[-1]
            yield PlacedNote(note.text, first + a, before[a], first + b, before[b] + len(parts[b]))


def _one_line(text: str) -> str:
    """Put spaces for line breaks: in a translation they would end a cue, a table row or a paragraph."""
    return " ".join(text.split()) if "\n" in text else text
