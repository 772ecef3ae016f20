"""Return where the marks of a sentence stand in its translation.

Which words of the target a mark's words became, the word aligner says (:mod:`service.text.aligner`); where
it is unsure, they are looked for as they are or by their own translation. Marks may change places. One that
is not found goes to the end of the sentence, and that is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice, pairwise

from service.document import Finding
from service.text.aligner import Alignment, align
from service.text.projection import cut, project, with_edges

Alike = Mapping[str, str]
Move = tuple[int, int]

# A word with the space before it, the last one with what follows too; a run of space is read once.
_WORD = re.compile(r"(?<!\s)\s*+\S++(?:\s++\Z)?")
_PLAIN_WORD = re.compile(r"\S+")
_ARTICLE = re.compile(r"\A(?:the|an?)\s+", re.IGNORECASE)
_LONGEST_NEEDLE = 400
"""Letters up to which marked words are looked for whatever their case and as whole words."""
_EDGE = " \t\r\n.,;:!?…\"'“”‘’()[]"
SURE = 0.6
"""How sure the aligner must be of a mark's place; below it the mark's own translation is asked for."""


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
        mark
        if mark.fixed or not any(_fills(parts, inner, mark) for inner in fixed)
        else replace(mark, fixed=True)
        for mark in marks
    )


def _fills(parts: Sequence[str], inner: Mark, outer: Mark) -> bool:
    within = outer.first <= inner.first and inner.stop <= outer.stop
    return within and not any(
        character.isalnum()
        for part in [*parts[outer.first : inner.first], *parts[inner.stop : outer.stop]]
        for character in part
    )


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


@dataclass(frozen=True, slots=True)
class _Pair:
    """A sentence in its parts, its target, and how their words belong together."""

    target: str
    parts: Sequence[str]
    words: Alignment | None

    @classmethod
    def of(cls, target: str, parts: Sequence[str]) -> _Pair:
        return cls(target, parts, align("".join(parts), target))

    def before(self, slot: int) -> int:
        """Return how many characters of the source are before a slot."""
        return sum(map(len, self.parts[:slot]))


@dataclass(slots=True)
class Placer:
    """Puts one sentence's translation into its slots.

    ``english`` has marked words by themselves. After a call, ``moves`` holds pairs of marks, by
    index: the second stands now where the first stood; ``lost`` are the words of marks that were not
    found, ``problems`` the same as findings.
    """

    english: Alike
    problems: list[Finding] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def place(self, target: str, parts: Sequence[str], marks: Sequence[Mark]) -> list[str]:
        """Return ``target`` over the slots of ``parts``: as many strings as there are parts."""
        top = _outermost(parts, marks)
        if len(top) == 1 and covers(parts, marks[top[0]]):
            mark = marks[top[0]]
            inner = list(parts[mark.first : mark.stop])
            if mark.fixed:
                return list(parts)
            inner = self._inside(target, parts, marks, top[0])
            return [""] * mark.first + inner + [""] * (len(parts) - mark.stop)
        chosen = [marks[index] for index in top]
        if chosen and chosen[0].line:
            placed = list(zip(top, _shares(target, parts, chosen), strict=True))
            return self._assembled(_Pair(target, parts, None), marks, placed)
        if not top and len(_held(parts, _free(parts, marks))) < 2:
            return self._assembled(_Pair(target, parts, None), marks, [])
        pair = _Pair.of(target, parts)
        spans = self._spans(pair, chosen)
        order = list(range(len(top)))
        if not any(mark.pinned for mark in chosen):
            order.sort(key=lambda i: (spans[i].start, spans[i].end, i))
        self.moves += [(top[there], top[i]) for there, i in enumerate(order) if there != i]
        return self._assembled(pair, marks, [(top[i], spans[i]) for i in order])

    def _assembled(
        self, pair: _Pair, marks: Sequence[Mark], placed: Sequence[tuple[int, _Span]]
    ) -> list[str]:
        """Return the target cut at the spans: each into its mark, what is between into the slots between."""
        target, parts = pair.target, pair.parts
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
                _put(texts, pair, gap, (at, start))
            elif last >= 0:
                texts[last] += target[at:start]
            else:
                start = at
            texts[mark.first : mark.stop] = self._marked(target[start : span.end], parts, marks, index, span)
            at, last = span.end, mark.stop - 1
        if gaps[-1]:
            _put(texts, pair, gaps[-1], (at, len(target)))
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

    def _spans(self, pair: _Pair, marks: Sequence[Mark]) -> list[_Span]:
        """Return where each mark goes, all apart."""
        pinned = any(mark.pinned for mark in marks)
        found: list[_Span | None] = []
        for mark in marks:
            taken = [span for span in found if span]
            after = max((span.end for span in taken), default=0) if pinned else 0
            found.append(self._search(pair, mark, taken, after))
        spans = list(found)
        for index, mark in enumerate(marks):
            if found[index] is None:
                start, stop = 0, len(pair.target)
                if pinned:
                    start = max((s.end for s in spans[:index] if s), default=0)
                    stop = min((s.start for s in spans if s and s.start >= start), default=stop)
                spans[index] = _at_end(pair, mark, (start, stop), [span for span in spans if span])
                phrase = phrase_of(pair.parts, mark)
                self.lost += [] if mark.fixed else [phrase]
                self.problems.append(Finding.of("format.at_end", phrase=phrase[:60]))
        return [span for span in spans if span]

    def _search(self, pair: _Pair, mark: Mark, taken: Sequence[_Span], after: int) -> _Span | None:
        """Return where the aligner is sure that the mark went, else where it or its own translation stands.

        Of several such places it is the one nearest to where the mark stood that is still free.
        """
        phrase = phrase_of(pair.parts, mark)
        if not mark.fixed and not _is_name(phrase, pair.target):
            found = self._aligned(pair, mark, taken, after)
            if found is not None:
                return found
        alone = self.english.get(phrase, "").strip(_EDGE)
        needles = dict.fromkeys([phrase, alone, _ARTICLE.sub("", alone)])
        tries = [(phrase, True), (phrase, False)] if mark.fixed else [(n, True) for n in needles if n]
        length = sum(map(len, pair.parts)) or 1
        expected = pair.before(mark.first) / length * len(pair.target)
        for needle, words in tries:
            free = [
                span
                for span in _occurrences(pair.target, needle, words=words)
                if span.start >= after and all(span.end <= t.start or t.end <= span.start for t in taken)
            ]
            if free:
                return min(free, key=lambda span: abs(span.start - expected))
        return None

    def _aligned(self, pair: _Pair, mark: Mark, taken: Sequence[_Span], after: int) -> _Span | None:
        """Return where the aligner is sure that the mark's words went."""
        if pair.words is None:
            return None
        start, end = pair.before(mark.first), pair.before(mark.stop)
        room = _room(taken, after, len(pair.target))
        found = project(pair.words, (start, end), room)
        if found is None or found.sure < SURE:
            return None
        marked = "".join(pair.parts[mark.first : mark.stop]).strip()
        first, last = with_edges(pair.target, (found.start, found.end), marked)
        inside = any(a <= first and last <= b for a, b in room)
        return _Span(first, last) if inside else _Span(found.start, found.end)


