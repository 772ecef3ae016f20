"""The words of a sentence, as every check of the guard sees them, and lists of words."""

from __future__ import annotations

import re
from typing import NamedTuple


class Words(NamedTuple):
    """The words of one side in lower case: in order, and as a set. Digits are no words; ``don't`` is one."""

    low: list[str]
    distinct: frozenset[str]


_WORD = re.compile(r"[a-zà-ɏ]++(?:['’]t)?+")


def words(text: str) -> Words:
    """Return the words of ``text``."""
    low = _WORD.findall(text.lower())
    return Words(low, frozenset(low))


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one string."""
    return frozenset(text.split())
