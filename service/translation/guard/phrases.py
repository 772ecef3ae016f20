"""Facts that a few words around a figure decide: until a date or from it, a score turned round, a rank.

Each check is a function that yields what it found: the code of a check in ``service.findings`` and the values
of its message. A check finds only what contradicts the source, never what is merely absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.text.words import Words, listed

Found = tuple[str, dict[str, str]]
"""The code of a check and the values of its message."""

_MONTH = (
    r"(?:januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember"
    r"|january|february|march|may|june|july|august|october|december)"
)
_DAY_WORDS = r"(?:tanggal |hari |bulan |tahun |awal |akhir |pertengahan |dengan )"
_DATE = rf"(?:(?:\d{{1,2}} )?{_MONTH}\b(?: \d{{1,2}}\b)?|(?:1[89]|20)\d\d\b(?! (?:orang|unit|warga|ton)))"
_OUR_END = re.compile(rf"\b(?:hingga|sampai|s/d) {_DAY_WORDS}{{0,2}}{_DATE}", re.IGNORECASE)
_OUR_START = re.compile(rf"\b(?:sejak|semenjak|mulai|terhitung) {_DAY_WORDS}{{0,2}}{_DATE}", re.IGNORECASE)
_TIME_WORDS = r"(?:the |early |late |mid |end of |beginning of |start of |on )"
_THEIR_START = re.compile(
    rf"\b(?:from|since|starting|beginning|effective) {_TIME_WORDS}{{0,3}}{_DATE}", re.IGNORECASE
)
_THEIR_END = re.compile(rf"\b(?:until|till|through) {_TIME_WORDS}{{0,3}}{_DATE}", re.IGNORECASE)
_ENDS = listed("hingga sampai s/d sd")
_STARTS = listed("sejak semenjak mulai terhitung dari mulainya dimulai memulai antara")
_THEIR_ENDS = listed("until till to through by up end ends ended deadline expires expire")
_THEIR_STARTS = listed(
    "from since starting start starts started begin begins began beginning effective after"
)


def turned_round(source: str, ours: Words, target: str, theirs: Words) -> Iterator[Found]:
    """Yield the date until which something lasts that became the one from which it does, or the reverse."""
    ends, starts = not _ENDS.isdisjoint(ours.distinct), not _STARTS.isdisjoint(ours.distinct)
    if ends == starts:
        return
    if ends and _THEIR_ENDS.isdisjoint(theirs.distinct):
        here, there = _OUR_END, _THEIR_START
    elif starts and _THEIR_STARTS.isdisjoint(theirs.distinct):
        here, there = _OUR_START, _THEIR_END
    else:
        return
    said, made = here.search(source), there.search(target)
    if said and made:
        yield "word.span", {"source": said[0], "target": made[0]}


_SCORE = re.compile(r"(?<![\w.,:/–-])(\d{1,3})[-–](\d{1,3})(?![\w/–-]|[.,:]\d)")


# English may give the winner's figure first, or speak of the other side.
_LOSING = listed(
    """
    kalah kekalahan dikalahkan takluk ditaklukkan tumbang ditumbangkan menyerah tertinggal ketinggalan keok
    ditekuk dibantai dipermalukan dihajar digulung digilas lost lose loses losing loss defeat beaten behind
    down trailing trailed trails deficit
    """
)


def scores(source: str, ours: Words, target: str, theirs: Words) -> Iterator[Found]:
    """Yield each score whose two figures changed places: 2-1 that became 1-2."""
    if not _LOSING.isdisjoint(ours.distinct) or not _LOSING.isdisjoint(theirs.distinct):
        return
    here = frozenset(_SCORE.findall(source))
    if not here:
        return
    there = dict.fromkeys(_SCORE.findall(target))
    for one, other in there:
        turned = (other, one)
        if one != other and turned in here and (one, other) not in here and turned not in there:
            yield "number.score", {"source": f"{other}-{one}", "target": f"{one}-{other}"}


_RANK = re.compile(r"\bke-? ?(\d{1,4})\b")
_FIGURE = re.compile(r"\d+")
# "29 albums", "the top 10 songs": the word before, the figure and what is counted.
_AMOUNT = re.compile(r"(?:\b(\w{1,30})[ -])?(?<![\d.,:/#–-])(\d{1,3}) ([a-z]{2,20}s)\b")
_FEW_BEFORE = listed(
    "no number day day's round phase stage week chapter article age aged minute rank top level"
)


def ranks(source: str, target: str) -> Iterator[Found]:
    """Yield each rank that became an amount: the 29th album that became 29 albums."""
    if "ke-" not in source:
        return
    bare = frozenset(_FIGURE.findall(_RANK.sub(" ", source)))
    amounts = {found[2]: found for found in _AMOUNT.finditer(target)}
    for number in dict.fromkeys(_RANK.findall(source)):
        found = amounts.get(number)
        if not found or int(number) < 2 or number in bare:
            continue
        if (found[1] or "").lower() not in _FEW_BEFORE and found[3] not in _NO_THINGS:
            yield "number.rank", {"source": f"ke-{number}", "target": f"{number} {found[3]}"}


_NO_THINGS = listed("is was has as vs this its his years minutes hours days months weeks seconds")
_COUNTS = {
    "tiga": "three", "empat": "four", "lima": "five", "enam": "six", "tujuh": "seven", "delapan": "eight",
    "sembilan": "nine", "sepuluh": "ten",
}  # fmt: skip
_TIMES = re.compile(rf"\b({'|'.join(_COUNTS)}|[3-9]|[1-9]\d) kali\b(?! lipat)")
# "three investigators", and not "three appearances", which is how often somebody appeared.
_CROWD = re.compile(
    rf"\b({'|'.join(_COUNTS.values())}|\d{{1,2}}) (?:people|men|women|children|victims|suspects|residents"
    r"|students|agents|judges|[a-z]{2,30}(?:ers|ors|ists))\b"
)
# Any of these may answer for *kali*: "thrice", "a third time", "on three occasions", "3x", "threefold".
_OFTEN = re.compile(
    r"\b(?:times?|thrice|twice|once|occasions?|\d+x|repeated\w*|\w+fold|\d+(?:th|rd|nd|st))\b"
)


def times(source: str, target: str) -> Iterator[Found]:
    """Yield how often something happened that became how many did it: three times, three investigators."""
    if " kali" not in source or _OFTEN.search(target.lower()):
        return
    crowds = {found[1]: found[0] for found in _CROWD.finditer(target.lower())}
    for often in dict.fromkeys(_TIMES.findall(source.lower())):
        if made := crowds.get(often) or crowds.get(_COUNTS.get(often, "")):
            yield "number.times", {"source": f"{often} kali", "target": made}


_NOT_FEW = re.compile(r"\b(?:tak|tidak|bukan) (sedikit|jarang)\b(?! (?:pun|demi))")
_SMALL = {
    "sedikit": re.compile(
        r"(?<!not a )(?<!quite a )(?<!no )(?<!not )(?<!a )(?<!no small )\b(?:few|little|small number)\b"
    ),
    "jarang": re.compile(r"(?<!not )(?<!n't )\b(?:rarely|seldom|infrequently|hardly ever)\b"),
}
_NEGATES = listed("not no never nor without isn't wasn't don't doesn't didn't aren't")


def not_few(source: str, ours: Words, target: str, theirs: Words) -> Iterator[Found]:
    """Yield a denial of little that became little: tak sedikit is many, tidak jarang often."""
    if ("sedikit" in ours.distinct or "jarang" in ours.distinct) and _NEGATES.isdisjoint(theirs.distinct):
        for match in _NOT_FEW.finditer(source.lower()):
            if small := _SMALL[match[1]].search(target.lower()):
                yield "negation.few", {"source": match[0], "target": small[0]}
