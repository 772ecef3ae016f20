"""Text with marks in it, translated: sentences out, translations in, formatting put back.

A block is what a reader takes for one paragraph, as a row of slots: the text nodes, runs or
lines it is made of. A mark is a row of slots that belong together: a link, bold words. The
slots never change their number or order; only the text in them does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from service.document import Finding, SegmentTranslation
from service.intake import segment

Translate = Callable[[Sequence[str]], Iterator[SegmentTranslation]]
Alike = Mapping[str, str]

_WORD = re.compile(r"\s*\S+\s*\Z|\s*\S+")
_EDGE = " \t\r\n.,;:!?…\"'“”‘’()[]"
_LONGEST_PHRASE = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """Slots ``first`` up to, not with, ``stop``.

    The text of a ``fixed`` one must stay as it is. A ``line`` is a piece of the page, not of the
    sentence: it gets its share of the words, whichever they are.
    """

    first: int
    stop: int
    fixed: bool = False
    line: bool = False


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
    """A sentence of a block: the slots from ``first`` that may hold it, and what each holds of it."""

    text: str
    first: int
    parts: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """Where in the target a mark goes; ``literal`` is put there instead of the target's own words."""

    start: int
    end: int
    literal: str | None = None


def translate_blocks(
    blocks: Sequence[Block], translate: Translate
) -> tuple[list[tuple[str, ...] | None], list[PlacedFinding]]:
    """The new texts of each block's slots, None where nothing changed, and what the guard found.

    All sentences are translated in one call, equal ones once; marked words that are not found in
    the target are translated by themselves in a second call, to be found by their English.
    """
    split = [_sentences(block) for block in blocks]
    wanted = list(dict.fromkeys(s.text for pieces in split for s in _only_sentences(pieces)))
    answers = dict(zip(wanted, translate(wanted), strict=True))
    phrases = list(dict.fromkeys(phrase for pieces in split for phrase in _unplaced(pieces, answers)))
    english = {p: a.target for p, a in zip(phrases, translate(phrases), strict=True)} if phrases else {}
    texts: list[tuple[str, ...] | None] = []
    findings: list[PlacedFinding] = []
    for block, pieces in zip(blocks, split, strict=True):
        lost: list[PlacedFinding] = []
        new = _rebuilt(block, pieces, answers, english, lost)
        texts.append(None if new == block.texts else new)
        for sentence in _only_sentences(pieces):
            found = answers[sentence.text]
            findings += [PlacedFinding(block.place, sentence.text, finding) for finding in found.findings]
            if found.truncated and all(finding.kind != "truncated" for finding in found.findings):
                findings.append(_placed(block.place, sentence.text, "truncated", "not all was translated"))
        findings += lost
    return texts, findings


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
    marks = dict.fromkeys(mark for slot in range(first, last + 1) for mark in covering[slot])
    clipped = [
        replace(mark, first=max(mark.first, first) - first, stop=min(mark.stop, last + 1) - first)
        for mark in marks
    ]
    return _Sentence("".join(parts), first, parts, tuple(clipped))


def _rebuilt(
    block: Block,
    pieces: Sequence[_Sentence],
    answers: Mapping[str, SegmentTranslation],
    english: Alike,
    lost: list[PlacedFinding],
) -> tuple[str, ...]:
    texts = [""] * len(block.texts)
    for piece in pieces:
        answer = answers.get(piece.text)
        target = _one_line(answer.target) if answer and answer.target.strip() else piece.text
        placed: Sequence[str] = piece.parts
        if target != piece.text:
            problems: list[str] = []
            placed = _place(target, piece.parts, piece.marks, english, problems)
            lost += [_placed(block.place, piece.text, "format", problem) for problem in problems]
        for offset, part in enumerate(placed):
            texts[piece.first + offset] += part
    return tuple(texts)


def _one_line(text: str) -> str:
    """A line break in a translation would end a cue, a table row or a paragraph."""
    return " ".join(text.split()) if "\n" in text else text


