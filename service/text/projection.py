"""Where a part of an Indonesian sentence stands in its English, by the alignment of their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.text.aligner import Alignment, Floats, Token
from service.text.words import listed

_UNLINKED = 0.05
"""What a target word costs that belongs to nothing, so that articles at the edges stay out."""
_BARRIER = 0.5
"""What it costs to go over a comma, dash or bracket, where the part of the source has none."""
_TAKEN = 1e6
_ALONE = 0.3
"""What a place says of a word of which nothing else is known."""
_NEAR = 3.0
"""Words after which a word is of little weight for a place between words."""
_SAME_STOP = 0.3
"""What the same comma or stop behind a place is worth."""
_ONE_WAY = 0.55
"""What a word belongs into a phrase, at the most, if only one direction of the alignment says so."""
_SELDOM = 0.03
"""The probability in the table below which a word seldom becomes another."""
_AGREED = 0.75
"""The share of the words that must be on their side of a place."""
_PHRASE = 3
_LITTLE = 0.3
"""What an article or preposition counts, which may belong to many words, and a run with a loose word."""
_OPENING, _CLOSING = "\"'“‘([«", "\"'”’)]»"
_STOPS = ".,;:!?…"
_PAUSE = re.compile("[,;:()–—“”?!]")
_ENGLISH_LINKS = listed(
    "a an and as at but by for from in into of on or than that the to was were which who with"
)
"""Words that a phrase does not end with, nor, but for articles and verbs, begin with."""
_ARTICLES = listed("a an the was were who which")
_PRONOUNS = listed("he she it they i we you his her its their who")
"""Words that a phrase does not end with either, but in a source that ends with one."""
_HELPERS = listed(
    "am is are was were do does did have has had will would must can could may might should shall"
)
_LIGHT = _ENGLISH_LINKS | _PRONOUNS | _HELPERS | {"s"}
"""Words that say nothing of whether a phrase begins or ends with them; the last is a possessive's."""
_NEED_HELP = listed("not be")
"""Words that begin no phrase without the helping verb before them."""
_LINKS = listed(
    "agar akan atau bagi bahwa bila dalam dan dari daripada dengan di hingga jika kalau karena ke kepada "
    "ketika lantaran lewat melalui menjadi menurut meski namun oleh pada sambil sampai saat sebagai seiring "
    "sejak selama seperti serta setelah soal supaya telah terhadap tetapi tentang untuk walau yaitu yang"
)


_PERSONS = listed("ia dia mereka kami kita saya aku kamu anda beliau nya")
_PREPOSITIONS = listed("bagi dalam dari dengan di ke kepada oleh pada untuk dan atau")


class Projection(NamedTuple):
    """Characters of the target, and how sure it is that they are the right ones, 0 to 1."""

    start: int
    end: int
    sure: float


def project(
    alignment: Alignment, part: tuple[int, int], room: Sequence[tuple[int, int]]
) -> Projection | None:
    """Return the run of words in the target that characters ``part`` of the source became.

    Only words that lie wholly in one of ``room`` are taken. None where there is none of them.
    """
    source, target = alignment.source, alignment.target
    # Words that the part only cuts into count too.
    chosen = np.array([t.start < part[1] and part[0] < t.end for t in source])
    free = np.array([any(a <= t.start and t.end <= b for a, b in room) for t in target])
    if not chosen.any() or not free.any():
        return None
    inside, outside = _mass(alignment, chosen), _mass(alignment, ~chosen)
    # What belongs to the part counts for a word, what belongs to the rest against it.
    gain = np.where(free, inside - outside - _UNLINKED, -_TAKEN)
    # Where the part itself goes over a comma, its English may as well.
    whole = _PAUSE.search(alignment.text[0], *part) is not None
    first, stop = _best_run(gain, np.zeros(len(target)) if whole else _barriers(alignment))
    words = [token.unit for token, own in zip(source, chosen, strict=True) if own]
    first, stop = _without_links(target, first, stop, words)
    first, stop = _whole(alignment, _helped(target, first, free), stop, free)
    there = alignment.backward[chosen]
    total, within = inside[first:stop].sum(), (inside + outside)[first:stop].sum()
    # Of what the part became, the share that lies in the run; a part that became hardly anything is not sure.
    recall = there[:, first:stop].sum() / max(there.sum(), 0.5 * len(there))
    backed = alignment.backed[chosen, first:stop].any(1)
    sure = float(recall * total / max(within, 1e-9) * (_ALONE + (1 - _ALONE) * backed.mean()))
    if _is_loose(alignment, chosen, inside, (first, stop)):
        sure *= _LITTLE
    return Projection(target[first].start, target[stop - 1].end, sure)


