"""The numbers of an Indonesian and of an English sentence, read so that equal meanings are equal values.

``1.250,5`` and ``1,250.5``, ``pukul 19.30`` and ``7:30 p.m.``, ``Rp1,5 triliun`` and ``1.5 trillion``,
``ke-2``, ``II`` and ``second`` share a value. A value is a number, ``"19:30"`` for a time of day, ``"month 3"``,
``"day 1"`` (Monday), or ``"4-41-30"`` for digit groups that are no decimal number.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Value = float | str


class Number(NamedTuple):
    """A number as it is written and every value it can be read as.

    ``firm``: it has to have a counterpart; a loose one (``both``, ``second``) may be a number, and only answers.
    ``before`` and ``after`` are the lower-cased words beside it, where a unit stands.
    """

    text: str
    values: frozenset[Value]
    firm: bool
    before: str = ""
    after: str = ""


class _Span(NamedTuple):
    """A number and where it stands: tokens ``start`` to ``end``; ``scale`` is the product of its scale words."""

    number: Number
    start: int
    end: int
    scale: float


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes numbers; every word in lower case.

    ``units`` add up and ``scales`` multiply; ``denominators`` follow a count (``pertiga``, ``thirds``);
    ``loose`` words may be numbers; ``named`` are months and days; ``half`` says whether the hour at ``low[start:end]`` is ``"am"``, ``"pm"``, ``"clock"`` (a time
    without either) or ``""``.
    """

    decimal: str
    units: Mapping[str, float]
    scales: Mapping[str, float]
    denominators: Mapping[str, int]
    loose: Mapping[str, tuple[Value, ...]]
    named: Mapping[str, Value]
    half: Callable[[list[str], int, int, int], str]
    firm: frozenset[str] = field(init=False)
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        words = (*self.units, *self.scales, *self.denominators, *self.named, *_ROMAN)
        object.__setattr__(self, "firm", frozenset(words))
        object.__setattr__(self, "words", frozenset((*words, *self.loose, *_SIGNS)))


_TOKEN = re.compile(r"[a-zA-ZÀ-ɏ]+|[0-9]+(?:[.,:/][0-9]+)*|(?<![\w.])\.[0-9]+|[^\w\s]|[¼½¾²³]")
_DIGIT = re.compile(r"[0-9]")
_SEPARATOR = re.compile(r"[.,:]")
_NUMERALS = "ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv"
_ROMAN = {word: float(value) for value, word in enumerate(_NUMERALS.split(), start=2) if len(word) > 1}
_RANGE = frozenset("- – — ~ hingga sampai atau dan to or and".split())
_BEFORE_MAY = frozenset(
    "in last next this of early late mid until till since by between from and to on th st nd rd".split()
)
_BEFORE_UNIT = frozenset("- ° º degree degrees derajat square cubic sq suhu".split())
_HALVES = frozenset(("setengah", "half"))
_POINTS = frozenset(("koma", "point"))
_ASCII_DIGITS = frozenset("0123456789")
_TRIVIAL = frozenset((0.0, 1.0))
_POWERS = frozenset(("2", "3"))
_LETTER_SCALES = {"m": 1e6, "b": 1e9, "k": 1e3, "tn": 1e12}
_LENGTHS = frozenset(("km", "m", "cm", "mm", "mi", "ft"))
_SIGNS: dict[str, tuple[Value, ...]] = {
    "½": (0.5, 1.0, 2.0), "¼": (0.25, 1.0, 4.0), "¾": (0.75, 3.0, 4.0), "²": (2.0,), "³": (3.0,),
}  # fmt: skip


def present(text: str, words: Iterable[str], language: Language) -> bool:
    """Whether ``text``, whose lower-cased words are ``words``, can hold a firm number."""
    return _DIGIT.search(text) is not None or not language.firm.isdisjoint(words)


