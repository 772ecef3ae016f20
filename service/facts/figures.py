"""Numbers, dates, times and sums of money, and what became of each in English.

The reading of a number is that of the guard (:mod:`service.text.numbers`): ``Rp1,5 triliun`` is kept by
"Rp 1.5 trillion", ``pukul 19.30`` by "7:30 p.m.". Here numbers that belong together become one fact, as
in ``Rabu (18/6/2025)``, and each gets the words it is counted in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from service.document import FactKind, FactStatus
from service.text.number_words import ENGLISH, INDONESIAN
from service.text.numbers import Label, Number, Placed, Value, placed, unmatched
from service.text.words import listed
from service.translation.guard.units import MONEY, measured

# What lies between the parts of a date: " ", " (", ", ", " pagi (".
_GAP = re.compile(r"[\s,(]{0,3}|\s(?:pagi|siang|sore|petang|malam|dini hari),?\s\(?")
_RANGE = re.compile(r"\s?[-–]\s?")
# "19.30 - 21.00", "19.30 hingga 21.00".
_BETWEEN = re.compile(r"\s?[-–]\s?|\s(?:hingga|sampai)\s")
# "Piala Dunia " before a year; not at the beginning of a sentence, and not "Tahun 2026".
_OF_A_NAME = re.compile(r"(?<!\. )(?<!^)\b(?!Tahun|Pada|Sejak|Di|Per)[A-Z][\w'’-]{1,24} $")
_YEAR = re.compile(r"(?:19|20)\d\d")
_BEFORE_CLOCK = re.compile(r"\b(?:[Pp]ukul|[Jj]am)\s$")
# " p.m.", " WIB".
_ZONE = re.compile(r"(?:\s?[ap]\.?m\b\.?)?(?:\s?(?:WIB|WITA|WIT|GMT|UTC)\b)?")
# "Rp", "US$ ", "€" right before the number.
_BEFORE_MONEY = re.compile(r"(?:\b(?:Rp|IDR|US|USD)\.?|US\$|[$€£¥])\s?$")
# " US dollars", " yuan", " dolar Singapura" behind it.
_AFTER_MONEY = re.compile(
    r"\s(?:(?:(?:US|Singapore|Australian|Canadian|Hong Kong) )?(?:dollars?|euros?|yuan|yen|won|ringgit"
    r"|pounds?|baht|rupees?|riyals?|rupiah)|dolar(?: (?:AS|Singapura|Australia|Kanada|Hong Kong))?"
    r"|poundsterling)\b",
    re.IGNORECASE,
)
# The word a number counts stands right behind it.
# " %", " rumah", "-meter".
_COUNTED = re.compile(r"\s?%|[\s-][^\W\d_]{1,24}")
_MOST_COUNTED = 3
"""Words behind an English number at most: *80 illegal drug traffickers*. Indonesian has the noun first."""
_FAR = 24
"""Characters between two parts of one figure at most."""
_EXACT_RANGE = re.compile(r"[-–]|\s(?:hingga|sampai)\s")
_NO_MONEY = listed("bulan tahun hari jam menit detik orang unit kali ekor rumah")
_UNCOUNTED = listed(
    """
    di ke dari pada untuk dengan yang dan atau serta ini itu tersebut adalah akan telah sudah belum tidak
    dalam oleh saat ketika karena hingga sampai lalu lagi lainnya antara terhadap setelah sebelum secara
    bagi per juga lebih atas menjadi naik turun usai sejak nanti mendatang kemarin silam terakhir in on at
    to of for with and or the that which who by from as is are was were has have had after before when
    while until during into than per also more other others as its his her their it he she they this these
    died fell rose won took came went said got left sank hit ago only still now then there not will would
    can cannot could against about around over under between among through toward towards but so if where
    being be been
    first last later earlier thanks made short each every without ahead away behind altogether together down
    up out off again yet too just even either
    """
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of an Indonesian sentence, or several that make one date; ``start`` to ``end`` is its place.

    ``numbers`` are the parts, as the guard reads them.
    """

    kind: FactKind
    start: int
    end: int
    numbers: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fact: ``start`` to ``end`` of the English, both 0 where no words answer to it."""

    status: FactStatus
    start: int = 0
    end: int = 0


def figures(text: str) -> list[Figure]:
    """Return the figures of an Indonesian sentence in order; what only may be a number is none."""
    return [
        _figure(text, group)
        for group in _groups(text, placed(text, INDONESIAN))
        # "Minggu" is loose, as it is a week too; with its capital it is Sunday.
        if any(part.number.firm for part in group) or text[group[0].start] == "M"
    ]


def outcomes(source: str, found: Sequence[Figure], target: str) -> list[Outcome]:
    """Return what became of each figure of ``source`` in its English ``target``."""
    here = [part.number for figure in found for part in figure.numbers]
    there = placed(target, ENGLISH)
    missing, added = (frozenset(side) for side in unmatched(here, [part.number for part in there], source))
    new = iter([part for part in there if part.number in added])
    answers = _Answers(there)
    return [_outcome(figure, missing, new, answers, target) for figure in found]


class _Answers:
    """The numbers of a translation, to be taken by those of the source that have the same value."""

    def __init__(self, numbers: Iterable[Placed]) -> None:
        self._by_value: dict[Value, list[Placed]] = {}
        for part in numbers:
            for value in part.number.values:
                self._by_value.setdefault(value, []).append(part)
        self._taken: set[Placed] = set()

    def take(self, number: Number) -> Placed | None:
        """Return the first equal that no other has taken, or the first where all are."""
        # A sentence made for it may hold one number thousands of times.
        equal = [part for value in number.values for part in self._by_value.get(value, ())[:50]]
        if not equal:
            return None
        free = [part for part in equal if part not in self._taken] or equal
        # One that has to be a number before one that only may be.
        best = min(free, key=lambda part: (not part.number.firm, part.start))
        self._taken.add(best)
        return best


def _outcome(
    figure: Figure, missing: frozenset[Number], new: Iterator[Placed], answers: _Answers, target: str
) -> Outcome:
    lost = [part for part in figure.numbers if part.number in missing]
    kept = [
        (part.number, answer)
        for part in figure.numbers
        if part.number not in missing and (answer := answers.take(part.number))
    ]
    places = [answer for _, answer in kept]
    if lost and (other := next(new, None)):
        return _at(target, "changed", [*places, other], figure.kind)
    if lost:
        return _at(target, "changed" if places else "missing", places, figure.kind)
    if not places:
        return Outcome("unclear")
    status: FactStatus = "changed" if any(_other_unit(*pair) for pair in kept) else "kept"
    return _at(target, status, places, figure.kind)


def _other_unit(number: Number, answer: Placed) -> bool:
    """Return whether both name a unit of one quantity, and not the same."""
    ours, theirs = measured(number, english=False), measured(answer.number, english=True)
    if number.after in _NO_MONEY and any(quantity == MONEY for quantity, _ in theirs):
        return True
    shared = {quantity for quantity, _ in ours} & {quantity for quantity, _ in theirs}
    return any(
        {unit for other, unit in ours if other == quantity}.isdisjoint(
            unit for other, unit in theirs if other == quantity
        )
        for quantity in shared
    )


def _at(target: str, status: FactStatus, places: Sequence[Placed], kind: FactKind) -> Outcome:
    if not places:
        return Outcome(status)
    together = _together(places)
    return Outcome(status, *_widened(target, together[0].start, together[-1].end, kind, _MOST_COUNTED))


def _together(places: Sequence[Placed]) -> list[Placed]:
    """Return the most that stand together, in order: a date is not half a sentence long."""
    groups: list[list[Placed]] = []
    for part in sorted(places, key=lambda part: (part.start, part.end)):
        if groups and part.start - groups[-1][-1].end <= _FAR:
            groups[-1].append(part)
        else:
            groups.append([part])
    return max(groups, key=len)


def _groups(text: str, parts: Sequence[Placed]) -> list[list[Placed]]:
    """Return the numbers that make one figure together: the parts of a date, a span of hours."""
    groups: list[list[Placed]] = []
    dated = _dated(text, parts)
    for index, part in enumerate(parts):
        if groups and _belongs(text, groups[-1], part, dated, index):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _belongs(text: str, group: Sequence[Placed], part: Placed, dated: Sequence[bool], index: int) -> bool:
    gap = text[group[-1].end : part.start]
    if part.start == group[-1].start:
        return True
    if dated[index - 1] and dated[index]:
        return bool(_GAP.fullmatch(gap) or _RANGE.fullmatch(gap))
    if _is_clock(group[-1]) or _is_clock(part):
        return bool(_BETWEEN.fullmatch(gap))
    # A score, or from so many to so many.
    plain = not dated[index - 1] and not dated[index] and len(group) == 1
    return plain and bool(_EXACT_RANGE.fullmatch(gap)) and text[part.start].isdecimal()


def _dated(text: str, parts: Sequence[Placed]) -> list[bool]:
    """Return whether each number can be part of a date; a day of the month only before its month."""
    dated = [False] * len(parts)
    # From the end, as a day of the month is known by the month behind it.
    for index in range(len(parts) - 1, -1, -1):
        part, written = parts[index], text[parts[index].start : parts[index].end]
        if _named(part, written) or "/" in written or _YEAR.fullmatch(written):
            dated[index] = True
        elif written.isdecimal() and len(written) < 3 and index + 1 < len(parts):
            following = parts[index + 1]
            gap = text[part.end : following.start]
            month = _named(following, text[following.start : following.end])
            apart = _RANGE.fullmatch(gap) and dated[index + 1] and not _YEAR.fullmatch(following.number.text)
            dated[index] = bool((month and gap == " ") or apart)
    return dated


def _named(part: Placed, written: str) -> bool:
    """Return whether it is the name of a month or a day, with its capital."""
    labels = [value for value in part.number.values if isinstance(value, Label)]
    return written[0].isupper() and any(label.kind in ("month", "day") for label in labels)


def _is_clock(part: Placed) -> bool:
    return any(isinstance(value, Label) and value.kind == "time" for value in part.number.values)


def _figure(text: str, group: Sequence[Placed]) -> Figure:
    kind = _kind(text, group)
    start, end = _widened(text, group[0].start, max(part.end for part in group), kind)
    return Figure(kind, start, end, tuple(group))


def _kind(text: str, group: Sequence[Placed]) -> FactKind:
    first = group[0]
    written = text[first.start : first.end]
    if any(quantity == MONEY for part in group for quantity, _ in measured(part.number, english=False)):
        return "money"
    if any(_named(part, text[part.start : part.end]) for part in group):
        return "date"
    if _YEAR.fullmatch(written):
        # "Piala Dunia 2026" is a name and no date.
        return "number" if _OF_A_NAME.search(text, max(0, first.start - 30), first.start) else "date"
    if "/" in written and (written.count("/") == 2 or text[first.start - 1 : first.start] == "("):
        return "date"
    return "time" if any(map(_is_clock, group)) else "number"


def _widened(text: str, start: int, end: int, kind: FactKind, most: int = 1) -> tuple[int, int]:
    """Return the place with what belongs to the number: its currency, its zone, a bracket, ``most`` words it
    counts.
    """
    if kind == "date":
        inside = text[start:end]
        return start, end + (text[end : end + 1] == ")" and "(" in inside)
    if kind == "time":
        before = _BEFORE_CLOCK.search(text, max(0, start - 6), start)
        zone = _ZONE.match(text, end)
        return before.start() if before else start, zone.end() if zone else end
    if _YEAR.fullmatch(text, start, end):
        return start, end
    if sign := _BEFORE_MONEY.search(text, max(0, start - 5), start):
        return sign.start(), end
    if kind == "money" and (currency := _AFTER_MONEY.match(text, end)):
        return start, currency.end()
    for _ in range(most):
        counted = _COUNTED.match(text, end)
        word = counted[0].strip(" -") if counted else ""
        if not counted or word in _UNCOUNTED or (most > 1 and word.endswith("ed")):
            break
        if word[0].isupper() and not (most > 1 and _is_noun(text, counted.end())):
            break
        end = counted.end()
        if word == "%":
            break
    return start, end


def _is_noun(text: str, end: int) -> bool:
    """Return whether what is counted stands behind a name: *seven US sailors*, *3 La Liga titles*."""
    following = _COUNTED.match(text, end)
    if following and following[0].strip()[:1].isupper():
        following = _COUNTED.match(text, following.end())
    word = following[0].strip() if following else ""
    return word[:1].islower() and word.endswith("s") and word not in _UNCOUNTED
