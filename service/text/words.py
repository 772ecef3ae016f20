"""The words of a sentence, as every check of the guard sees them, and lists of words."""

from __future__ import annotations

import re
from itertools import pairwise
from operator import eq
from typing import NamedTuple


class Words(NamedTuple):
    """The words of one side in lower case: in order, and as a set. Digits are no words; ``don't`` is one."""

    low: list[str]
    distinct: frozenset[str]


_WORD = re.compile(r"[a-zà-ɏ]++(?>(?:['’]t)?)")
# Letters in lower case, and a space for every other byte.
_SPACED = bytes(ord(sign.lower()) if sign.isalpha() else 32 for sign in map(chr, range(128))).ljust(256)


def words(text: str) -> Words:
    """Return the words of ``text``."""
    if text.isascii() and "'t" not in text and "'T" not in text:
        low = text.encode().translate(_SPACED).decode().split()  # what the pattern finds, sooner
    else:
        low = _WORD.findall(text.lower())
    return Words(low, frozenset(low))


def has_digit(text: str) -> bool:
    """Return whether ``text`` holds one of the digits 0 to 9."""
    return any(map(text.__contains__, "1203456789"))


def says_twice(low: list[str]) -> bool:
    """Return whether a word follows itself, or two words in a row stand twice: else no phrase is repeated."""
    if any(map(eq, low, low[1:])):
        return True
    pairs = list(pairwise(low))
    return len(set(pairs)) < len(pairs)


def follows_itself(low: list[str], longest: int) -> bool:
    """Return whether a phrase of up to ``longest`` words may follow itself at once: False is sure.

    At the end of its second time, as many words as it has came shortly before.
    """
    last: dict[str, int] = {}
    run = 0
    for at, word in enumerate(low):
        gap = at - last.get(word, -longest - 1)
        last[word] = at
        if gap > longest:
            run = 0
            continue
        run += 1
        if run >= gap:
            return True
    return False


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one string."""
    return frozenset(text.split())