def _outermost(parts: Sequence[str], marks: Sequence[Mark]) -> list[int]:
    """Indices of the marks that hold text of the sentence and stand in no other, in order."""
    chosen: list[int] = []
    stop = 0
    for index in sorted(range(len(marks)), key=lambda i: (marks[i].first, -marks[i].stop, i)):
        mark = marks[index]
        if mark.first >= stop and "".join(parts[mark.first : mark.stop]).strip():
            chosen.append(index)
            stop = mark.stop
    return chosen


def _covers(parts: Sequence[str], mark: Mark) -> bool:
    """Whether nothing with a letter or digit is left outside the mark."""
    outside = [*parts[: mark.first], *parts[mark.stop :]]
    return not any(character.isalnum() for part in outside for character in part)


def _place(
    target: str, parts: Sequence[str], marks: Sequence[Mark], english: Alike, problems: list[str]
) -> list[str]:
    """``target`` over the slots of ``parts``: as many strings as there are parts."""
    top = _outermost(parts, marks)
    if not top:
        inside = {slot for mark in marks for slot in range(mark.first, mark.stop)}
        texts = [""] * len(parts)
        _spread(texts, target, [slot for slot in range(len(parts)) if slot not in inside], parts)
        return texts
    if len(top) == 1 and _covers(parts, marks[top[0]]):
        mark = marks[top[0]]
        if mark.fixed:
            return list(parts)
        inner = _inside(target, parts, marks, top[0], english, problems)
        return [""] * mark.first + inner + [""] * (len(parts) - mark.stop)
    chosen = [marks[index] for index in top]
    if chosen[0].line:
        spans = _shares(target, parts, chosen)
    else:
        spans = _spans(target, parts, chosen, english, problems)
    return _assembled(target, parts, marks, top, spans, english, problems)


def _assembled(
    target: str,
    parts: Sequence[str],
    marks: Sequence[Mark],
    top: Sequence[int],
    spans: Sequence[_Span],
    english: Alike,
    problems: list[str],
) -> list[str]:
    """The target cut at the spans: each span into its mark, what is between into the slots between."""
    texts = [""] * len(parts)
    inside = {slot for mark in marks for slot in range(mark.first, mark.stop)}
    at = slot = 0
    for index, span in zip(top, spans, strict=True):
        mark = marks[index]
        base = [free for free in range(slot, mark.first) if free not in inside]
        before, start = target[at : span.start], span.start
        if base:
            _spread(texts, before, base, parts)
        elif slot:
            texts[slot - 1] += before
        else:
            start = at
        if mark.fixed:
            source = parts[mark.first : mark.stop]
            texts[mark.first : mark.stop] = source if span.literal is None else _padded(source, span.literal)
        else:
            texts[mark.first : mark.stop] = _inside(
                target[start : span.end], parts, marks, index, english, problems
            )
        at, slot = span.end, mark.stop
    base = [free for free in range(slot, len(parts)) if free not in inside]
    if base:
        _spread(texts, target[at:], base, parts)
    else:
        texts[slot - 1] += target[at:]
    return texts


def _padded(source: Sequence[str], literal: str) -> list[str]:
    """The slots of a fixed mark with the white space that ``literal`` has at its ends."""
    texts = list(source)
    held = [slot for slot, text in enumerate(texts) if text.strip()]
    texts[held[0]] = literal[: len(literal) - len(literal.lstrip())] + texts[held[0]].lstrip()
    texts[held[-1]] = texts[held[-1]].rstrip() + literal[len(literal.rstrip()) :]
    return texts


def _inside(
    target: str, parts: Sequence[str], marks: Sequence[Mark], index: int, english: Alike, problems: list[str]
) -> list[str]:
    outer = marks[index]
    inner = [
        replace(mark, first=mark.first - outer.first, stop=mark.stop - outer.first)
        for number, mark in enumerate(marks)
        if number != index and outer.first <= mark.first and mark.stop <= outer.stop
    ]
    return _place(target, parts[outer.first : outer.stop], inner, english, problems)


def _spread(texts: list[str], target: str, slots: Sequence[int], parts: Sequence[str]) -> None:
    """``target`` over the slots by the length of what they held, cut between words."""
    held = [slot for slot in slots if parts[slot].strip()] or list(slots[:1])
    if not held:
        raise AssertionError("a sentence needs a slot outside its marks")
    for slot, share in zip(held, _shared(target, [len(parts[slot]) for slot in held]), strict=True):
        texts[slot] += share