def numbers(text: str, language: Language) -> list[Number]:
    """Every number of ``text``, in order."""
    raw = _TOKEN.findall(html.unescape(text) if "&" in text else text)
    low = [token.lower() for token in raw]
    spans: list[_Span] = []
    end = 0
    for at, token in enumerate(low):
        if at >= end and (token in language.words or token[-1] in _ASCII_DIGITS):
            found = _at(raw, low, at, language)
            if found:
                spans.extend(found)
                end = found[-1].end
    return _share_scales(spans, low)


def _at(raw: list[str], low: list[str], at: int, language: Language) -> list[_Span]:
    token = low[at]
    end, values, firm, scale = at + 1, frozenset[Value](), True, 1.0
    if token[-1] in _ASCII_DIGITS:
        if at and token in _POWERS and low[at - 1] in _LENGTHS:
            return []
        if "/" in token:
            return [_Span(number, at, at + 1, 1.0) for number in _slashed(token)]
        end, values, scale = _digits(low, at, language)
    elif token in language.units or (token in language.scales and at and low[at - 1] == "a"):
        end, values, scale = _words(low, at, language)
        firm = values.isdisjoint(_TRIVIAL) and not (end == at + 1 and token in language.loose)
    elif token in language.named:
        values = frozenset((language.named[token],)) if raw[at][0].isupper() else values
        firm = raw[at] != "May" or _is_month(raw, at)
    elif token in _ROMAN and raw[at].isupper():
        values = frozenset((_ROMAN[token],))
    elif token in language.loose:
        values, firm = frozenset(language.loose[token]), False
    elif token in _SIGNS:
        values, firm = frozenset(_SIGNS[token]), False
    if not values:
        return []
    text = " ".join(raw[at:end])
    if all(isinstance(value, str) for value in values) and language.decimal == ".":
        text = f"{text} {language.half(low, at, end, 0)}".strip()
    number = Number(text, values, firm, low[at - 1] if at else "", _unit(low, end))
    return [_Span(number, at, end, scale)]


def _unit(low: list[str], end: int) -> str:
    """The word after a number: ``km`` of ``5-km``, ``miles`` of ``5 square miles``, ``c`` of ``5 °C``."""
    following = (token for token in low[end : end + 3] if token not in _BEFORE_UNIT)
    return next(following, "")


def _slashed(token: str) -> list[Number]:
    """``15/3/2024`` as its parts, each also a month where it can be one, and ``3/4`` also a fraction."""
    parts = [part for part in token.split("/") if part[0].isdigit()]
    found = []
    for part in parts:
        value = float(_SEPARATOR.sub("", part))
        values: set[Value] = {value}
        if value <= 12:
            values.add(f"month {value:.0f}")
        if len(parts) == 2 and parts[1].isdigit() and int(parts[1]) > 1 and parts[0].isdigit():
            values.add(round(int(parts[0]) / int(parts[1]), 4))
        found.append(Number(part, frozenset(values), True))
    return found


def _digits(low: list[str], at: int, language: Language) -> tuple[int, frozenset[Value], float]:
    """The number that starts with digits at ``at``: its end, its values and its scale."""
    values = _readings(low[at], language.decimal)
    end = at + 1
    if low[end : end + 1] == ["½"] or (
        low[end : end + 1] and low[end] in _HALVES and language.decimal == ","
    ):
        values = {value + 0.5 for value in values if not isinstance(value, str)}
        end += 1
    if low[end : end + 1] == ["s"] or low[end : end + 2] == ["-", "an"] or low[end : end + 1] == ["an"]:
        decades: set[Value] = {value + 1900 for value in values if not isinstance(value, str) and value < 100}
        return end, frozenset(values | decades), 1.0
    values |= _short_forms(low, at, end, values, language)
    scale = 1.0
    if low[end : end + 1] == ["+"] and _next(low, end) in language.scales:
        end += 1
    while end < len(low) and low[end] in language.scales:
        scale *= language.scales[low[end]]
        end += 1
    if scale == 1.0:
        times = _times(low, at, end, language)
        if times and language.half(low, at, end, 0) in ("am", "pm"):
            return end, frozenset(times), 1.0  # English half-day
        return end, frozenset(values | times), 1.0
    scaled: set[Value] = {round(value * scale, 4) for value in values if not isinstance(value, str)}
    return end, frozenset(scaled), scale


