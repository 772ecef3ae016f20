"""Where the marks of a sentence stand in its translation.

A mark's words are looked for in the target, as they are (names, numbers) or by their own
translation; marks may change places. Words that are not found are taken from where the mark
stood, and that is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from service.document import Finding

Alike = Mapping[str, str]
Move = tuple[int, int]

# A word with the space before it, the last one with what follows too; a run of space is read once.
_WORD = re.compile(r"(?<!\s)\s*+\S++(?:\s++\Z)?")
_PLAIN_WORD = re.compile(r"\S+")
_ARTICLE = re.compile(r"\A(?:the|an?)\s+", re.IGNORECASE)
_LONGEST_NEEDLE = 400
"""Letters up to which marked words are looked for whatever their case and as whole words."""
_EDGE = " \t\r\n.,;:!?…\"'“”‘’()[]"


@dataclass(frozen=True, slots=True)
class Mark:
    """Slots ``first`` up to, not with, ``stop``.

    The text of a ``fixed`` one must stay as it is. A ``line`` is a piece of the page, not of the
    sentence: it gets its share of the words, whichever they are. A ``pinned`` one cannot change
    places with another.
    """

    first: int
    stop: int
    fixed: bool = False
    line: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    """Where in the target a mark goes; ``literal`` is put there instead of the target's own words."""

    start: int
    end: int
    literal: str | None = None


def phrase_of(parts: Sequence[str], mark: Mark) -> str:
    """Return the words of a mark without the punctuation around them."""
    text = "".join(parts[mark.first : mark.stop])
    return text.strip() if mark.fixed else text.strip(_EDGE) or text.strip()


def covers(parts: Sequence[str], mark: Mark) -> bool:
    """Return whether no letter or digit is left outside the mark."""
    outside = [*parts[: mark.first], *parts[mark.stop :]]
    return not any(character.isalnum() for part in outside for character in part)


