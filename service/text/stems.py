"""Words without their affixes, to look up a word by its relatives.

Neither function knows a dictionary: the forms of :func:`bare` are guesses in an order of likelihood, of
which a caller takes the first that it knows.
"""

from __future__ import annotations

from collections.abc import Iterator

_CLITICS = ("nya", "lah", "kah", "pun", "ku", "mu")
_SUFFIXES = ("kan", "an", "i")
# Longer prefixes first. What a nasal prefix swallowed is put back: menyapu is sapu, memakai pakai.
_PREFIXES = (
    ("memper", ("",)), ("diper", ("",)), ("menge", ("",)), ("penge", ("",)), ("keber", ("",)),
    ("meny", ("s",)), ("peny", ("s",)), ("meng", ("", "k")), ("peng", ("", "k")), ("mem", ("", "p")),
    ("pem", ("", "p")), ("men", ("", "t")), ("pen", ("", "t")), ("ber", ("",)), ("ter", ("",)),
    ("per", ("",)), ("bel", ("",)), ("pel", ("",)), ("di", ("",)), ("ke", ("",)), ("se", ("",)),
    ("me", ("",)), ("pe", ("",)), ("be", ("",)), ("te", ("",)),
)  # fmt: skip
_SHORTEST = 3
_VOWELS = frozenset("aeiou")


def bare(word: str) -> Iterator[str]:
    """Yield the forms that a lower-case Indonesian word may be derived from, likeliest first."""
    plain = [word, *(word.removesuffix(c) for c in _CLITICS if _holds(word, c))]
    yield from plain[1:]
    for form in plain:
        stripped = [form, *(form.removesuffix(s) for s in _SUFFIXES if _holds(form, s))]
        yield from _without_prefix(form)
        for shorter in stripped[1:]:
            yield shorter
            yield from _without_prefix(shorter)


def _holds(word: str, suffix: str) -> bool:
    return word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST


def _without_prefix(word: str) -> Iterator[str]:
    for prefix, swallowed in _PREFIXES:
        rest = word[len(prefix) :]
        if word.startswith(prefix) and rest:
            # Only before a vowel has a nasal swallowed anything.
            forms = (first + rest for first in swallowed if not first or rest[0] in _VOWELS)
            yield from (form for form in forms if len(form) >= _SHORTEST)


def english_stem(word: str) -> str:
    """Return a lower-case English word without the endings of number, tense and adverbs."""
    if len(word) < _SHORTEST + 1:
        return word
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("sses", "ss"),
        ("ss", "ss"),
        ("us", "us"),
        ("s", ""),
    ):
        if word.endswith(ending):
            word = word.removesuffix(ending) + instead
            break
    for ending in ("ing", "edly", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST and not _VOWELS.isdisjoint(rest):
            double = len(rest) > _SHORTEST and rest[-1] == rest[-2] and rest[-1] not in "lsz"
            word = rest[:-1] if double else rest
            break
    if len(word) > _SHORTEST and word.endswith("e"):
        return word[:-1]
    return word
