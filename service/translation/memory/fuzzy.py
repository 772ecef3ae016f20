"""One's own translations of nearly the same sentence: candidates by rare words, compared by letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from service.document import Suggestion

CANDIDATES = 500
"""Sentences that are compared letter by letter."""
SHOWN = 3
"""Suggestions for a sentence."""
NEARLY = 0.99
"""The similarity of what is the same but for case."""

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 5000
_COUNTED = 10
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("‐‑–—", "-"),
        "…": "...",
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    }
)


def normal(source: str) -> str:
    """Return what makes two sources one: composed letters, plain quotes and dashes, single spaces; case
    stays."""
    return " ".join(unicodedata.normalize("NFC", source).translate(_ALIKE).split())


def folded(source: str) -> str:
    """Return ``source`` as it is compared."""
    return normal(source).casefold()


def words(source: str) -> list[str]:
    """Return the words of a source, each once."""
    return list(dict.fromkeys(_WORD.findall(folded(source))))


def telling(wanted: Sequence[str]) -> list[str]:
    """Return the longest words: to count what is everywhere takes longest, and short words are."""
    return sorted(wanted, key=len, reverse=True)[:_COUNTED]


def rarest(wanted: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    """Return the words that find most with fewest candidates: the rarest, until these are enough."""
    known = sorted((counts[word], word) for word in wanted if counts.get(word))
    chosen, total = list[str](), 0
    for count, word in known:
        # At least one, however common it is.
        if chosen and total + count > CANDIDATES:
            break
        chosen.append(word)
        total += count
    return chosen


def nearest(source: str, pairs: Sequence[tuple[str, str]], least: float) -> tuple[Suggestion, ...]:
    """Return the best of (source, target), by the share of letters that need no edit; none beside an exact
    one."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import extract

    exact = normal(source)
    query = exact.casefold()
    # Texts of other lengths cannot be alike enough; a quarter more, for what is folded away.
    close = [
        (normal(own), own, target)
        for own, target in pairs
        if min(len(own), len(query)) * 1.25 >= max(len(own), len(query)) * least
    ]
    if not close or len(query) > _LONGEST or any(own == exact for own, _, _ in close):
        return ()
    found = extract(
        query,
        [own.casefold() for own, _, _ in close],
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=least,  # lets the library stop early
        limit=SHOWN,
    )
    return tuple(Suggestion(*close[index][1:], round(min(score, NEARLY), 3)) for _, score, index in found)