def _short_forms(low: list[str], at: int, end: int, values: set[Value], language: Language) -> set[Value]:
    """``£125m`` is 125 million too, and the 20 of ``2019-20`` is 2020."""
    if language.decimal == "." and end < len(low) and low[end] in _LETTER_SCALES:
        size = _LETTER_SCALES[low[end]]
        return {value * size for value in values if not isinstance(value, str)}
    if (
        at > 1
        and low[at - 1] in _RANGE
        and len(low[at]) == 2
        and len(low[at - 2]) == 4
        and low[at - 2].isdigit()
    ):
        return {float(low[at - 2][:2] + low[at])}
    return set()


def _readings(token: str, decimal: str) -> set[Value]:
    """What a run of digits and separators can mean where ``decimal`` is the decimal sign."""
    if token[0] == ".":
        token = f"0{token}"
    parts = _SEPARATOR.split(token)
    if len(parts) == 1:
        clock = len(token) == 4 and token[0] == "0"
        return {float(token), f"{int(token[:2])}:{token[2:]}"} if clock else {float(token)}
    signs = _SEPARATOR.findall(token)
    grouped = all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and parts[0] != "0"
    if ":" not in signs and len(set(signs[:-1])) <= 1:
        if len(signs) == 1:
            fraction = float(f"{parts[0]}.{parts[1]}")
            if not grouped:
                return {fraction}
            if signs[0] == decimal:
                # An Indonesian text may quote an English number; an English one has no such excuse.
                return {fraction, float(parts[0] + parts[1])} if decimal == "," else {fraction}
            return {float(parts[0] + parts[1])}
        if len(set(signs)) == 1 and grouped:
            return {float("".join(parts))}
        if signs[-1] != signs[0] and all(len(part) == 3 for part in parts[1:-1]):
            return {float("".join(parts[:-1]) + "." + parts[-1])}
    if len(parts) == 2 and len(parts[1]) == 1:
        return {float(parts[0]), float(parts[1])}
    return {"-".join(str(int(part)) for part in parts)}


def _times(low: list[str], start: int, end: int, language: Language) -> set[Value]:
    """The times of day that the digits at ``low[start:end]`` can be."""
    parts = _SEPARATOR.split(low[start].lstrip("."))
    hour, minute = int(parts[0]), parts[1] if len(parts) > 1 else "00"
    if len(parts) > 2 or hour > 24 or len(minute) != 2 or int(minute) > 59:
        return set()
    half = language.half(low, start, end, hour)
    if not half and len(parts) == 1:
        return set()
    early, late = f"{hour % 12}:{minute}", f"{hour % 12 + 12}:{minute}"
    if half == "am":
        return {early}
    if half == "pm":
        return {late}
    if language.decimal == "." and hour <= 12:
        return {early, late}
    return {f"{hour % 24}:{minute}"}


def _words(low: list[str], at: int, language: Language) -> tuple[int, frozenset[Value], float]:
    """The number that starts with a number word at ``at``: its end, its values and its scale."""
    total, group, last, scale, end = 0.0, 0.0, 0.0, 1.0, at
    if low[at] in language.scales:  # "a hundred"
        group = last = 1.0
    while end < len(low):
        token = low[end]
        if token in language.units and _fits(total + group, language.units[token]):
            last = language.units[token]
            group += last
        elif token in language.scales:
            size = language.scales[token]
            if token == "belas":
                group, last = group + 10, 0.0
            elif size < 1000:
                group, last = group - last + last * size, 0.0
            else:
                total, group, last, scale = (total + group * size) if group else total * size, 0.0, 0.0, size
        elif (part := _part(low, end, language)) is not None:
            group += part[1]
            end = part[0] - 1
        elif not (token == "and" and _goes_on(low, end, language)) and not (
            token == "-"
            and last >= 20
            and _next(low, end) in language.units
            and _fits(group, language.units[low[end + 1]])
        ):
            break
        end += 1
    value = total + group
    fraction, after = _fraction(low, end, value, language)
    if fraction:
        return after, fraction, 1.0
    if end == at + 1 and low[at] in language.denominators:  # "a fifth" or "the fifth"
        return end, frozenset((value, round(1 / value, 4))), 1.0
    return end, frozenset((round(value, 4),)), scale


