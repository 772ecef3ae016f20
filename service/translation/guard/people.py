"""Names of people and other names, each run of name words judged on its own.

A run of words with a capital is cut where a title, an office, a country, a place or any other common word
stands:
``Gubernur Jawa Tengah Ganjar Pranowo`` holds one name, and that Central Java survived does not excuse it.
A name
is kept where any of its words is in the translation in any spelling; it is changed where none is, or the
last is
not, and the translation has a name instead that the source does not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from service.text.number_words import ENGLISH
from service.text.words import Words, listed
from service.translation.glossary import Glossary
from service.translation.guard import countries, lexicon, vocabulary

_UPPER = "A-ZÀ-Þ"
_RUN = re.compile(
    rf"[{_UPPER}](?<![\w'’-][{_UPPER}])[\w'’-]++"
    rf"(?>(?: (?:bin |binti |al |van |de |da )?[{_UPPER}][\w'’-]++)*)"
)
_ENGLISH_NAME = re.compile(rf"[{_UPPER}](?<![\w'’-][{_UPPER}])[a-zß-ÿ]{{3,40}}")
_CAPITALS = re.compile(rf"\b[{_UPPER}]")
# A short quotation is a title or a motto, which may be translated.
_QUOTED = re.compile(r"[\"“][^\"“”]{1,40}[\"”]")
_DERIVED = re.compile(
    r"(?:ke|pe|per|pem|pen|peng|peny)\w{3,30}an|(?:meng|meny|mem|ber)\w{4,30}|\w{5,30}(?:nya|kan|lah)|\w{4,30}an"
)
# After these stands a common noun or the name of an age or class, all of which English translates.
_COMMON_NEXT = ("para ", "kaum ", "zaman ", "masa ", "era ", "periode ", "kategori ", "agama ")
_COMMON_REACH = max(map(len, _COMMON_NEXT))
# What stands before a capital that is the word's own, and not the sentence's or the quotation's.
_INSIDE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789,;")
# A owned by B is B's A; A beaten by B may be said as B beat A; a quotation may follow its speaker.
_TURNS_PASSIVE = re.compile(
    r"\boleh\b|\b(?:di(?!ri)|ter(?!masuk|hadap|kait|dakwa|sangka|pidana))[a-z]{4,30} "
    r"(?:oleh )?(?:[A-Z][^,.]{0,40})?$"
)
_TURNS = re.compile(
    r"\b(?:milik|karya|besutan|asuhan|pimpinan)\b"
    r"|[\"”“].{0,200}\b(?:kata|ujar|ucap|tutur|imbuh|sambung|jelas|tegas|ungkap)\b|\bkata\b[^,]{0,30}$"
)
_TURNED = re.compile(r"\b(?:said|added|according to) ?$")
_OWNER = re.compile(r"^[^,]{0,40}['’]s?\b")
# What stands behind a comma or an "and" owns nothing that is named before it.
_BESIDE = re.compile(r", (?:[A-Z][\w.'’-]{0,40} ){0,4}$|\bdan\b")
# "A replaces B" that came out as "A was replaced by B".
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)(?: \w{1,20})? \w{2,20}(?:ed|en|wn|ght|ung|un) by\b"
)
_MAYBE_PASSIVE = re.compile(r"\b(?:oleh|kena|di(?!ri|a\b|sebut)[a-z]{4,30}|ter[a-z]{4,30}|ke[a-z]{4,30}an)\b")
_PARTICLES = listed("bin binti al van de da haji hajah raden")
_TITLES = listed(
    """
    bapak pak ibu bu saudara saudari tuan nyonya nona mas mbak kang bang gus kiai kyai nyai ustaz ustadz
    ustazah
    habib sultan raden dokter doktor profesor insinyur prof dr drs dra drg ir h hj kh sh mh msi phd mm mba
    brigjen mayjen letjen jenderal kombes kompol akbp akp iptu ipda aiptu aipda bripka brigadir briptu bripda
    komjen irjen kolonel letkol mayor kapten lettu letda serka serda sersan pratu kopral prada laksamana
    marsekal
    presiden wapres wakil menteri gubernur wagub bupati wabup wali walikota camat lurah kades kepala ketua
    wakil
    direktur manajer sekretaris jenderal bendahara juru bicara jubir pengamat ekonom analis pakar dosen rektor
    kapolri kapolda kapolres kapolsek kapolresta panglima danrem dandim jaksa hakim pengacara advokat ustad
    pelatih kapten pemain striker gelandang bek kiper pebulutangkis petinju aktor aktris penyanyi artis
    mantan eks calon capres cawapres cagub plt pj penjabat almarhum almarhumah mendiang
    insya insyaallah allah alhamdulillah dukcapil damkar mapolres mapolda mapolsek satpas menko dubes rapot
    politeknik institut sasana kompartemen masjidil tipikor yudikatif legislatif eksekutif pansus timnas
    satgas
    satlantas ditjen kejari kejati kejagung bareskrim polrestabes polresta pemprov pemkab pemkot kemnaker
    hilirisasi antarklub takmir nakhoda danyon capaja antarbangsa
    mr mrs ms sir lord lady king queen prince princess pope president minister
    """
)
STARTS = listed("jg kc kq sc sz fp fv yj jy uo oe iy wv ij ea ay")
"""Indonesian and English first letters of one name."""
# What English says for short names of regions, and names that it spells out of Indonesian words.
_REGIONS = {
    short: frozenset(names.split())
    for names, shorts in (
        ("jakarta", "dki jabodetabek jabotabek ibu ibukota jaksel jakbar jakpus jaktim jakut batavia betawi"),
        ("yogyakarta", "diy jogja yogya jogjakarta djogja"),
        ("java", "jabar jateng jatim jawa pulau jabodetabek"),
        ("sumatra", "sumut sumbar sumsel sumatera sumatra"),
        ("kalimantan borneo", "kalbar kalteng kalsel kaltim kaltara kalimantan"),
        ("sulawesi", "sulsel sulut sulteng sultra sulbar sulawesi"),
        ("nusa tenggara", "ntb ntt"),
        ("maluku moluccas", "malut maluku"),
        ("papua", "irian papua"),
        ("bangka belitung", "babel"),
        ("surakarta", "solo"),
        ("makassar", "ujungpandang ujung"),
    )
    for short in shorts.split()
}


_MOST, _NEW = 200, 30
"""Runs of words with a capital, and English names without source, that are judged in one sentence."""


class Lost(NamedTuple):
    """A name of the source that the translation lost; ``instead`` is the name that it has there, if any."""

    name: str
    instead: str = ""


class Named(NamedTuple):
    """What happened to the names of a sentence.

    ``added`` are names in English that have no source, ``swapped`` two names that changed places.
    """

    lost: list[Lost]
    added: list[str]
    swapped: tuple[str, str] | None


def changed(
    source: str,
    ours: Words,
    target: str,
    theirs: Words,
    known: Callable[[str], bool],
    alike: Callable[[str, str], bool],
) -> Named:
    """Return the names that were lost, brought in or exchanged.

    ``known`` says of a word in small letters whether the translation holds it in any spelling or the tables
    translate it; ``alike`` whether two words are spellings of one name.
    """
    runs = [(match[0], match.start()) for match in islice(_RUN.finditer(source), _MOST)]
    headline: bool | None = None
    lost: list[str] = []
    cut: list[str] = []
    for name in _unkept(source, runs, theirs.distinct):
        low = [word.lower() for word in name]
        last = low[-1] in theirs.distinct or known(low[-1])
        if last:
            continue
        if len(name) == 1:
            # Asked for only where a name is gone, and once.
            headline = _is_headline(source) if headline is None else headline
            if headline:
                continue
        kept = any(word in theirs.distinct or known(word) for word in low[:-1])
        (cut if kept else lost).append(" ".join(name))
    added = _added(source, ours, target, alike)
    if added:
        # A name that lost only a part is exchanged where English brings in another.
        lost += cut[: len(added)]
    paired = min(len(lost), len(added))
    instead = [*added[:paired], *[""] * (len(lost) - paired)]
    named = [Lost(name, other) for name, other in zip(lost, instead, strict=True)]
    return Named(named, added[paired:], _swapped(source, target, runs))


def words_of_names(source: str) -> Iterator[str]:
    """Yield the words of the names of people and the like in a sentence, places and countries left out."""
    for match in _RUN.finditer(source):
        for name in _names(match[0].split(" ")):
            yield from (word for word in name if len(word) > 3 and _kind(word, word.lower()) == "name")


_Runs = Sequence[tuple[str, int]]
"""The runs of words with a capital in a sentence, and where they start."""


def _swapped(source: str, target: str, runs: _Runs) -> tuple[str, str] | None:
    """Return two names that stand in the one order in the source and in the other in English, if there are
    any.

    Only names that stand once on each side; not where an owner, a passive or an apposition turns the order.
    """
    passive = " by" in target and _PASSIVE.search(target)
    if len(runs) < 2 and not passive:
        return None
    places = [target.find(run.rpartition(" ")[2]) for run, _ in runs]
    ordered = sorted(placed := [place for place in places if place >= 0]) == placed
    if ordered and not passive:
        return None
    for (one, first, at), (other, second, then) in pairwise(_standing(source, target, runs)):
        between = source[first:second]
        if then < at and not _is_turned(between, target[then:at]):
            return one, other
        if at < then and _PASSIVE.search(target[at:then]) and not _MAYBE_PASSIVE.search(source):
            return one, other
    return None


def _is_turned(ours: str, theirs: str) -> bool:
    """Return whether English may turn the order of two names, by the words between them on either side."""
    if _TURNS.search(ours) or _TURNED.search(theirs):
        return True
    if _OWNER.search(theirs) and not _BESIDE.search(ours):
        return True
    return _TURNS_PASSIVE.search(ours) is not None and " by " not in theirs


def _standing(source: str, target: str, runs: _Runs) -> Iterator[tuple[str, int, int]]:
    """Yield the names of people that stand once on either side: the name, and where on each."""
    for run, _ in runs:
        for name in _names(run.split(" ")):
            last = name[-1]
            if _kind(last, last.lower()) == "name":
                here, there = _only_place(last, source), _only_place(last, target)
                if here >= 0 and there >= 0:
                    yield " ".join(name), here, there


def _only_place(word: str, text: str) -> int:
    """Return where a word stands in a text that holds it once, parts of longer words apart; else -1."""
    place, at = -1, text.find(word)
    while at >= 0:
        end = at + len(word)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            if place >= 0:
                return -1
            place = at
        at = text.find(word, end)
    return place


def _unkept(source: str, runs: _Runs, kept: frozenset[str]) -> Iterator[list[str]]:
    """Yield the names of a sentence of which not every word is ``kept``, without titles and other words."""
    bare = ""
    for run, start in runs:
        if kept.issuperset(run.lower().split(" ")):
            continue
        words = run.split(" ")
        # The first word of a sentence has a capital whatever it is: alone it is no name.
        first = not (source[start - 1 : start] == "(" or source[start - 2 : start].rstrip() in _INSIDE)
        if first and len(words) == 1:
            continue
        if source[max(0, start - _COMMON_REACH) : start].lower().endswith(_COMMON_NEXT):
            continue
        bare = bare or _QUOTED.sub(_blank, source)
        if bare[start] != " ":
            names = list(_names(words))
            # What opens a sentence is not a name of its own: "Insya Allah", "Bingkai NKRI".
            yield from names[1:] if first and names and names[0] == words[:1] else names


def _blank(quoted: re.Match[str]) -> str:
    """Return as many spaces, so that places in the text stay the same."""
    return " " * len(quoted[0])


def _names(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield the names in a run of words with capitals."""
    run: list[str] = []
    last = ""
    for word in words:
        low = word.lower()
        kind = _kind(word, low)
        if run and (kind != last or not kind):
            yield from _closed(run)
            run = []
        if kind and low not in _PARTICLES:
            run.append(word)
        last = kind
    yield from _closed(run)


