"""Numbers, names and negations of a sentence, in forms that compare within one language.

:func:`numbers` is one seam: a comparison across languages can take its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from service.text.words import listed

_CURRENCIES = frozenset(["Rp", "US", "USD", "IDR"])
_TOKEN = re.compile(
    r"""(?:Rp|US|USD|IDR)(?=\d)            # a currency written against its amount
      | \d++(?:[.,:]\d+)*+(?![A-Z])      # but 4K and 3D are words
      | [^\W_]+(?:[-'’](?=[^\W\d_])[^\W_]+)*  # but the number of ke-12 stands alone
      | [^\w\s]""",
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"[.,:]")
_DATE = re.compile(r"\b\d{1,2}/(\d{1,2})\b")
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CARDINALS = (
    ("nol", "zero"),
    ("satu", "one"),
    ("dua", "two"),
    ("tiga", "three"),
    ("empat", "four"),
    ("lima", "five"),
    ("enam", "six"),
    ("tujuh", "seven"),
    ("delapan", "eight"),
    ("sembilan", "nine"),
    ("sepuluh", "ten"),
    ("sebelas", "eleven"),
)
_UNITS = {word: Decimal(value) for value, names in enumerate(_CARDINALS) for word in names}
_SCALES = {
    **dict.fromkeys(("ribu", "thousand"), Decimal(10**3)),
    **dict.fromkeys(("juta", "million"), Decimal(10**6)),
    **dict.fromkeys(("miliar", "milyar", "billion"), Decimal(10**9)),
    **dict.fromkeys(("triliun", "trillion"), Decimal(10**12)),
}
_MONTHS = (
    ("januari", "january", "jan"),
    ("februari", "february", "feb"),
    ("maret", "march", "mar"),
    ("april", "apr"),
    ("mei", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("agustus", "august", "aug", "agu"),
    ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nopember", "nov"),
    ("desember", "december", "des", "dec"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
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


def numbers(text: str) -> dict[Decimal, str]:
    """Return the value of each number written in digits, and of small number words, with its spelling.

    ``46,8 miliar`` is one number. A single separator followed by three digits groups thousands; any
    other is decimal, so ``1.250`` is 1250 and ``22.30`` and ``22:30`` are both 22.3.
    """
    tokens = _TOKEN.findall(text)
    found: dict[Decimal, str] = {}
    for index, token in enumerate(tokens):
        value = _value(token) if _NUMBER.fullmatch(token) else _UNITS.get(token.lower())
        if value is None:
            continue
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        scale = _SCALES.get(after.lower())
        found[value * scale if scale else value] = f"{token} {after}" if scale else token
    return found


def _value(token: str) -> Decimal:
    groups = _SEPARATOR.split(token)
    marks = _SEPARATOR.findall(token)
    if not marks:
        return Decimal(token)
    grouped = len(groups[-1]) == 3 and groups[0] != "0" if len(marks) == 1 else marks[-1] == marks[0]
    return Decimal("".join(groups) if grouped else "".join(groups[:-1]) + "." + groups[-1])


def digits(text: str) -> dict[Decimal, str]:
    """Do as :func:`numbers`, those written in digits only: a number word is often no count (*salah
    satu*).
    """
    return {value: spelling for value, spelling in numbers(text).items() if spelling[0].isdecimal()}


def months(text: str) -> set[int]:
    """Return the months, 1 to 12, that a text names or writes as the second part of a date
    (``24/7/2018``).
    """
    named = {_MONTH[token.lower()] for token in _TOKEN.findall(text) if token.lower() in _MONTH}
    return named | {int(month) for month in _DATE.findall(text)}


def month(word: str) -> int | None:
    """Return the month a word names."""
    return _MONTH.get(word.lower())


def names(text: str) -> Iterator[str]:
    """Yield capitalised words, in order; of the first in a sentence or quotation, only acronyms."""
    before = "."
    for token in _TOKEN.findall(text):
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
    for token in _TOKEN.findall(text.lower().replace("’", "'")):
        if token in _NEGATORS:
            left = reach
        elif not token[0].isalnum():
            left = 0 if token in _STOPS else left
        elif not (left and token in _FILLERS):
            (negated if left else plain).add(token)
            left = max(0, left - 1)
    return negated, plain