def _shared(target: str, weights: Sequence[int]) -> list[str]:
    """``target`` cut between words, by weight; while there are words, no share is empty."""
    words = _WORD.findall(target) or [target]
    shares, start, weight, total = [], 0, 0, sum(weights) or 1
    for number, own in enumerate(weights, start=1):
        weight += own
        wanted = max(round(weight / total * len(words)), number)
        stop = max(start, min(wanted, len(words) - (len(weights) - number)))
        if number == len(weights):
            stop = len(words)
        shares.append("".join(words[start:stop]))
        start = stop
    return shares


def _shares(target: str, parts: Sequence[str], lines: Sequence[Mark]) -> list[_Span]:
    weights = [sum(map(len, parts[line.first : line.stop])) for line in lines]
    ends = list(accumulate(len(share) for share in _shared(target, weights)))
    return [_Span(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _spans(
    target: str, parts: Sequence[str], marks: Sequence[Mark], english: Alike, problems: list[str]
) -> list[_Span]:
    """Where each mark goes, in order and apart: by its words, else by its place in the sentence."""
    length = sum(map(len, parts)) or 1
    found: list[_Span | None] = []
    at = 0
    for mark in marks:
        expected = len("".join(parts[: mark.first])) / length * len(target)
        span = _search(target, _phrase(parts, mark), english, at, expected)
        found.append(span)
        at = span.end if span else at
    spans: list[_Span] = []
    for index, (mark, span) in enumerate(zip(marks, found, strict=True)):
        if span:
            spans.append(span)
            continue
        start = spans[-1].end if spans else 0
        stop = next((later.start for later in found[index + 1 :] if later), len(target))
        spans.append(_guessed(target, parts, mark, start, stop))
        problems.append(f"put where it stood in the source: {_phrase(parts, mark)[:60]!r}")
    return spans


def _phrase(parts: Sequence[str], mark: Mark) -> str:
    text = "".join(parts[mark.first : mark.stop])
    return text.strip() if mark.fixed else text.strip(_EDGE) or text.strip()


def _search(target: str, phrase: str, english: Alike, at: int, expected: float) -> _Span | None:
    for needle in dict.fromkeys([phrase, english.get(phrase, "").strip(_EDGE)]):
        if needle:
            pattern = rf"(?<!\w){re.escape(needle)}(?!\w)"
            starts = [match.span() for match in re.compile(pattern, re.IGNORECASE).finditer(target, at)]
            if starts:
                return _Span(*min(starts, key=lambda span: abs(span[0] - expected)))
    return None


def _guessed(target: str, parts: Sequence[str], mark: Mark, start: int, stop: int) -> _Span:
    """The words of ``target[start:stop]`` that stand where the mark stood, at least one if there is one."""
    words = [match.span() for match in re.finditer(r"\S+", target[start:stop])]
    phrase = _phrase(parts, mark)
    if not words:
        return _Span(stop, stop, f" {phrase} " if mark.fixed else None)
    length = sum(map(len, parts)) or 1
    centre = len("".join(parts[: mark.first])) / length * len(target) - start
    index = min(range(len(words)), key=lambda i: abs(words[i][0] - centre))
    if mark.fixed:
        return _Span(start + words[index][0], start + words[index][0], f"{phrase} ")
    count = max(1, round(len(phrase) / length * len(target.split())))
    last = min(index + count, len(words)) - 1
    return _Span(start + words[index][0], start + words[last][1])


def _unplaced(pieces: Sequence[_Sentence], answers: Mapping[str, SegmentTranslation]) -> Iterator[str]:
    """The marked words that their sentence's translation does not hold as they are."""
    for piece in _only_sentences(pieces):
        target = answers[piece.text].target
        if target == piece.text:
            continue
        for mark in piece.marks:
            phrase = _phrase(piece.parts, mark)
            if mark.fixed or mark.line or _covers(piece.parts, mark) or len(phrase) > _LONGEST_PHRASE:
                continue
            if _translatable(phrase) and _search(target, phrase, {}, 0, 0) is None:
                yield phrase