def _is_loose(alignment: Alignment, chosen: NDArray[np.bool_], inside: Floats, run: tuple[int, int]) -> bool:
    """Return whether a word at an edge of a run is there for its place alone.

    It belongs to the chosen words by one direction at most, and these seldom become it. A word with hyphens
    is as its best part.
    """
    first, stop = run
    head, tail = first + 1, stop - 1
    while head < stop and _hyphen(alignment, head):
        head += 1
    while tail > first and _hyphen(alignment, tail):
        tail -= 1
    edges = [part for part in (range(first, head), range(tail, stop)) if len(part) < stop - first]
    table = alignment.table[chosen].max(0)
    return any(
        inside[[*part]].max() < _ONE_WAY
        and table[[*part]].max() < _SELDOM
        and alignment.target[part[0]].text not in _LIGHT
        for part in edges
    )


def _mass(alignment: Alignment, chosen: NDArray[np.bool_]) -> Floats:
    """Return how much each target word belongs to the chosen source words, 0 to 1, by both directions."""
    there = alignment.forward[chosen].sum(0)
    back = np.minimum(alignment.backward[chosen].sum(0), 1.0)
    mass: Floats = (there + back) / 2
    return mass


def _barriers(alignment: Alignment) -> Floats:
    """Return what it costs to come to each target word from the one before it."""
    text, words = alignment.text[1], alignment.target
    costs = [_PAUSE.search(text, a.end, b.start) is not None for a, b in pairwise(words)]
    return _BARRIER * np.array([False, *costs], dtype=np.float64)


def _best_run(gain: Floats, barriers: Floats) -> tuple[int, int]:
    """Return the run with the greatest sum, the first of equals; never an empty one."""
    best, found, start, total = -np.inf, (0, 1), 0, 0.0
    for at, (value, cost) in enumerate(zip(gain.tolist(), barriers.tolist(), strict=True)):
        total -= cost
        # A run that has earned nothing is better begun anew here.
        if total <= 0:
            start, total = at, 0.0
        total += value
        if total > best:
            best, found = total, (start, at + 1)
    return found


def _without_links(target: Sequence[Token], first: int, stop: int, words: Sequence[str]) -> tuple[int, int]:
    """Return a run without prepositions and the like at its edges, where the source has none at its own."""
    if words[-1] not in _LINKS:
        loose = _ENGLISH_LINKS if words[-1] in _PERSONS else _ENGLISH_LINKS | _PRONOUNS
        while stop - first > 1 and target[stop - 1].text in loose:
            stop -= 1
    if words[0] not in _LINKS:
        while stop - first > 1 and target[first].text in _ENGLISH_LINKS - _ARTICLES:
            first += 1
    return first, stop


def _helped(target: Sequence[Token], first: int, free: NDArray[np.bool_]) -> int:
    """Return the beginning of a run with the helping verb that it cannot do without."""
    needs = target[first].text in _NEED_HELP and first and free[first - 1]
    return first - 1 if needs and target[first - 1].text in _HELPERS else first


def _whole(alignment: Alignment, first: int, stop: int, free: NDArray[np.bool_]) -> tuple[int, int]:
    """Return a run with the rest of the words with hyphens at its edges."""
    while first and free[first - 1] and _hyphen(alignment, first):
        first -= 1
    while stop < len(alignment.target) and free[stop] and _hyphen(alignment, stop):
        stop += 1
    return first, stop


