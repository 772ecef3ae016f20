"""The numbers of an Indonesian and of an English sentence, read so that equal meanings are equal values.

``1.250,5`` and ``1,250.5``, ``pukul 19.30`` and ``7:30 p.m.``, ``Rp1,5 triliun`` and ``1.5
trillion``, ``ke-2``, ``II`` and ``second`` share a value. A value is a number, or a :class:`Label`: a time
of day, a month, a day of the week, or digits that are no decimal number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

from service.text.words import Words, has_digit, listed


class Label(NamedTuple):
    """What is no quantity: it is equal to itself, and nothing can be computed with it.

    ``kind`` is ``time`` (``19:30``), ``month`` (1 to 12), ``day`` (1 is Monday) or ``digits`` (``4-41-30``).
    """

    kind: Literal["time", "month", "day", "digits"]
    text: str


Value = float | Label


class Number(NamedTuple):
    """A number as it is written and every value it can be read as.

    ``firm``: it has to have a counterpart; a loose one (``both``, ``second``) may be a number, and only
    answers. ``before`` and ``after`` are the lower-cased words beside it, where a unit stands.
    """

    text: str
    values: frozenset[Value]
    firm: bool
    before: str = ""
    after: str = ""


class _Reading(NamedTuple):
    """What the words up to the token ``end`` can mean; the rest as in :class:`Number` and :class:`_Span`."""

    end: int
    values: frozenset[Value]
    firm: bool = True
    scale: float = 1.0


class _Span(NamedTuple):
    """A number, the tokens ``start`` to ``end`` it stands at, and the product of its scale words."""

    number: Number
    start: int
    end: int
    scale: float


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes numbers; every word in lower case.

    ``units`` add up and ``scales`` multiply; ``denominators`` follow a count (``pertiga``, ``thirds``);
    ``loose`` words may be numbers, and ``alone`` are those of them that begin nothing longer; a word of
    ``continuing`` goes on with a number in digits; ``named`` are months and days; ``half`` says of the words,
    the start and the end of a number and its hour whether it is ``"am"``, ``"pm"``, ``"clock"`` (a time
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
    continuing: frozenset[str] = field(init=False)
    alone: Mapping[str, frozenset[Value]] = field(init=False)

    def __post_init__(self) -> None:
        words = (*self.units, *self.scales, *self.denominators, *self.named, *_ROMAN)
        object.__setattr__(self, "firm", frozenset(words))
        object.__setattr__(self, "words", frozenset((*words, *self.loose, *_SIGNS)))
        continuing = frozenset((*self.scales, *_HALVES, *_LETTER_SCALES, *_RUPIAH_SCALES, *_AFTER_DIGITS))
        object.__setattr__(self, "continuing", continuing)
        longer = {*self.units, *self.scales, *self.named, *_ROMAN, *_HALVES}
        alone = {
            word: frozenset(values)
            for word, values in self.loose.items()
            if word not in longer and not all(isinstance(value, Label) for value in values)
        }
        object.__setattr__(self, "alone", alone)


_REMEMBERED = 5_000
"""Answers kept: years, days and round numbers come again and again."""
# The comma between two sets, "6-4,7-5".
_BETWEEN_SETS = r"(?:(?<=-\d)|(?<=-\d\d)),\d\d?-\d"
# Letters; digits with signs between them ("1.250,5", "19:30", "7/8"); ".5"; any other sign by itself.
_TOKEN = re.compile(
    rf"[a-zA-ZÀ-ɏ]++|[0-9]++(?>(?:(?!{_BETWEEN_SETS})[.,:/][0-9]++)*)|\.(?<![\w.]\.)[0-9]++|[^\w\s]|[¼½¾²³]"
)
_SEPARATOR = re.compile(r"[.,:]")
_NUMERALS = "ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv"
# From two letters on: a single I, V or X is as often a letter.
_ROMAN = {word: float(value) for value, word in enumerate(_NUMERALS.split(), start=2) if len(word) > 1}
_RANGE = listed("- – — ~ hingga sampai atau dan to or and")
_BEFORE_MAY = listed(
    "in last next this of early late mid until till since by between from and to on th st nd rd"
)
_BEFORE_UNIT = listed("- ° º degree degrees derajat square cubic sq suhu")
_HALVES = listed("setengah half")
_AFTER_DIGITS = listed("½ s an - +")
_POINTS = listed("koma point")
_ASCII_DIGITS = frozenset("0123456789")
_TRIVIAL = frozenset((0.0, 1.0))
_POWERS = frozenset(("2", "3"))
# "£125m", "$5k"; read only in English.
_LETTER_SCALES = {"m": 1e6, "b": 1e9, "k": 1e3, "tn": 1e12}
# "Rp3 M", "Rp 500 jt"; read only in Indonesian, behind the currency.
_RUPIAH_SCALES = {"m": 1e9, "t": 1e12, "jt": 1e6, "rb": 1e3}
_LENGTHS = listed("km m cm mm mi ft")
# A fraction sign may come out as its digits, "1/4", and a power as a digit.
_SIGNS: dict[str, tuple[Value, ...]] = {
    "½": (0.5, 1.0, 2.0),
    "¼": (0.25, 1.0, 4.0),
    "¾": (0.75, 3.0, 4.0),
    "²": (2.0,),
    "³": (3.0,),
}


def present(text: str, words: Words, language: Language) -> bool:
    """Return whether ``text`` can hold a firm number; ``words`` are its words."""
    return has_digit(text) or not language.firm.isdisjoint(words.distinct)


class Placed(NamedTuple):
    """A number and the characters of the text that it takes, ``start`` to ``end``."""

    number: Number
    start: int
    end: int


def numbers(text: str, language: Language) -> list[Number]:
    """Return every number of ``text``, in order."""
    raw = _TOKEN.findall(text)
    low = "\n".join(raw).lower().split("\n") if raw else []
    return _share_scales(_spans(raw, low, language), low)


def placed(text: str, language: Language) -> list[Placed]:
    """Return every number of ``text`` as :func:`numbers` gives it, with its place; the parts of a date share
    one.
    """
    tokens = list(_TOKEN.finditer(text))
    raw = [token[0] for token in tokens]
    low = [word.lower() for word in raw]
    spans = _spans(raw, low, language)
    return [
        Placed(number, tokens[span.start].start(), tokens[span.end - 1].end())
        for number, span in zip(_share_scales(spans, low), spans, strict=True)
    ]


def _spans(raw: list[str], low: list[str], language: Language) -> list[_Span]:
    """Return the numbers among the tokens ``raw``, of which ``low`` is the lower case."""
    spans: list[_Span] = []
    end = 0
    known = language.words
    for at in [at for at, word in enumerate(low) if word in known or word[-1] in _ASCII_DIGITS]:
        # What an earlier number took is not read again.
        if at < end:
            continue
        loose = language.alone.get(low[at])
        values = loose or _plain(low, at, language)
        if values:
            end = at + 1
            number = Number(raw[at], values, not loose, low[at - 1] if at else "", _unit(low, end))
            spans.append(_Span(number, at, end, 1.0))
        else:
            found = _at(raw, low, at, language)
            if found:
                spans.extend(found)
                end = found[-1].end
    return spans


def _plain(low: list[str], at: int, language: Language) -> frozenset[Value] | None:
    """Return what digits at ``at`` mean that no word beside them changes; None for what has to be read
    whole."""
    values = _by_itself(low[at], language.decimal)
    if not values or (at + 1 < len(low) and low[at + 1] in language.continuing):
        return None
    if at and (low[at - 1] in _RANGE or low[at - 1] in _LENGTHS):
        return None
    hour, minute = _clock(low[at])
    return None if minute and language.half(low, at, at + 1, hour) else values


@lru_cache(_REMEMBERED)
def _by_itself(digits: str, decimal: str) -> frozenset[Value]:
    """Return what a word in digits can mean; nothing for another word, a date, or what can be a time."""
    if digits[-1] not in _ASCII_DIGITS or "/" in digits or (len(digits) > 2 and _clock(digits)[1]):
        return frozenset()
    values = _readings(digits, decimal)
    return frozenset() if all(isinstance(value, Label) for value in values) else values


def _at(raw: list[str], low: list[str], at: int, language: Language) -> list[_Span]:
    """Return the numbers that start at ``at``: one or none, or the parts of a date with slashes."""
    if "/" in low[at] and len(low[at]) > 1:
        return [_Span(number, at, at + 1, 1.0) for number in _slashed(low[at])]
    found = _read(raw, low, at, language)
    if not found:
        return []
    end, values, firm, scale = found
    text = " ".join(raw[at:end])
    # An English time is shown with its half of the day.
    if language.decimal == "." and all(isinstance(value, Label) for value in values):
        text = f"{text} {language.half(low, at, end, 0)}".strip()
    number = Number(text, values, firm, low[at - 1] if at else "", _unit(low, end))
    return [_Span(number, at, end, scale)]


def _read(raw: list[str], low: list[str], at: int, language: Language) -> _Reading | None:
    """Return what starts at ``at``, by the first reader that knows it."""
    word = low[at]
    if word[-1] in _ASCII_DIGITS:
        # "km2": a square, not the number 2.
        is_power = at and word in _POWERS and low[at - 1] in _LENGTHS
        return None if is_power else _digits(low, at, language)
    # "a hundred"; "hundred" alone is no number.
    if word in language.units or (word in language.scales and at and low[at - 1] == "a"):
        return _spelled(low, at, language)
    return (
        _calendar(raw, low, at, language)
        or _roman(raw, low, at)
        or _half_of(low, at, language)
        or _loose(word, at, language)
    )


def _spelled(low: list[str], at: int, language: Language) -> _Reading:
    """Read number words; nothing and one are firm only with more words, and so is a word that is loose."""
    end, values, scale = _words(low, at, language)
    firm = values.isdisjoint(_TRIVIAL) and not (end == at + 1 and low[at] in language.loose)
    return _Reading(end, values, firm, scale)


def _calendar(raw: list[str], low: list[str], at: int, language: Language) -> _Reading | None:
    """Return the name of a month or a day, which has a capital letter."""
    named = language.named.get(low[at])
    if named is None or not raw[at][0].isupper():
        return None
    return _Reading(at + 1, frozenset((named,)), raw[at] != "May" or _is_month(raw, at))


def _roman(raw: list[str], low: list[str], at: int) -> _Reading | None:
    """Return a Roman numeral, in capital letters."""
    value = _ROMAN.get(low[at])
    return _Reading(at + 1, frozenset((value,))) if value and raw[at].isupper() else None


def _loose(word: str, at: int, language: Language) -> _Reading | None:
    """Return a word or a sign that may be a number."""
    values = language.loose.get(word) or _SIGNS.get(word)
    return _Reading(at + 1, frozenset(values), firm=False) if values else None


def _half_of(low: list[str], at: int, language: Language) -> _Reading | None:
    """Read ``half a million`` and ``setengah juta``."""
    if low[at] not in _HALVES:
        return None
    scale_at = at + 2 if _next(low, at) == "a" else at + 1
    scale = language.scales.get(_next(low, scale_at - 1), 0.0)
    return _Reading(scale_at + 1, frozenset((scale / 2,))) if scale > 99 else None


def _unit(low: list[str], end: int) -> str:
    """Return the word after a number: ``km`` of ``5-km``, ``miles`` of ``5 square miles``, ``c`` of ``5
    °C``.
    """
    for word in low[end : end + 3]:
        if word not in _BEFORE_UNIT:
            return word
    return ""


def _slashed(digits: str) -> list[Number]:
    """Return ``15/3/2024`` as its parts, each also a month where it can be one, and ``3/4`` also a
    fraction.
    """
    parts = digits.split("/")
    values = [float(_SEPARATOR.sub("", part)) for part in parts]
    found = []
    for part, value in zip(parts, values, strict=True):
        readings: set[Value] = {value}
        if value <= 12:
            readings.add(Label("month", f"{value:.0f}"))
        if len(parts) == 2 and values[1] > 1:
            readings.add(round(values[0] / values[1], 4))
        found.append(Number(part, frozenset(readings), True))
    return found


def _digits(low: list[str], at: int, language: Language) -> _Reading:
    """Return the number that starts with digits at ``at``."""
    values = _readings(low[at], language.decimal)
    end = at + 1
    following = low[end] if end < len(low) else ""
    # "2½", "2 setengah".
    if following == "½" or (following in _HALVES and language.decimal == ","):
        values = _scaled(values, 1.0, 0.5)
        end += 1
    # "1990s", "90s", "90-an": the decade too.
    elif (
        (following == "s" and language.decimal == ".")
        or following == "an"
        or (following == "-" and _next(low, end) == "an")
    ):
        return _Reading(end, values | {v + 1900 for v in _scaled(values) if v < 100})
    if language.decimal == "," and following in _RUPIAH_SCALES and at and low[at - 1] == "rp":
        scale = _RUPIAH_SCALES[following]
        return _Reading(end + 1, _scaled(values, scale), scale=scale)
    values |= _short_forms(low, at, end, values, language)
    if following == "+" and _next(low, end) in language.scales:
        end += 1
    scale = 1.0
    # "belas" joins words only: "12 belas" is not written.
    while end < len(low) and low[end] in language.scales and low[end] != "belas":
        scale *= language.scales[low[end]]
        end += 1
    if scale > 1.0:
        return _Reading(end, _scaled(values, scale), scale=scale)
    times = _times(low, at, end, language)
    if times and language.decimal == "." and language.half(low, at, end, 0) in ("am", "pm"):
        return _Reading(end, times)
    return _Reading(end, values | times)


def _scaled(values: frozenset[Value], scale: float = 1.0, more: float = 0.0) -> frozenset[float]:
    """Return the plain numbers among ``values``, times ``scale`` and ``more`` on top."""
    return frozenset(round(value * scale + more, 4) for value in values if not isinstance(value, Label))


def _short_forms(
    low: list[str], at: int, end: int, values: frozenset[Value], language: Language
) -> frozenset[Value]:
    """Read ``£125m`` as 125 million too, and the 20 of ``2019-20`` as 2020."""
    if language.decimal == "." and _next(low, end - 1) in _LETTER_SCALES:
        return _scaled(values, _LETTER_SCALES[low[end]])
    if at > 1 and low[at - 1] in _RANGE and len(low[at]) == 2:
        year = low[at - 2]
        return frozenset((float(year[:2] + low[at]),) if len(year) == 4 and year.isdigit() else ())
    return frozenset()


@lru_cache(_REMEMBERED)
def _readings(digits: str, decimal: str) -> frozenset[Value]:
    """Return what digits and separators can mean where ``decimal`` is the decimal sign."""
    return frozenset(_meant(digits, decimal))


def _meant(digits: str, decimal: str) -> set[Value]:
    """Return the same, unremembered."""
    parts = _SEPARATOR.split(f"0{digits}" if digits[0] == "." else digits)
    signs = _SEPARATOR.findall(digits)
    if not signs:
        # "0730".
        clock = len(digits) == 4 and digits[0] == "0"
        return {float(digits), Label("time", f"{int(digits[:2])}:{digits[2:]}")} if clock else {float(digits)}
    grouped = all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and parts[0] != "0"
    # "1,250": one and a quarter here, or 1,250 as the English write it.
    if signs == [decimal] and grouped and decimal == ",":
        # An Indonesian text may quote an English number; an English one has no such excuse.
        return {float(f"{parts[0]}.{parts[1]}"), float(parts[0] + parts[1])}
    # "1.250.000"
    if grouped and len(set(signs)) == 1 and signs != [decimal] and signs[0] != ":":
        return {float("".join(parts))}
    # Of several signs the last is the decimal one, if it differs and the groups before it are of three.
    thousands = all(len(part) == 3 for part in parts[1:-1]) and len(set(signs[:-1])) <= 1
    # "1.250,5", "12,5".
    if signs[-1] != ":" and (len(signs) == 1 or (thousands and signs[0] not in (":", signs[-1]))):
        return {float("".join(parts[:-1]) + "." + parts[-1])}
    # "2:1", a score: two numbers.
    if len(parts) == 2 and len(parts[1]) == 1:
        return {float(parts[0]), float(parts[1])}
    # "4:41:30", "10.30.15": no quantity, equal only to the same digits.
    return {Label("digits", "-".join(part.lstrip("0") or "0" for part in parts))}


def _times(low: list[str], start: int, end: int, language: Language) -> frozenset[Value]:
    """Return the times of day that the digits at ``low[start:end]`` can be."""
    digits = low[start]
    hour, minute = _clock(digits)
    if not minute:
        return frozenset()
    half = language.half(low, start, end, hour)
    if not half and len(digits) < 3:
        return frozenset()
    early, late = Label("time", f"{hour % 12}:{minute}"), Label("time", f"{hour % 12 + 12}:{minute}")
    if half in ("am", "pm"):
        return frozenset((early if half == "am" else late,))
    if language.decimal == "." and hour <= 12:
        return frozenset((early, late))
    return frozenset((Label("time", f"{hour % 24}:{minute}"),))


@lru_cache(_REMEMBERED)
def _clock(digits: str) -> tuple[int, str]:
    """Return the hour and the minute that digits such as ``7``, ``7.30`` and ``07:30`` show; no minute where
    they cannot."""
    hours, _, minute = digits.replace(":", ".").partition(".")
    minute = minute or "00"
    is_minute = len(minute) == 2 and minute.isdigit() and minute < "60"
    if is_minute and 0 < len(hours) < 3 and int(hours) < 25:
        return int(hours), minute
    return 0, ""


def _words(low: list[str], at: int, language: Language) -> tuple[int, frozenset[Value], float]:
    """Return the number that starts with a number word at ``at``: its end, its values and its scale."""
    total, group, last, scale, end = 0.0, 0.0, 0.0, 1.0, at
    if low[at] in language.scales:  # "a hundred"
        group = last = 1.0
    while end < len(low):
        word = low[end]
        if word in language.units and _fits(total + group, language.units[word]):
            last = language.units[word]
            group += last
        elif word in language.scales:
            size = language.scales[word]
            # "dua belas": the two is in the group already.
            if word == "belas":
                group, last = group + 10, 0.0
            elif size < 1000:
                # "dua puluh", "tiga ratus": the last unit is multiplied, and what came before it stays.
                group, last = group - last + last * size, 0.0
            else:
                # "ribu" and more close the group: what follows is added to it.
                total, group, last, scale = total + group * size if group else total * size, 0.0, 0.0, size
        elif part := _part(low, end, language):
            end, group = part[0] - 1, group + part[1]
        elif not _goes_on(low, end, last, language):
            break
        end += 1
    value = total + group
    fraction, after = _fraction(low, end, value, language)
    if fraction:
        return after, frozenset(fraction), 1.0
    if end == at + 1 and low[at] in language.denominators:  # "a fifth" or "the fifth"
        return end, frozenset((value, round(1 / value, 4))), 1.0
    return end, frozenset((round(value, 4),)), scale


def _fraction(low: list[str], end: int, value: float, language: Language) -> tuple[set[float], int]:
    """Return ``value`` over the denominator at ``end`` (``pertiga``, ``per tiga``, ``-thirds``), and
    its end.
    """
    at = end + 1 if _next(low, end - 1) == "-" else end
    word = _next(low, at - 1)
    divisor: float = language.denominators.get(word, 0)
    if low[end - 1] in language.denominators:  # "the fourth quarter" is no fraction
        divisor = 0
    if word == "per" and language.units.get(_next(low, at), 0) > value:
        at, divisor = at + 1, language.units[low[at + 1]]  # "dua per tiga"
    return ({round(value / divisor, 4)} if divisor else set()), at + 1


def _part(low: list[str], at: int, language: Language) -> tuple[int, float] | None:
    """Return the fraction after a number (``setengah``, ``and a half``, ``koma lima``): its end and value."""
    word = low[at]
    if word in _POINTS and 0 < language.units.get(_next(low, at), 0) < 10:
        return at + 2, language.units[low[at + 1]] / 10
    if word == "setengah":
        return at + 1, 0.5
    for halves in (["and", "a", "half"], ["-", "and", "-", "a", "-", "half"]):
        if low[at : at + len(halves)] == halves:
            return at + len(halves), 0.5
    return None


def _goes_on(low: list[str], at: int, last: float, language: Language) -> bool:
    """Return whether the sign or word at ``at`` is inside a number: ``forty-five``, ``a hundred and five``.

    ``a million and two million`` are two.
    """
    unit = language.units.get(_next(low, at), 0.0)
    if low[at] == "-":
        return last >= 20 and 0 < unit < 10
    before, after = language.scales.get(low[at - 1], 0.0), language.scales.get(_next(low, at + 1), 0.0)
    return low[at] == "and" and unit > 0 and after < before


def _fits(value: float, unit: float) -> bool:
    """Return whether ``unit`` can follow ``value`` in one number: after 20 comes 5, not 12 and not 30."""
    # The zeros at its end: after 20 one place is free, after 200 two.
    place = 1
    while 0 < value < 1e15 and value % (place * 10) == 0:
        place *= 10
    return not value or unit < place


def _next(low: list[str], at: int) -> str:
    return low[at + 1] if at + 1 < len(low) else ""


def _is_month(raw: list[str], at: int) -> bool:
    """Return whether the ``May`` at ``at`` is surely the month, not the verb or the surname."""
    before = raw[at - 1].lower() if at else ""
    return before[:1].isdigit() or before in _BEFORE_MAY or _next(raw, at)[:1].isdigit()


def _share_scales(spans: list[_Span], low: list[str]) -> list[Number]:
    """Read the ten of ``10-11 million`` as ten million too."""
    shared = [span.number for span in spans]
    if all(span.scale == 1.0 for span in spans):
        return shared
    for index in range(len(spans) - 1):
        first, second = spans[index], spans[index + 1]
        gap = low[first.end : second.start]
        if first.scale == 1.0 and second.scale > 1.0 and len(gap) == 1 and gap[0] in _RANGE:
            scaled = {value * second.scale for value in first.number.values if not isinstance(value, Label)}
            shared[index] = first.number._replace(values=first.number.values | scaled)
    return shared


# One, two, or four and more places: three could be thousands.
_COMMA = re.compile(r"(?<![\d.,])\d{1,15},(?:\d\d?|\d{4,12})(?![\d,]|\.\d)")

# A quick look: a comma between digits at all.
_BETWEEN_DIGITS = re.compile(r",(?<=\d,)\d")


def decimal_commas(source: str, target: str) -> list[str]:
    """Return the numbers that an English ``target`` holds with the decimal comma of the Indonesian source."""
    if not _BETWEEN_DIGITS.search(target):
        return []
    there = frozenset(_COMMA.findall(target))
    return [number for number in dict.fromkeys(_COMMA.findall(source)) if number in there] if there else []


def with_points(source: str, target: str) -> str:
    """Return ``target`` with a decimal point in each number that kept the decimal comma of ``source``."""
    if not (kept := frozenset(decimal_commas(source, target))):
        return target
    return _COMMA.sub(lambda found: found[0].replace(",", ".") if found[0] in kept else found[0], target)


def unmatched(here: list[Number], there: list[Number], source: str) -> tuple[list[Number], list[Number]]:
    """Return the firm numbers of an Indonesian side without an equal on the English side, and the reverse.

    A number that stands several times needs one equal. An English number word that ``source`` has too
    (``Six Flags``) is a name.
    """
    source_values = frozenset[Value]().union(*(number.values for number in here))
    target_values = frozenset[Value]().union(*(number.values for number in there))
    missing = [number for number in here if number.firm and number.values.isdisjoint(target_values)]
    added = [number for number in there if number.firm and number.values.isdisjoint(source_values)]
    if not added:
        return missing, added
    # A number word may be asked for as often as the text is long: each is looked for once.
    said = {text: text in source for text in {number.text for number in added} if text.isalpha()}
    return missing, [number for number in added if not said.get(number.text)]
