"""Names and negations of a sentence, in forms that compare within one language.

Numbers and months are read by :mod:`service.text.numbers`, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.text.words import listed

_CURRENCIES = frozenset(["Rp", "US", "USD", "IDR"])
_TOKEN = re.compile(
    r"""(?:Rp|US|USD|IDR)(?=\d)            # a currency written against its amount
      | \d++(?>(?:[.,:]\d+)*)(?![A-Z])      # but 4K and 3D are words
      | [^\W_]+(?:[-'’](?=[^\W\d_])[^\W_]+)*  # but the number of ke-12 stands alone
      | [^\w\s]""",
    re.VERBOSE,
)
_LETTERS = re.compile(r"[^\W\d_]+")
# Not no and nor: they negate a whole clause, and the word after them is as a rule not what is denied.
_NEGATORS = listed(
    """
    tidak tak bukan bukanlah belum tanpa jangan tiada enggak nggak gak ndak
    not never without cannot don't doesn't didn't isn't aren't wasn't weren't won't wouldn't
    can't couldn't shouldn't hasn't haven't hadn't
    """
)
_FILLERS = listed(
    """
    akan bisa dapat pernah lagi sedang boleh mau ingin harus perlu hanya cuma yang ada untuk
    be been being have has had yet any a an the to of it is was were are do does did
    """
)
_ENDERS = frozenset('.!?:;"“”‘()')
_STOPS = _ENDERS | {","}
_LONGEST = 20
_PASSED = frozenset(["dan", "di", "ke", "dari", "and", "of", "the", "for"])


def names(text: str) -> Iterator[str]:
    """Yield capitalised words, in order; of the first in a sentence or quotation, only acronyms."""
    before = "."
    for token in _TOKEN.findall(text):
        # The first word of a sentence has a capital anyhow; that of an acronym tells something even there.
        acronym = len(token) > 1 and token.isupper()
        if token[0].isupper() and token not in _CURRENCIES and (acronym or before not in _ENDERS):
            yield token
        before = token


def abbreviates(name: str, text: str) -> bool:
    """Return whether ``name`` is made of the beginnings of neighbouring words of ``text``.

    *KPK* of one letter or more of capitalised words, *Jateng* of two or more of any; *dan*, *di* and
    their like may be passed over. Longer than ``_LONGEST`` letters is no abbreviation.
    """
    short, acronym = name.lower(), name.isupper()
    least = 1 if acronym else 2
    reached: set[int] = set()
    for word in _LETTERS.findall(text) if len(short) <= _LONGEST else ():
        low = word.lower()
        if low in _PASSED:
            continue
        usable = not acronym or word[0].isupper()
        # Each word may begin the name, or go on from wherever those before it came to.
        spans = [(start, size) for start in {0, *reached} for size in range(least, len(short) - start + 1)]
        reached = {
            start + size for start, size in spans if usable and low.startswith(short[start : start + size])
        }
        if len(short) in reached:
            return True
    return False


def polarity(text: str, reach: int = 1) -> tuple[set[str], set[str]]:
    """Return the words that a negation reaches (the next ``reach``, fillers passed over), and all the
    others.
    """
    negated: set[str] = set()
    plain: set[str] = set()
    left = 0
    # So that "don’t" is found among the negations.
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        if token in _NEGATORS:
            left = reach
        elif not token[0].isalnum():
            # A negation does not reach over a comma or the end of a sentence, but over a hyphen or a percent
            # sign.
            left = 0 if token in _STOPS else left
        # In "tidak akan naik" it is *naik* that is denied.
        elif not (left and token in _FILLERS):
            (negated if left else plain).add(token)
            left = max(0, left - 1)
    return negated, plain
