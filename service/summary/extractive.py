"""Choosing the sentences that say most: a small learned ranker, in NumPy, with redundancy control.

The trees in ``data/ranker.json`` were learned by ``python -m eval.training.ranker``; ``data/NOTICE``
says from what, and under which licence.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.context import checkpoint
from service.summary.features import NAMES, Floats, features, words

_CHUNK = 1024
# Log-odds lost by a repeat. The share of words repeated is cubed: sentences of one article share
# half their words as a rule, and only those that share nearly all say the same.
_REDUNDANCY = 3.0


@dataclass(frozen=True, slots=True)
class Ranker:
    """Boosted binary trees of one depth, each complete and in breadth-first order.

    ``features`` and ``thresholds`` have shape (trees, 2**depth - 1): a row goes left when its feature
    is at most the threshold. ``leaves`` has shape (trees, 2**depth) and holds log-odds.
    """

    features: NDArray[np.intp]
    thresholds: Floats
    leaves: Floats

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ranker:
        """Make one of the parsed file; raise ``ValueError`` when it was learned on other features."""
        if tuple(data["names"]) != NAMES:
            raise ValueError(
                "the ranker's weights belong to other features: run python -m eval.training.ranker"
            )
        return cls(
            np.array(data["features"], dtype=np.intp),
            np.array(data["thresholds"], dtype=float),
            np.array(data["leaves"], dtype=float),
        )

    def scores(self, rows: Floats) -> Floats:
        """Return log-odds that a person would choose each row (a sentence's features)."""
        chunks = range(0, len(rows), _CHUNK)
        # In parts, for the memory: rows x trees.
        return np.concatenate([self._scores(rows[start : start + _CHUNK]) for start in chunks])

    def _scores(self, rows: Floats) -> Floats:
        trees, inner = self.features.shape
        tree, row = np.arange(trees), np.arange(len(rows))[:, None]
        node = np.zeros((len(rows), trees), dtype=np.intp)
        # 2**depth - 1 has depth bits, one for each step down.
        for _ in range(inner.bit_length()):
            right = rows[row, self.features[tree, node]] > self.thresholds[tree, node]
            # Breadth first: the children of n are 2n + 1 and 2n + 2.
            node = 2 * node + 1 + right
        total: Floats = self.leaves[tree, node - inner].sum(axis=1)
        return total


@lru_cache(maxsize=1)
def shipped_ranker() -> Ranker:
    """Return the ranker that comes with the package."""
    return Ranker.from_json(json.loads(files(__package__).joinpath("data", "ranker.json").read_text("utf-8")))


def rank(
    sentences: Sequence[str], n: int, title: str = "", *, paragraphs: Sequence[int] | None = None
) -> list[int]:
    """Return the indices of the ``n`` best sentences, in reading order.

    ``paragraphs`` is the paragraph number of each sentence (:meth:`Segmented.paragraphs`); without it
    every sentence counts as a paragraph. Sentences without a word and word-for-word repeats are never
    chosen, so there may be fewer than ``n``. Time and memory are linear in the words. Deterministic.
    """
    return sorted(best_first(sentences, n, title, paragraphs=paragraphs))


def best_first(
    sentences: Sequence[str],
    n: int,
    title: str = "",
    *,
    paragraphs: Sequence[int] | None = None,
    ranker: Ranker | None = None,
) -> list[int]:
    """Do as :func:`rank`, but the best sentence first; ``ranker`` replaces the shipped one."""
    if not sentences or n <= 0:
        return []
    numbers = range(len(sentences)) if paragraphs is None else paragraphs
    rows = features(sentences, title, numbers)
    scores = (ranker or shipped_ranker()).scores(rows)
    return list(islice(_distinct(sentences, scores), n))


def _distinct(sentences: Sequence[str], scores: Floats) -> Iterator[int]:
    """Yield best first, each sentence's score lowered as its words are already chosen.

    The share of them can only grow, so a score computed earlier is an upper bound, and it is enough to
    recompute the one at the top of the heap until it stays there (lazy greedy; Minoux 1978).
    """
    spoken = [tuple(words(sentence)) for sentence in sentences]
    # Backwards, so that of equal sentences the first stays.
    first = {text: index for index, text in reversed(list(enumerate(spoken))) if text}
    bags = {index: frozenset(text) for text, index in first.items()}
    heap = [(-float(scores[index]), index) for index in bags]
    heapq.heapify(heap)
    covered: set[str] = set()
    while heap:
        checkpoint()
        _, index = heapq.heappop(heap)
        bag = bags[index]
        # Negative, as heapq has the smallest on top.
        value = _REDUNDANCY * (len(bag & covered) / len(bag)) ** 3 - scores[index]
        # It has lost its place: others may be better now.
        if heap and (value, index) > heap[0]:
            heapq.heappush(heap, (value, index))
            continue
        covered |= bag
        yield index
