"""Which lines of a pasted page are the article: a kind for each line, decided over the page as a whole.

A small network looks at each line with its neighbours and says how likely each kind is. Then the best
sequence is sought among those that a page can be: boilerplate, a headline, boilerplate, one block of body
with boilerplate between its paragraphs, boilerplate. The weights are data, learnt by
``python -m eval.training.lines``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from service.intake.linefeatures import Floats, Hashed, Seen, see

# In the order of the network's outputs.
KINDS = (
    "body", "subhead", "title", "title-again", "site", "section", "navigation", "breadcrumb", "timestamp",
    "byline", "initials", "share", "control", "caption", "credit", "read-also", "teaser", "related", "video",
    "advertisement", "follow", "newsletter", "published-in", "tags", "comments", "copyright", "reading-time",
    "report", "summary-box", "note",
)  # fmt: skip
"""What a line can be; the first two are the article's own text."""

RULE_KINDS = KINDS[4:]
"""The kinds that a rule may know a line by; the network is told which did."""

# How far apart the lines are that a layer looks at: together 15 lines up and down.
DILATIONS = (1, 2, 4, 8)
_BODY, _SUBHEAD, _TITLE = range(3)
_CHUNK = 256
_MOST = 4096
_SMALL = 250_000
"""Multiplications up to which numerical libraries stay on one core."""
# So that nothing is wholly impossible: the logarithm of 0 would rule a sequence out.
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """The network: an embedding of hashed pieces, then layers along the page."""

    table: NDArray[np.int8]
    scale: Floats
    mean: Floats
    spread: Floats
    inner: Floats
    inner_bias: Floats
    along: Floats  # (layers, 3, width, width)
    along_bias: Floats
    whole: Floats
    outer: Floats
    outer_bias: Floats

    @classmethod
    def load(cls) -> Weights:
        """Return the weights that come with Warta."""
        content = (files("service.intake") / "data" / "lines.npz").read_bytes()
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            fields = {
                name: stored[name] if name == "table" else stored[name].astype(np.float32) for name in stored
            }
        return cls(**fields)


_weights = cache(Weights.load)


def chances(seen: Seen, weights: Weights | None = None) -> Floats:
    """Return how likely each kind is for each line: (lines, kinds), rows sum to 1.

    A text of more lines than :data:`_MOST` is looked at in parts of so many, for the memory.
    """
    w = weights or _weights()
    bags = np.hstack([_embedded(bag, w) for bag in (seen.letters, seen.words, seen.shape)])
    scores = [
        _scores(bags[seen.which[first : first + _MOST]], seen.numbers[first : first + _MOST], w)
        for first in range(0, len(seen.which), _MOST)
    ]
    return np.vstack(scores)


def _scores(bags: Floats, numbers: Floats, w: Weights) -> Floats:
    inputs = np.hstack([bags, (numbers - w.mean) / w.spread])
    hidden = np.maximum(_times(inputs, w.inner) + w.inner_bias, 0)
    for layer, dilation in enumerate(DILATIONS):
        # 0 weighs the line above, 1 the line itself, 2 the line below.
        mixed = _times(hidden, w.along[layer, 1]) + w.along_bias[layer]
        # At the ends of the page there is no such line, and nothing is added.
        mixed[dilation:] += _times(hidden[:-dilation], w.along[layer, 0])
        mixed[:-dilation] += _times(hidden[dilation:], w.along[layer, 2])
        hidden = hidden + np.maximum(mixed, 0)
    # The page as a whole, told to each of its lines.
    hidden = hidden + np.maximum(hidden.mean(axis=0) @ w.whole, 0)
    scores = _times(hidden, w.outer) + w.outer_bias
    # Less the greatest, so that exp() does not overflow; the shares stay the same.
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = scores / scores.sum(axis=1, keepdims=True)
    return shares