def _hyphen(alignment: Alignment, at: int) -> bool:
    """Return whether a hyphen joins a target word to the one before it."""
    words = alignment.target
    return alignment.text[1][words[at - 1].end : words[at].start] == "-"


def with_edges(target: str, span: tuple[int, int], phrase: str) -> tuple[int, int]:
    """Return the span with the quotation mark or bracket beside it, where ``phrase`` has one there too."""
    start, end = span
    if phrase[:1] in _OPENING and phrase and start and target[start - 1] in _OPENING:
        start -= 1
    if phrase[-1:] in _CLOSING and phrase:
        while end < len(target) and target[end] in _STOPS + _CLOSING and target[end - 1] not in _CLOSING:
            end += 1
        if target[end - 1] not in _CLOSING:
            end = span[1]
    return start, end


def cut(alignment: Alignment, at: int, room: tuple[int, int]) -> int:
    """Return the place in the target's ``room`` that lies as ``at`` does in the source.

    It stands directly behind what came before, unless the source has a space there: then directly before
    what comes after. Where the words around it changed places, it goes behind those that were before it.
    """
    source = alignment.text[0]
    words = [t for t in alignment.target if room[0] <= t.start and t.end <= room[1]]
    if not words:
        return room[1]
    first = next(i for i, t in enumerate(alignment.target) if room[0] <= t.start)
    pull = _pull(alignment, at)[first : first + len(words)]
    # ``sums[n]``: how well the place behind the first n words parts what is before it from what is behind.
    sums = np.concatenate([[0.0], np.cumsum(pull)])
    follows = source[at : at + 1]
    if follows and follows in _STOPS:
        text = alignment.text[1]
        sums[1:] += [_SAME_STOP * (text[t.end : t.end + 1] == follows) for t in words]
    # Nearly as good is as good: small words between two places tell nothing.
    best = np.flatnonzero(sums > sums.max() - 0.02)
    spaced = source[:at][-1:].isspace()
    number = int(best[-1] if spaced else best[0])
    # Where words changed sides there is no good place; then the words before it decide alone.
    agreed = np.abs(pull[:number].clip(0).sum() - pull[number:].clip(None, 0).sum())
    if agreed < _AGREED * np.abs(pull).sum():
        near = _phrase_before(alignment, at)
        found = project(alignment, (near, at), [room]) if near < at else None
        if found is not None:
            number = next(i for i, t in enumerate(words, start=1) if t.end == found.end)
    return _place(source[:at], words, number, room)


def _pull(alignment: Alignment, at: int) -> Floats:
    """Return how much each target word belongs before the place (above 0) or behind it (below)."""
    before = np.array([(t.start + t.end) / 2 < at for t in alignment.source])
    # 0 for the two words beside the place.
    distance = np.abs(np.arange(len(before)) - int(before.sum()) + 0.5) - 0.5
    weight = np.exp(-distance / _NEAR) * np.where(before, 1.0, -1.0)
    trust = [_LITTLE if token.text in _ENGLISH_LINKS else 1.0 for token in alignment.target]
    pull: Floats = weight @ np.sqrt(alignment.forward * alignment.backward) * trust
    return pull


def _phrase_before(alignment: Alignment, at: int) -> int:
    """Return where the few words before a place begin that belong together."""
    source = alignment.text[0]
    words = [token for token in alignment.source if token.start < at][-_PHRASE:]
    for number in range(len(words) - 1, 0, -1):
        if words[number - 1].unit in _PREPOSITIONS or _PAUSE.search(
            source, words[number - 1].end, words[number].start
        ):
            return words[number].start
    return words[0].start if words else at


def _place(before: str, words: Sequence[Token], number: int, room: tuple[int, int]) -> int:
    """Return the character of the place before word ``number``."""
    if number == 0:
        return room[0]
    if before[-1:].isspace():
        return words[number].start if number < len(words) else room[1]
    return words[number - 1].end