def _kind(word: str, low: str) -> str:
    """Return whether a word with a capital is of a country, of a place, or of another name, or of none."""
    if low in countries.INDONESIAN:
        return "country"
    if low in vocabulary.places():
        return "place"
    return "" if _is_no_name(word, low) else "name"


def _closed(run: list[str]) -> Iterator[list[str]]:
    """Yield a run that can be a name: one word alone has not the form of a derived word.

    Indonesia is no name that is missed: English says "the country", or nothing.
    """
    if run and run != ["Indonesia"] and (len(run) > 1 or (len(run[0]) > 3 and _stands_alone(run[0].lower()))):
        yield run


def _stands_alone(low: str) -> bool:
    """Return whether one word can be a name: a country, or without the form of a derived word."""
    return low in countries.INDONESIAN or not is_derived(low)


@lru_cache(20_000)
def _is_no_name(word: str, low: str) -> bool:
    """Return whether a word with a capital is an acronym, a number, a title, a term or a common word."""
    return (
        low in _TITLES
        or low in _terms()
        or vocabulary.is_indonesian(low)
        or not low.isalpha()
        or word.isupper()
        or len(low) < 3
        or sum(map(str.isupper, word)) > 1
    )


@cache
def _terms() -> frozenset[str]:
    """Return the words of offices and of the terms of the glossary, which are translated."""
    forms = [form for term in Glossary.load().terms for form in term.forms if form != term.short]
    forms += [form for sense in (*lexicon.shipped().senses, *lexicon.ranks()) for form in sense.id]
    return frozenset(word for form in forms for word in form.lower().split()) - vocabulary.places()


