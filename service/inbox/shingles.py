"""How alike two articles are: their word triples (shingles), and sketches of them that find candidates.

A sketch is a MinHash signature (Broder, 1997) in bands (locality-sensitive hashing): two articles of whose
shingles the share ``s`` is common have a band in common with the probability ``1 - (1 - s**ROWS)**BANDS``,
which is 0.95 for a third. A candidate is then compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

_WORD = re.compile(r"\w+")
BANDS, ROWS = 26, 2
SIZE = 3
LEAST = 8
"""Shingles below which a text is too short to be compared."""
_PRIME = (1 << 61) - 1
_MOST = 4000
"""Shingles of one article; those of a longer one are its beginning's."""
# A fixed seed: sketches are kept in the database and compared with those of other runs.
_GENERATOR = np.random.default_rng(20261130)
_FACTORS = [int(n) for n in _GENERATOR.integers(1, _PRIME, BANDS * ROWS)]
_OFFSETS = [int(n) for n in _GENERATOR.integers(0, _PRIME, BANDS * ROWS)]
_MASK = np.uint64((1 << 32) - 1)


def words(text: str) -> list[str]:
    """Return the words and figures of ``text``, in lower case."""
    return _WORD.findall(text.lower())


def shingles(text: str) -> frozenset[int]:
    """Return the sums, 32 bits each, of the word triples of ``text``."""
    # So many words have _MOST triples.
    found = words(text)[: _MOST + SIZE - 1]
    triples = (" ".join(found[i : i + SIZE]) for i in range(len(found) - SIZE + 1))
    return frozenset(int.from_bytes(blake2b(t.encode(), digest_size=4).digest()) for t in triples)


def bands(found: frozenset[int]) -> list[int]:
    """Return the sketch of an article's shingles, a number a band; none for a text that is too short."""
    if len(found) < LEAST:
        return []
    values = np.fromiter(found, np.uint64, len(found))
    lowest = [_lowest(values, a, b) for a, b in zip(_FACTORS, _OFFSETS, strict=True)]
    rows = [lowest[i : i + ROWS] for i in range(0, BANDS * ROWS, ROWS)]
    # Halved: SQL's integers have 63 bits and a sign.
    return [int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest()) >> 1 for row in rows]


def alike(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of the shorter article's shingles that the other has too, from 0 to 1."""
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter >= LEAST else 0.0


def digest(texts: Iterable[str]) -> str:
    """Return a sum over the words of an article, whatever their case, marks and spaces."""
    return blake2b(" ".join(w for text in texts for w in words(text)).encode(), digest_size=16).hexdigest()


def _lowest(values: np.ndarray[tuple[int], np.dtype[np.uint64]], factor: int, offset: int) -> int:
    """Return the least value of one hash function, of the family ``a·x + b`` modulo 2**64, its high half."""
    with np.errstate(over="ignore"):
        # Wraps around at 2**64, as meant. An odd factor is one to one there, so no values fall together.
        mixed = values * np.uint64(factor | 1) + np.uint64(offset)
    return int((mixed >> np.uint64(32)).min() & _MASK)