def _fraction(low: list[str], end: int, value: float, language: Language) -> tuple[frozenset[Value], int]:
    """``value`` over the denominator at ``low[end]``, if there is one: ``pertiga``, ``per tiga``, ``-thirds``."""
    at = end + 1 if low[end : end + 1] == ["-"] else end
    word = _next(low, at - 1)
    divisor: float = language.denominators.get(word, 0)
    if word == "per" and language.units.get(_next(low, at), 0) > value:
        at, divisor = at + 1, language.units[low[at + 1]]
    return (frozenset((round(value / divisor, 4),)) if divisor else frozenset()), at + 1


def _part(low: list[str], at: int, language: Language) -> tuple[int, float] | None:
    """The fraction that goes on a number at ``at`` (``setengah``, ``and a half``, ``koma lima``): end, value."""
    token = low[at]
    if token in _POINTS and 0 < language.units.get(_next(low, at), 0) < 10:
        return at + 2, language.units[low[at + 1]] / 10
    if token == "setengah":
        return at + 1, 0.5
    for halves in (["and", "a", "half"], ["-", "and", "-", "a", "-", "half"]):
        if low[at : at + len(halves)] == halves:
            return at + len(halves), 0.5
    return None


def _goes_on(low: list[str], at: int, language: Language) -> bool:
    """Whether the ``and`` at ``at`` is inside a number: a hundred and five, not a million and two million."""
    before, after = language.scales.get(low[at - 1], 0.0), _next(low, at + 1)
    return before > 0 and _next(low, at) in language.units and language.scales.get(after, 0.0) < before


def _fits(value: float, unit: float) -> bool:
    """Whether ``unit`` can follow ``value`` in one number: after 20 comes 5, not 12 and not 30."""
    if not value:
        return True
    place = 1
    while value % (place * 10) == 0:
        place *= 10
    return unit < place


def _next(low: list[str], at: int) -> str:
    return low[at + 1] if at + 1 < len(low) else ""


def _is_month(raw: list[str], at: int) -> bool:
    """Whether the ``May`` at ``at`` is surely the month, not the verb or the surname."""
    before = raw[at - 1].lower() if at else ""
    return before[:1].isdigit() or before in _BEFORE_MAY or _next(raw, at)[:1].isdigit()


def _share_scales(spans: list[_Span], low: list[str]) -> list[Number]:
    """In ``10-11 million`` the ten is ten million too."""
    shared = [span.number for span in spans]
    for index in range(len(spans) - 1):
        first, second = spans[index], spans[index + 1]
        gap = low[first.end : second.start]
        if first.scale == 1.0 and second.scale > 1.0 and len(gap) == 1 and gap[0] in _RANGE:
            scaled = {value * second.scale for value in first.number.values if not isinstance(value, str)}
            shared[index] = first.number._replace(values=first.number.values | scaled)
    return shared


def _half_indonesian(low: list[str], start: int, end: int, hour: int) -> str:
    part = next((word for word in low[end : end + 3] if word in _DAY_PARTS), "")
    if part:
        first, past = _DAY_PARTS[part]
        if part == "malam" and hour == 12:
            return "am"
        return "pm" if first <= hour < past else "clock"
    said = start and low[start - 1] in ("pukul", "jam")
    return "clock" if said or _next(low, end - 1) in ("wib", "wita", "wit") else ""


