"""How much of a batch is committed to its journal at once: a unit of durability, not of batching.

A commit is what a crash can cost and what is redone after it. The engine's batches are filled inside a
commit, so that one of a hundred sentences and more has full ones; see docs/batching.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

FIRST, SMALLEST, LARGEST = 4, 16, 2048
"""Sentences in a commit; the first have few, so that it is soon said how fast the work is."""
QUICK, SLOW = 5.0, 20.0
"""A commit that took fewer seconds is followed by a larger one, one that took more by a smaller one."""

T = TypeVar("T")


class CommitSize:
    """How many sentences the next commit is to have."""

    def __init__(self, now: int = FIRST) -> None:
        self.now = now

    def took(self, seconds: float) -> None:
        """Learn from a commit's time."""
        # By 4 while far from it, so that few commits are small ones.
        factor = 4 if seconds < QUICK / 4 else 2 if seconds < QUICK else 1 / 2 if seconds > SLOW else 1
        self.now = min(max(int(self.now * factor), SMALLEST), LARGEST)


def commits(items: Iterator[T], size: CommitSize, sentences: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield whole items in groups of about ``size`` sentences; ``sentences`` counts those of an item."""
    group, count = list[T](), 0
    for item in items:
        group.append(item)
        count += sentences(item)
        if count >= size.now:
            yield group
            group, count = [], 0
    if group:
        yield group
