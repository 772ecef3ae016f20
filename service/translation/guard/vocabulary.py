"""Lists of words, which say whether a word is a name: English, Indonesian and places."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from service.text.stems import bare

Gender = Literal["f", "m"]

_REMEMBERED = 20_000
"""Answers kept: most words of a text come again."""
_BRITISH = (("our", "or"), ("is", "iz"), ("re", "er"), ("ll", "l"))
_ENDINGS = (
    "s",
    "es",
    "ed",
    "d",
    "ing",
    "ly",
    "er",
    "ers",
    "ness",
    "al",
    "ist",
    "ists",
    "able",
    "ment",
    "ism",
)
_PRESENT = ("s", "es", "ing")
_BEGINNINGS = (
    "un",
    "re",
    "non",
    "anti",
    "over",
    "under",
    "mis",
    "pre",
    "inter",
    "co",
    "de",
    "dis",
    "out",
    "self",
)


def _listed(name: str) -> frozenset[str]:
    return frozenset((files("prompts") / "lexicon" / name).read_text("utf-8").split())


@cache
def places() -> frozenset[str]:
    """Return the words of names of Indonesian places and of cities of its news, in small letters."""
    return _listed("places.txt")


@cache
def joined_places() -> frozenset[tuple[str, str]]:
    """Return the neighbours in names of places of several words, in small letters: *jawa*, *barat*."""
    rows = (files("prompts") / "lexicon" / "places.tsv").read_text("utf-8").split("\n")[1:]
    names = [row.partition("\t")[0].split() for row in rows]
    return frozenset(pair for name in names if name and name[0] != "di" for pair in pairwise(name))


@cache
def english() -> frozenset[str]:
    """Return the common English words, in small letters."""
    return _listed("english.txt")


@cache
def indonesian() -> frozenset[str]:
    """Return the common Indonesian words, in small letters."""
    return _listed("indonesian.txt")


@cache
def given_names() -> Mapping[str, tuple[Gender, bool]]:
    """Return names in small letters, whose they are, and whether only as the first word of a name."""
    text = (files("prompts") / "lexicon" / "given-names.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.rstrip("\n").split("\n")[1:])
    return {name: ("f" if gender == "f" else "m", place == "first") for name, gender, place in rows}


@cache
def written_small() -> frozenset[str]:
    """Return rarer words that Indonesian news writes with a small letter, in small letters."""
    return _listed("small.txt")


def _is_inflected(stem: str, ending: str) -> bool:
    known = english()
    if stem in known or f"{stem}e" in known or (stem[-2:-1] == stem[-1:] and stem[:-1] in known):
        return True
    # Of some verbs the list has the past alone: "submerged".
    return ending in _PRESENT and (f"{stem}ed" in known or f"{stem}d" in known)


@lru_cache(_REMEMBERED)
def is_english(low: str) -> bool:
    """Return whether a word in small letters is English: listed, or a listed one with affixes."""
    known = english()
    # The list has some words in the plural alone: "diplomats". Not so "basi", stale, because of "basis".
    if low in known or (f"{low}s" in known and not low.endswith(("s", "i"))):
        return True
    # Affixes make English words of common Indonesian ones: "desa" of "sa", "paling" of "pale".
    if low in indonesian():
        return False
    if any(low.endswith(ending) and _is_inflected(low.removesuffix(ending), ending) for ending in _ENDINGS):
        return True
    if any(ours in low and low.replace(ours, theirs) in known for ours, theirs in _BRITISH):
        return True
    if low.endswith(("ies", "ied")) and f"{low[:-3]}y" in known:
        return True
    return any(low.startswith(first) and low[len(first) :] in known for first in _BEGINNINGS)


_AFFIXES = re.compile(
    r"(?>(?:meng|meny|mem|men|me|peng|peny|pem|pen|per|pe|ber|ter|di|ke|se)?)(\w{3,30}?)(?:kan|an|i)?(?:nya|lah|kah|pun)?"
)


@lru_cache(_REMEMBERED)
def is_indonesian(low: str) -> bool:
    """Return whether a word in small letters is a common Indonesian one, listed or with affixes."""
    known = indonesian()
    if low in known:
        return True
    found = _AFFIXES.fullmatch(low)
    return found is not None and len(low) > 5 and any(stem in known for stem in _stems(low, found[1]))


@cache
def bare_verbs() -> frozenset[str]:
    """Return verbs without their prefix, as headlines have them, in small letters: *curi* for *mencuri*.

    What people are called as well is none.
    """
    verbs = (word for word in indonesian() | written_small() if word.startswith(("me", "di", "ter", "ber")))
    return frozenset(form for verb in verbs for form in bare(verb) if len(form) > 3) - given_names().keys()


def _stems(low: str, stem: str) -> Iterator[str]:
    """Yield what a word may be derived from."""
    yield stem
    for ending in ("nya", "lah", "kan", "an", "i"):
        yield stem.removesuffix(ending)
        yield low.removesuffix(ending)
    if low.startswith(("men", "pen")):
        yield f"t{stem}"
    elif low.startswith(("mem", "pem")):
        yield f"p{stem}"


@cache
def _letters() -> tuple[dict[str, float], dict[str, float]]:
    """Return the log-frequency of the groups of three letters in the words of each language."""
    return _trigrams(indonesian()), _trigrams(english())


def _trigrams(words: frozenset[str]) -> dict[str, float]:
    counts = Counter(group for word in words for group in _groups(word))
    total = sum(counts.values())
    return {group: math.log(count / total) for group, count in counts.items()}


def _groups(word: str) -> list[str]:
    padded = f"^{word}$"
    return [padded[at : at + 3] for at in range(len(padded) - 2)]


_UNSEEN = math.log(1e-6)
_SURE = 0.0
"""By how much, a group of letters on average, a word has to look more like the one language."""


@lru_cache(_REMEMBERED)
def looks_indonesian(low: str) -> bool:
    """Return whether the letters of a word that no list has are those of Indonesian rather than English."""
    ours, theirs = _letters()
    groups = _groups(low)
    lead = sum(ours.get(group, _UNSEEN) - theirs.get(group, _UNSEEN) for group in groups)
    return lead > _SURE * len(groups)