def _is_name(phrase: str, target: str) -> bool:
    """Return whether words with a capital or a figure among them stand in the target once as they are."""
    named = any(c.isupper() or c.isdigit() for c in phrase)
    return named and len(list(islice(_occurrences(target, phrase), 2))) == 1


def _room(taken: Sequence[_Span], after: int, end: int) -> list[tuple[int, int]]:
    """Return what of the target is not taken yet."""
    edges = [after]
    for span in sorted(taken, key=lambda span: span.start):
        if span.end > after:
            edges += [max(span.start, after), span.end]
    edges.append(end)
    return list(zip(edges[::2], edges[1::2], strict=True))


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


def _held(parts: Sequence[str], slots: Sequence[int]) -> list[int]:
    """Return the slots that hold more than white space, at least one if there is one at all."""
    return [slot for slot in slots if parts[slot].strip()] or list(slots[:1])


def _put(texts: list[str], pair: _Pair, slots: Sequence[int], room: tuple[int, int]) -> None:
    """Add the target's characters in ``room`` to the slots: cut where the words of two slots meet.

    Without an alignment each slot gets a share by the length of what it held, cut between words.
    """
    held = _held(pair.parts, slots)
    if not held:
        return
    if pair.words is None or len(held) == 1:
        shares = _shared(pair.target[room[0] : room[1]], [len(pair.parts[slot]) for slot in held])
    else:
        at, shares = room[0], list[str]()
        for slot in held[1:]:
            place = cut(pair.words, pair.before(slot), (at, room[1]))
            shares.append(pair.target[at:place])
            at = place
        shares.append(pair.target[at : room[1]])
    for slot, share in zip(held, shares, strict=True):
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


def _at_end(pair: _Pair, mark: Mark, room: tuple[int, int], taken: Sequence[_Span]) -> _Span:
    """Return the last free word in ``room``, without the stop behind it; its end if there is none.

    A fixed mark goes behind that word.
    """
    words = [match.span() for match in _PLAIN_WORD.finditer(pair.target, *room)]
    words = [(start, start + len(pair.target[start:end].rstrip(_EDGE))) for start, end in words]
    free = [w for w in words if w[0] < w[1] and all(w[1] <= t.start or t.end <= w[0] for t in taken)]
    phrase = phrase_of(pair.parts, mark)
    if not free:
        return _Span(room[1], room[1], f" {phrase} " if mark.fixed else None)
    start, end = free[-1]
    if mark.fixed:
        return _Span(end, end, f" {phrase}")
    return _Span(start, end)