def _is_headline(source: str) -> bool:
    """Return whether three words of four have a capital, so that a capital says nothing."""
    return len(_CAPITALS.findall(source)) * 4 > len(source.split()) * 3


def _added(source: str, ours: Words, target: str, alike: Callable[[str, str], bool]) -> list[str]:
    """Return the words of names in English that nothing in the source resembles."""
    known, here = _known_in_english(), ours.distinct
    if "Ã" in source:  # a text that was decoded wrongly has other letters
        return []
    named = " ".join(_ENGLISH_NAME.findall(target)).lower().split()
    if not set(named) - here - known:
        return []
    found: list[str] = []
    tried = 0
    for match in _ENGLISH_NAME.finditer(target):
        low, start = match[0].lower(), match.start()
        if low in here or low in known or target[start - 2 : start].rstrip() not in _INSIDE:
            continue
        if vocabulary.is_english(low):
            continue
        tried += 1
        if tried > _NEW:
            break
        if not _sourced(low, source, ours, alike):
            found.append(match[0])
    return list(dict.fromkeys(found))


_TITLED = listed("capt expressway harbour mediterranean sheriff superintendent")


@cache
def _known_in_english() -> frozenset[str]:
    """Return the words in small letters that are no new name in English: words, months, days, countries."""
    return vocabulary.english().union(ENGLISH.named, countries.ENGLISH, _TITLED)


def _respelled(low: str) -> str:
    """Return how a word starts, in the spelling that Indonesian gives foreign words: ``geof`` of
    ``geophysics``."""
    return low[:6].replace("ph", "f").replace("c", "k")[:4]


def _sourced(low: str, source: str, ours: Words, alike: Callable[[str, str], bool]) -> bool:
    """Return whether the source has the name, spelled otherwise, shortened or inside a longer word."""
    if low in source.lower():
        return True
    start = _respelled(low)
    for word in ours.distinct:
        if _respelled(word) == start or low in _REGIONS.get(word, ()):
            return True
        near = word[0] == low[0] or word[0] + low[0] in STARTS
        if near and len(word) > 3 and abs(len(word) - len(low)) <= 4 and alike(low, word):
            return True
    return False


def is_derived(low: str) -> bool:
    """Return whether a lower-cased word has the affixes of a derived Indonesian word: *pemerintahan*."""
    return _DERIVED.fullmatch(low) is not None