def _half_english(low: list[str], start: int, end: int, hour: int) -> str:
    following = "".join(low[end : end + 3])
    if following.startswith(("am", "a.m")):
        return "am"
    if following.startswith(("pm", "p.m")):
        return "pm"
    return "clock" if following.startswith(("o'clock", "o’clock")) else ""


_DAY_PARTS = {
    "pagi": (99, 0), "subuh": (99, 0), "dini": (99, 0), "siang": (1, 5), "sore": (1, 12), "petang": (1, 12),
    "malam": (5, 12),
}  # fmt: skip
_ID_DIGITS = "nol satu dua tiga empat lima enam tujuh delapan sembilan".split()
_ID_UNITS = {word: float(value) for value, word in enumerate(_ID_DIGITS)} | {
    "sepuluh": 10.0, "sebelas": 11.0, "seratus": 100.0, "seribu": 1e3, "sejuta": 1e6, "semiliar": 1e9,
    "semilyar": 1e9, "setriliun": 1e12,
}  # fmt: skip
_ID_SCALES = {
    "belas": 11.0, "puluh": 10.0, "ratus": 100.0, "ribu": 1e3, "juta": 1e6, "miliar": 1e9, "milyar": 1e9,
    "triliun": 1e12, "trilyun": 1e12, "lusin": 12.0, "puluhan": 10.0,
}  # fmt: skip
_ID_ORDINALS = {f"ke{word}": value for word, value in _ID_UNITS.items() if 1 < value < 12}
_ID_JOINED = {
    word + tail: value + 10 if tail == "belas" else value * size
    for word, value in _ID_UNITS.items()
    for tail, size in (("belas", 0.0), ("puluh", 10.0), ("ratus", 100.0))
    if 1 < value < 10
}
_MONTHS_ID = "januari februari maret april mei juni juli agustus september oktober november desember".split()
_MONTHS_EN = "january february march april may june july august september october november december".split()
_DAYS_ID = "senin selasa rabu kamis jumat sabtu ahad".split()
_DAYS_EN = "monday tuesday wednesday thursday friday saturday sunday".split()


def _named(months: list[str], days: list[str]) -> dict[str, Value]:
    names: dict[str, Value] = {word: f"month {number}" for number, word in enumerate(months, 1)}
    names.update({word: f"day {number}" for number, word in enumerate(days, 1)})
    return names


def _abbreviated(months: str, others: str) -> dict[str, tuple[Value, ...]]:
    """Short month names; ``others`` are further spellings, known by their first three letters."""
    short: dict[str, tuple[Value, ...]] = {
        m: (f"month {n}",) for n, m in enumerate(months.split(), 1) if m not in ("mei", "may")
    }
    short.update({other: short[other[:3]] for other in others.split()})
    return short


INDONESIAN = Language(
    decimal=",",
    units=_ID_UNITS | _ID_ORDINALS | _ID_JOINED,
    scales=_ID_SCALES,
    denominators={f"per{word}": int(value) for word, value in _ID_UNITS.items() if 2 < value < 11},
    loose={
        "pertama": (1.0,), "sekali": (1.0,), "kesatu": (1.0,), "seorang": (1.0,), "sebuah": (1.0,), "seekor": (1.0,),
        "kedua": (2.0,), "keduanya": (2.0,), "berdua": (2.0,), "ganda": (2.0,), "kembar": (2.0,), "sepasang": (2.0,),
        "pasangan": (2.0,), "dobel": (2.0,), "duanya": (2.0,), "ketiganya": (3.0,), "bertiga": (3.0,),
        "keempatnya": (4.0,), "setengah": (0.5,), "separuh": (0.5,), "separo": (0.5,), "paruh": (0.5,),
        "sepertiga": (0.3333, 3.0), "seperempat": (0.25, 4.0), "seperlima": (0.2, 5.0), "sepersepuluh": (0.1, 10.0),
        "puluhan": (10.0, 20.0), "ratusan": (100.0,), "ribuan": (1e3,), "jutaan": (1e6,), "miliaran": (1e9,),
        "triliunan": (1e12,), "minggu": ("day 7",), "jum'at": ("day 5",), "balita": (5.0,), "setengahnya": (0.5,), "separuhnya": (0.5,), "sepertiganya": (0.3333, 3.0),
        "seperempatnya": (0.25, 4.0), "dasawarsa": (10.0,), "dekade": (10.0,), "abad": (100.0,), "selusin": (12.0,), "milenium": (1000.0,),
        **_abbreviated("jan feb mar apr mei jun jul agu sep okt nov des", "agust sept"),
    },
    named=_named(_MONTHS_ID, _DAYS_ID),
    half=_half_indonesian,
)  # fmt: skip