def fixed_through(parts: Sequence[str], marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return the marks; one whose words all stand in a fixed one inside it is fixed too."""
    fixed = [mark for mark in marks if mark.fixed]
    return tuple(
        replace(mark, fixed=mark.fixed or any(_fills(parts, inner, mark) for inner in fixed))
        for mark in marks
    )


def _fills(parts: Sequence[str], inner: Mark, outer: Mark) -> bool:
    within = outer.first <= inner.first and inner.stop <= outer.stop
    return within and not any(
        character.isalnum()
        for part in [*parts[outer.first : inner.first], *parts[inner.stop : outer.stop]]
        for character in part
    )


def holds(target: str, phrase: str) -> bool:
    """Return whether the words stand in the target, whatever their case."""
    return next(_occurrences(target, phrase), None) is not None


def _occurrences(target: str, needle: str, *, words: bool = True) -> Iterator[_Span]:
    if len(needle) > _LONGEST_NEEDLE:
        # A pattern may try each place of the target for as long as the needle is; this search does not.
        at = target.find(needle)
        while at >= 0:
            yield _Span(at, at + len(needle))
            at = target.find(needle, at + len(needle))
        return
    edges = (r"(?<!\w)", r"(?!\w)") if words else ("", "")
    pattern = re.compile(re.escape(needle).join(edges), re.IGNORECASE)
    yield from (_Span(*match.span()) for match in pattern.finditer(target))


@dataclass(slots=True)
class Placer:
    """Puts one sentence's translation into its slots.

    ``english`` has marked words by themselves. After a call, ``moves`` holds pairs of marks, by
    index: the second stands now where the first stood; ``problems`` is what had to be guessed.
    """

    english: Alike
    problems: list[Finding] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def place(self, target: str, parts: Sequence[str], marks: Sequence[Mark]) -> list[str]:
        """Return ``target`` over the slots of ``parts``: as many strings as there are parts."""
        top = _outermost(parts, marks)
        if not top:
            return _spread(target, parts, _free(parts, marks))
        if len(top) == 1 and covers(parts, marks[top[0]]):
            mark = marks[top[0]]
            inner = list(parts[mark.first : mark.stop])
            if mark.fixed:
                return list(parts)
            inner = self._inside(target, parts, marks, top[0])
            return [""] * mark.first + inner + [""] * (len(parts) - mark.stop)
        chosen = [marks[index] for index in top]
        if chosen[0].line:
            return self._assembled(
                target, parts, marks, list(zip(top, _shares(target, parts, chosen), strict=True))
            )
        spans = self._spans(target, parts, chosen)
        order = list(range(len(top)))
        if not any(mark.pinned for mark in chosen):
            order.sort(key=lambda i: (spans[i].start, spans[i].end, i))
        self.moves += [(top[there], top[i]) for there, i in enumerate(order) if there != i]
        return self._assembled(target, parts, marks, [(top[i], spans[i]) for i in order])

    def _assembled(
        self, target: str, parts: Sequence[str], marks: Sequence[Mark], placed: Sequence[tuple[int, _Span]]
    ) -> list[str]:
        """Return the target cut at the spans: each into its mark, what is between into the slots between."""
        texts = [""] * len(parts)
        free = _free(parts, marks)
        places = sorted((marks[index] for index, _ in placed), key=lambda mark: mark.first)
        edges = [0, *(edge for mark in places for edge in (mark.first, mark.stop)), len(parts)]
        gaps = [
            [slot for slot in free if a <= slot < b] for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
        at, last = 0, -1
        for (index, span), gap in zip(placed, gaps, strict=False):
            mark, start = marks[index], span.start
            if gap:
                _put(texts, target[at:start], parts, gap)
            elif last >= 0:
                texts[last] += target[at:start]
            else:
                start = at
            texts[mark.first : mark.stop] = self._marked(target[start : span.end], parts, marks, index, span)
            at, last = span.end, mark.stop - 1
        if gaps[-1]:
            _put(texts, target[at:], parts, gaps[-1])
        else:
            texts[last] += target[at:]
        return texts

    def _marked(
        self, target: str, parts: Sequence[str], marks: Sequence[Mark], index: int, span: _Span
    ) -> list[str]:
        mark = marks[index]
        if not mark.fixed:
            return self._inside(target, parts, marks, index)
        source = list(parts[mark.first : mark.stop])
        return source if span.literal is None else _padded(source, span.literal)

    def _inside(self, target: str, parts: Sequence[str], marks: Sequence[Mark], index: int) -> list[str]:
        """Return the mark's own target over its own slots; the marks in it keep their order."""
        outer = marks[index]
        inner = [
            replace(mark, first=mark.first - outer.first, stop=mark.stop - outer.first, pinned=True)
            for number, mark in enumerate(marks)
            if number != index and outer.first <= mark.first and mark.stop <= outer.stop
        ]
        return self.place(target, parts[outer.first : outer.stop], inner)

    def _spans(self, target: str, parts: Sequence[str], marks: Sequence[Mark]) -> list[_Span]:
        """Return where each mark goes, all apart."""
        found: list[_Span | None] = []
        for mark in marks:
            taken = [span for span in found if span]
            after = 0
            if any(known.pinned for known in marks):
                after = max((span.end for span in taken), default=0)
            found.append(self._search(target, parts, mark, taken, after))
        spans = list(found)
        for index, mark in enumerate(marks):
            if found[index] is None:
                start = max((s.end for s in spans[:index] if s), default=0) if index else 0
                stop = min((s.start for s in spans if s and s.start >= start), default=len(target))
                spans[index] = _guessed(target, parts, mark, start, stop)
                self.problems.append(Finding.of("format.guessed", phrase=phrase_of(parts, mark)[:60]))
        return [span for span in spans if span]

    def _search(
        self, target: str, parts: Sequence[str], mark: Mark, taken: Sequence[_Span], after: int
    ) -> _Span | None:
        """Return the occurrence nearest to where the mark stood that is still free."""
        expected = len("".join(parts[: mark.first])) / (sum(map(len, parts)) or 1) * len(target)
        phrase = phrase_of(parts, mark)
        alone = self.english.get(phrase, "").strip(_EDGE)
        needles = dict.fromkeys([phrase, alone, _ARTICLE.sub("", alone)])
        tries = [(phrase, True), (phrase, False)] if mark.fixed else [(n, True) for n in needles if n]
        for needle, words in tries:
            free = [
                span
                for span in _occurrences(target, needle, words=words)
                if span.start >= after and all(span.end <= t.start or t.end <= span.start for t in taken)
            ]
            if free:
                return min(free, key=lambda span: abs(span.start - expected))
        return None


def _outermost(parts: Sequence[str], marks: Sequence[Mark]) -> list[int]:
    """Return indices of the marks that hold text of the sentence and stand in no other, in order."""
    chosen: list[int] = []
    stop = 0
    for index in sorted(range(len(marks)), key=lambda i: (marks[i].first, -marks[i].stop, i)):
        mark = marks[index]
        if mark.first >= stop and "".join(parts[mark.first : mark.stop]).strip():
            chosen.append(index)
            stop = mark.stop
    return chosen


def _free(parts: Sequence[str], marks: Sequence[Mark]) -> list[int]:
    """Return the slots outside every mark."""
    inside = {slot for mark in marks for slot in range(mark.first, mark.stop)}
    return [slot for slot in range(len(parts)) if slot not in inside]


def _padded(source: Sequence[str], literal: str) -> list[str]:
    """Return the slots of a fixed mark with the white space that ``literal`` has at its ends."""
    texts = list(source)
    held = [slot for slot, text in enumerate(texts) if text.strip()]
    texts[held[0]] = literal[: len(literal) - len(literal.lstrip())] + texts[held[0]].lstrip()
    texts[held[-1]] = texts[held[-1]].rstrip() + literal[len(literal.rstrip()) :]
    return texts


def _spread(target: str, parts: Sequence[str], slots: Sequence[int]) -> list[str]:
    texts = [""] * len(parts)
    _put(texts, target, parts, slots)
    return texts


def _put(texts: list[str], target: str, parts: Sequence[str], slots: Sequence[int]) -> None:
    """Add ``target`` to the slots by the length of what they held, cut between words."""
    held = [slot for slot in slots if parts[slot].strip()] or slots[:1]
    for slot, share in zip(held, _shared(target, [len(parts[slot]) for slot in held]), strict=True):
        texts[slot] += share


def _shared(target: str, weights: Sequence[int]) -> list[str]:
    """Return ``target`` cut between words, by weight; while there are words, no share is empty."""
    words = _WORD.findall(target) or [target]
    stops, total = [0], sum(weights) or 1
    for number, weight in enumerate(accumulate(weights), start=1):
        wanted = max(round(weight / total * len(words)), number)
        stops.append(min(wanted, max(len(words) - (len(weights) - number), number), len(words)))
    stops[-1] = len(words)
    return ["".join(words[start:stop]) for start, stop in pairwise(stops)]


def _shares(target: str, parts: Sequence[str], lines: Sequence[Mark]) -> list[_Span]:
    weights = [sum(map(len, parts[line.first : line.stop])) for line in lines]
    ends = accumulate((len(share) for share in _shared(target, weights)), initial=0)
    return [_Span(start, end) for start, end in pairwise(ends)]


def _guessed(target: str, parts: Sequence[str], mark: Mark, start: int, stop: int) -> _Span:
    """Return the words of ``target[start:stop]`` that stand where the mark stood, at least one if there is
    one.
    """
    words = [match.span() for match in _PLAIN_WORD.finditer(target[start:stop])]
    phrase = phrase_of(parts, mark)
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