def _times(left: Floats, right: Floats) -> Floats:
    """Return ``left @ right``, some rows at a time: a larger product would wake other cores for a page of
    forty lines.
    """
    rows = max(1, _SMALL // right.size)
    if len(left) <= rows:
        return left @ right
    return np.vstack([left[first : first + rows] @ right for first in range(0, len(left), rows)])


def _embedded(bag: Hashed, w: Weights) -> Floats:
    """Return the mean of each line's rows of the table; some lines at a time, for the memory."""
    return np.vstack(list(_means(bag, w.table))) * w.scale


def _means(bag: Hashed, table: NDArray[np.int8]) -> Iterator[Floats]:
    ends = np.append(bag.starts[1:], len(bag.ids))
    for first in range(0, len(bag.starts), _CHUNK):
        starts, stop = bag.starts[first : first + _CHUNK], ends[first : first + _CHUNK][-1]
        rows = table[bag.ids[starts[0] : stop]]
        # In int32, as int8 would overflow. Every line has a piece at least, so no sum is of nothing.
        sums = np.add.reduceat(rows, starts - starts[0], axis=0, dtype=np.int32)
        counts = (ends[first : first + _CHUNK] - starts)[:, None]
        yield (sums / counts).astype(np.float32)


# The parts of a page, in the order in which they may follow one another.
TOP, HEADLINE, UNDER, TEXT, BETWEEN, END = range(6)
_MAY_FOLLOW = {
    TOP: (TOP, HEADLINE, UNDER, TEXT),
    HEADLINE: (HEADLINE, UNDER, TEXT),
    UNDER: (UNDER, TEXT),
    TEXT: (TEXT, BETWEEN, END),
    BETWEEN: (BETWEEN, TEXT),
    END: (END,),
}
# Log scores: a page without a headline is rarer than one with it, and so is a headline of several lines.
_COST = {(TOP, UNDER): -2.0, (TOP, TEXT): -2.0, (HEADLINE, HEADLINE): -0.5}
_STARTS = (TOP, HEADLINE, TEXT)
_STOPS = (TEXT, END)


@cache
def _steps() -> NDArray[np.float64]:
    """Return the log score of going from part to part; minus infinity for what no page does."""
    steps = np.full((6, 6), -np.inf)
    for part, following in _MAY_FOLLOW.items():
        for other in following:
            steps[part, other] = _COST.get((part, other), 0.0)
    return steps


def parts(shares: Floats, keep: float, inner: float) -> NDArray[np.intp]:
    """Return the part of the page that each line stands in: the likeliest sequence.

    ``keep`` is how many times as likely boilerplate must be before a line is thought to be no text, and
    ``inner`` how many times again a run of it where the text goes on after it.
    """
    text = shares[:, _BODY] + shares[:, _SUBHEAD]
    title = shares[:, _TITLE]
    rest = 1 - text - title
    # A column a part, in their order: all boilerplate is one here, its kind is found afterwards.
    scores = np.log(np.column_stack([rest, title, rest, text * keep, rest, rest]).astype(np.float64) + _FLOOR)
    steps = _steps().copy()
    steps[TEXT, BETWEEN] -= np.log(inner)
    count = len(scores)
    back = np.zeros((count, 6), dtype=np.intp)
    # Viterbi's algorithm: the best way to each part, and where it came from.
    best = np.where(np.isin(np.arange(6), _STARTS), scores[0], -np.inf)
    for i in range(1, count):
        ways = best[:, None] + steps
        back[i] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[i]
    path = np.zeros(count, dtype=np.intp)
    path[-1] = _STOPS[int(best[list(_STOPS)].argmax())]
    # From the last line back.
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


@dataclass(frozen=True, slots=True)
class Label:
    """What a line is thought to be; ``text`` and ``title`` are how likely it is text, or the headline.

    ``other`` is the kind of boilerplate that it would be.
    """

    kind: str
    text: float
    title: float
    part: int
    other: str


def label(
    lines: Sequence[str], apart: Sequence[bool], rules: Floats, keep: float = 1.0, inner: float = 1.0
) -> list[Label]:
    """Return a label for each of a page's non-empty lines; ``rules`` as in
    :func:`service.intake.linefeatures.see`.
    """
    if not lines:
        return []
    shares = chances(see(lines, apart, rules))
    where = parts(shares, keep, inner)
    text = shares[:, _BODY] + shares[:, _SUBHEAD]
    allowed = np.ones((6, len(KINDS)), dtype=bool)
    # A part of the page holds only some kinds: text, the headline, or boilerplate.
    allowed[TEXT, 2:] = False
    allowed[HEADLINE] = np.arange(len(KINDS)) == _TITLE
    for part in (TOP, UNDER, BETWEEN, END):
        allowed[part, :3] = False
    best = np.where(allowed[where], shares, -1).argmax(axis=1)
    others = shares[:, 3:].argmax(axis=1) + 3
    rows = zip(best, text, shares[:, _TITLE], where, others, strict=True)
    return [Label(KINDS[k], float(t), float(h), int(part), KINDS[o]) for k, t, h, part, o in rows]