_EN_UNITS = {
    word: float(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen".split()
    )
}
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_ORDINALS = (
    "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth".split()
)
ENGLISH = Language(
    decimal=".",
    units=_EN_UNITS
    | {word: float(value) for value, word in zip(range(20, 100, 10), _EN_TENS, strict=True)}
    | {word: float(value) for value, word in enumerate(_EN_ORDINALS, 3)}
    | {word[:-1] + "ieth": float(value) for value, word in zip(range(20, 100, 10), _EN_TENS, strict=True)},
    scales={
        "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9, "mn": 1e6,
        "hundredth": 100.0, "thousandth": 1e3, "dozen": 12.0,
    },
    denominators={"quarters": 4, "quarter": 4}
    | {word + plural: value for value, word in enumerate(_EN_ORDINALS[:8], 3) for plural in ("", "s")},
    loose={
        "first": (1.0,), "once": (1.0,), "a": (1.0,), "an": (1.0,), "single": (1.0,), "1st": (1.0,),
        "second": (2.0,), "seconds": (2.0,), "both": (2.0,), "twice": (2.0,), "pair": (2.0,), "couple": (2.0,),
        "double": (2.0,), "doubles": (2.0,), "doubled": (2.0,), "twin": (2.0,), "twins": (2.0,), "dual": (2.0,),
        "either": (2.0,), "triple": (3.0,), "tripled": (3.0,), "thrice": (3.0,), "trio": (3.0,),
        "quadruple": (4.0,), "half": (0.5,), "halves": (0.5,), "quarter": (0.25, 4.0), "quarters": (0.25, 4.0),
        "decade": (10.0,), "century": (100.0,), "millennium": (1000.0,), "dozen": (12.0,), "fortnight": (2.0, 14.0),
        "noon": (12.0, "12:00"), "midnight": (0.0, 12.0, 24.0, "0:00"), "biweekly": (2.0,), "quadrupled": (4.0,), "triad": (3.0,), "augustus": ("month 8",),
        **{word[:-1] + "ies": (value, 1900 + value) for value, word in zip(range(20, 100, 10), _EN_TENS, strict=True)},
        **_abbreviated("jan feb mar apr may jun jul aug sep oct nov dec", "sept"),
    },
    named=_named(_MONTHS_EN, _DAYS_EN),
    half=_half_english,
)  # fmt: skip


def unmatched(here: list[Number], there: list[Number], source: str) -> tuple[list[Number], list[Number]]:
    """The firm numbers of an Indonesian side without an equal on the English side, and the reverse.

    A number that stands several times needs one equal. An English number word that ``source`` has too
    (``Six Flags``) is a name.
    """
    source_values = frozenset(value for number in here for value in number.values)
    target_values = frozenset(value for number in there for value in number.values)
    missing = [number for number in here if number.firm and number.values.isdisjoint(target_values)]
    added = [number for number in there if number.firm and number.values.isdisjoint(source_values)]
    return missing, [number for number in added if not (number.text.isalpha() and number.text in source)]
