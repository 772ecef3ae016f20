"""Makes a source sentence look like what models were trained on, and gives its look to the translation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.text.words import listed
from service.translation.guard import vocabulary

_PASSES = 8
"""Passes over a sentence. News needs three at most; a text made for it could ask for thousands."""
_NO_CASING: Mapping[str, str] = MappingProxyType({})

# Literal special tokens of SentencePiece models; a tokenizer would take them for the real ones.
# "</s>", "<extra_id_0>", "<start_of_turn>", ">>ind<<" (which sets the language of some Marian models).
_SPECIAL = re.compile(
    r"<(/?s|pad|unk|bos|eos|mask|extra_id_\d+|(?:start|end)_of_turn)>|>>([a-z]{2,3}(?:_[A-Za-z]{4})?)<<"
)
# What they are turned into, back again.
_NEUTRAL = re.compile(r"‹(/?s|pad|unk|bos|eos|mask|extra_id_\d+|(?:start|end)_of_turn)›|»([a-z_A-Z]{2,8})«")
_PLAIN = {
    "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ", "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-", "\N{FIGURE DASH}": "–", "\N{HORIZONTAL BAR}": "—", "\N{MINUS SIGN}": "-",
    "„": "“", "‚": "‘", "″": '"', "＂": '"', "′": "'", "´": "'", "`": "'",
}  # fmt: skip
_ODD = re.compile(f"[{''.join(map(re.escape, _PLAIN))}]")
# ``,-`` of ``Rp5.000,-``, unless a figure follows.
_PRICE_END = re.compile(r",-+(?!\d)")
_SHORT = {"m": "miliar", "t": "triliun", "jt": "juta", "rb": "ribu"}
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # Two typed apostrophes for a quotation mark.
    (re.compile(r"''"), '"'),
    # ``kata dia -- tadi``: a dash typed as hyphens.
    (re.compile(r"(?<=[^\s-]) *--+ *(?=[^\s-])"), " – "),
    # ``Rp. 5.000``, ``rp 5.000``.
    (re.compile(r"\b[Rr][Pp]\.? ?(?=\d)"), "Rp"),
    # "Rp5.000,-": what the price ends with stands there once, but may be typed any number of times.
    (re.compile(r"Rp\d[\d.]*+(?:,-+(?!\d)[\d.]*+)+"), lambda m: _PRICE_END.sub("", m[0])),
    # "Rp3 M", which headlines have for "miliar" and a model takes for millions.
    (re.compile(r"\b(Rp\d[\d.,]*+) ?(M|T|jt|Jt|rb|Rb)\b"), lambda m: f"{m[1]} {_SHORT[m[2].lower()]}"),
    # "6-4,7-5": the comma stands between two sets, and "4,7" is no number.
    (re.compile(r"(?<=\d-\d),(?=\d\d?-\d)|(?<=\d-\d\d),(?=\d\d?-\d)"), ", "),
)
# A quick look whether any of the rules has work.
_NEEDS = re.compile(
    rf"{_SPECIAL.pattern}|{_ODD.pattern}|''|--|\b[Rr][Pp](?:\. ?| )\d|\brp\d|\bRP\d|Rp\d[\d.]*,-"
    r"|Rp\d[\d.,]*+ ?(?:M|T|jt|Jt|rb|Rb)\b|\d-\d\d?,\d"
)

_CITIES = (
    "Ambon|Balikpapan|Banda Aceh|Bandar Lampung|Bandung|Banjarmasin|Batam|Bekasi|Bengkulu|Bogor|Cirebon"
    "|Denpasar|Depok|Garut|Gorontalo|Jakarta|Jambi|Jayapura|Jember|Kendari|Kudus|Kupang|Lampung|Madiun"
    "|Magelang|Makassar|Malang|Mamuju|Manado|Mataram|Medan|Padang|Palangka Raya|Palembang|Palu|Pangkalpinang"
    "|Pekanbaru|Pontianak|Samarinda|Semarang|Serang|Sidoarjo|Solo|Surabaya|Surakarta|Tangerang|Ternate"
    "|Yogyakarta|Yogya"
)
_OUTLET = (
    r"(?:[A-Za-z]\w*\.(?i:com|co\.id|co|id|net|tv)|(?:CNN|CNBC|BBC News) Indonesia"
    r"|ANTARA|Antara(?: News)?|Kompas TV|Okezone|Pos Kota|Republika|Rimanews|SINDOnews|Tempo|VIVA)"
)
# Labels that stand before a headline in the same way.
_LABELS = "BACA|BERITA|BREAKING|FOTO|INFOGRAFIS|JUGA|POPULER|SIMAK|UPDATE|VIDEO"
_UPPER_PLACE = rf"(?!{_LABELS})(?=[A-Z]{{4}}|[A-Z]+ [A-Z]{{3}})[A-Z'’]+(?:[ -](?!{_LABELS})[A-Z'’]+){{0,3}}"
_PART = rf"(?:{_OUTLET}|{_CITIES}|{_UPPER_PLACE})"
# A place that is not known and not in capitals counts only before an outlet: "Brebes (ANTARA News) -".
_ANY_PLACE = r"[A-Z]\w+(?: [A-Z]\w+){0,2}(?:, [A-Z]\w+(?: [A-Z]\w+)?)?"
_DATELINE = re.compile(
    # None begins inside a word, so that a word is read once wherever one is looked for.
    r"(?<![\w'’])"
    rf"(?P<parts>(?:{_PART}(?:, ?{_PART}){{0,2}}|{_ANY_PLACE}, {_OUTLET}|{_ANY_PLACE}(?= \((?i:{_OUTLET})))"
    r"(?: ?\([A-Z][\w. ]{2,20}\))?(?: ?\(\d\d?/\d\d?(?:/\d{2,4})?\))?)"
    r" *(?:--|[-–—]) +(?=[“\"‘']?[A-Z\d])"
)
# Places whose English name differs, as datelines write them.
_ENGLISH_PLACES = {
    "Athena": "Athens", "Belanda": "Netherlands", "Beograd": "Belgrade", "Brussel": "Brussels",
    "Den Haag": "The Hague", "Filipina": "Philippines", "Inggris": "England", "Italia": "Italy",
    "Jenewa": "Geneva", "Jepang": "Japan", "Jerman": "Germany", "Kairo": "Cairo", "Lisabon": "Lisbon",
    "Madinah": "Medina", "Mekkah": "Mecca", "Moskwa": "Moscow", "Praha": "Prague", "Prancis": "France",
    "Roma": "Rome", "Singapura": "Singapore", "Spanyol": "Spain", "Warsawa": "Warsaw", "Wina": "Vienna",
    "Yerusalem": "Jerusalem",
}  # fmt: skip
_FOREIGN = re.compile("|".join(rf"\b{name}\b" for name in _ENGLISH_PLACES), re.IGNORECASE)

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Three upper-case words in a row, numbers and commas between them allowed.
_SHOUT = re.compile(r"\b[^\W\d_a-z]{2,}\b(?:[\s\d,.:;/“”\"'’()–-]+\b[^\W\d_a-z]+\b){2,}")
_MIXED = re.compile(r"[a-z]{2}")
_LAST_MIXED = re.compile(r"\A.*([a-z]{2})", re.DOTALL)
_DIGIT = re.compile(r"\d")
_SMALL = frozenset(
    _WORD.findall(
        "a an and as at but by for from if in into nor of off on or out over per so the to up via vs with"
    )
)
# What stands before a word that opens a sentence: nothing, ``. ``, ``: ``, a dash, an opening mark.
_SENTENCE_START = re.compile(r"(?:^|[.!?:] |(?: |--)[–—-]+ |[“\"‘(])[\s“\"‘'(]*$")


# In the lists of words too, as they are in every newspaper; nine times in ten with a capital there.
_ALWAYS = listed(
    """
    bekasi indonesia islam jakarta pemalang tabanan yogyakarta januari februari maret april mei juni
    juli agustus september oktober november desember senin selasa rabu kamis jumat sabtu natal lebaran
    imlek ramadan paskah rusia iran persia hawaii penang makkah melayu minang tuhan pancasila instagram
    twitter honda toyota yamaha daihatsu mitsubishi nissan wuling innova avanza brio vario calya ertiga
    fortuner agung budi dewi farhan fajar ilham taufik petrus saleh halilintar jabar tanjung kemayoran
    merapi kuningan tengger kendal banggai kejari kejagung menhub jaya metro liga
    """
)
# Firms called by two words of the language.
_FIRMS = frozenset(
    (
        ("adhi", "karya"),
        ("angkasa", "pura"),
        ("hutama", "karya"),
        ("jasa", "marga"),
        ("jasa", "raharja"),
        ("waskita", "karya"),
        ("wijaya", "karya"),
    )
)
# Before these a place, not what else its name means: "di Medan", not the field.
_WHERE = frozenset(("di", "ke", "dari", "asal"))
# Behind a place part of its name: Bandung Barat, Rokan Hulu. "Tengah", which may be "amid", behind few.
_SIDES = frozenset(("barat", "daya", "hilir", "hulu", "raya", "selatan", "tenggara", "timur", "utara"))
_MIDDLE = frozenset(
    ("aceh", "bangka", "buton", "halmahera", "lampung", "lombok", "maluku", "mamuju", "sungai", "tapanuli")
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A sentence for the model, and how to give its look back.

    ``dateline`` stood in front of ``text`` and stays untranslated; ``look`` is ``upper`` or ``title``
    for a source that was set so, else empty; ``special`` says that special tokens were neutralised.
    """

    text: str
    dateline: str = ""
    look: str = ""
    special: bool = False

    def restore(self, target: str) -> str:
        """Return the translation of :attr:`text` as the source looked."""
        if self.look == "upper":
            target = target.upper()
        elif self.look == "title":
            target = _title_case(target)
        if self.special:
            target = _NEUTRAL.sub(lambda m: f"<{m[1]}>" if m[1] else f">>{m[2]}<<", target)
        return _FOREIGN.sub(_english_place, self.dateline) + target if self.dateline else target


def normalise(source: str, *, casing: Mapping[str, str] = _NO_CASING, headline: bool = False) -> Normalised:
    """Return what the model should get for ``source``; doing it twice changes nothing more.

    ``casing`` (from :func:`learn_casing`) says how names and acronyms in ALL-CAPS text are written;
    without it only acronyms that cannot be read as a word keep their capitals. Title Case is
    undone only in a ``headline``; what seems a name there keeps its capital unless ``casing`` knows better.
    """
    # What one rule changes may show another its work: "JAKARTA – BANJIR LAGI" is a dateline once calm.
    passes = [_pass(source, casing, headline=headline)]
    while len(passes) < _PASSES and passes[-1].text != (passes[-2].text if len(passes) > 1 else source):
        passes.append(_pass(passes[-1].text, casing, headline=headline))
    place = ""
    # A pass may have found a dateline behind that of the one before.
    for done in reversed(passes):
        place = done.dateline + (place.upper() if done.look == "upper" else place)
    look = next((done.look for done in passes if done.look), "")
    return Normalised(passes[-1].text, place, look, any(done.special for done in passes))


def _is_common(low: str) -> bool:
    known = low in vocabulary.written_small() or vocabulary.is_indonesian(low)
    return known or low in vocabulary.bare_verbs()


def _pass(text: str, casing: Mapping[str, str], *, headline: bool) -> Normalised:
    special = False
    if _NEEDS.search(text):
        text, count = _SPECIAL.subn(lambda m: f"‹{m[1]}›" if m[1] else f"»{m[2]}«", text)
        special = count > 0
        text = _ODD.sub(lambda m: _PLAIN[m[0]], text)
        for pattern, replacement in _RULES:
            text = pattern.sub(replacement, text)
    dateline, text = split_dateline(text, casing)
    text, look = _calm(text, casing, headline=headline)
    return Normalised(text, dateline, look, special)


def learn_casing(text: str, acronyms: Iterable[str] = ()) -> dict[str, str]:
    """Return how ``text``, the article around a headline, writes its names and acronyms: lower case to true
    case.

    A word counts where it cannot owe its capital to the start of a sentence or to a line in capitals.
    """
    forms: dict[str, Counter[str]] = {}
    for line in text.split("\n"):
        dateline, rest = split_dateline(line, _NO_CASING)
        names = [word.title() for word in _WORD.findall(dateline)]
        # Spaces for them, so that all else keeps its place.
        calm = _SHOUT.sub(lambda m: " " * len(m[0]), rest)
        inner = [m[0] for m in _WORD.finditer(calm) if not _opens(rest, m.start())]
        # The headline itself or one of another article: its capitals tell nothing, but for acronyms.
        if _is_title_case(calm):
            inner = [word for word in inner if word.isupper()]
        for word in (*names, *inner):
            forms.setdefault(word.lower(), Counter())[word] += 1
    learned = {lower: counts.most_common(1)[0][0] for lower, counts in forms.items()}
    # What the article itself does goes before the list.
    return {acronym.lower(): acronym for acronym in acronyms} | learned


def reads_as_headline(text: str) -> bool:
    """Return whether ``text`` is in Title Case and ends without a mark, wherever it stands."""
    return not text.rstrip("\"”’')» ").endswith((".", "!", "?", "…", ":", ",")) and _is_title_case(text)


def split_dateline(text: str, casing: Mapping[str, str] = _NO_CASING) -> tuple[str, str]:
    """Return the datelines that ``text`` begins with, and the rest."""
    end = 0
    mixed: int | None = None
    while found := _DATELINE.match(text, end):
        if mixed is None:
            last = _LAST_MIXED.match(text)
            mixed = last.start(1) if last else -1
        # Behind it no word in small letters: in a line of capitals nothing tells a dateline from the rest.
        if mixed < found.end() or casing.get(found["parts"].lower(), "").isupper():
            break
        end = found.end()
    return text[:end], text[end:]


def _english_place(found: re.Match[str]) -> str:
    name = _ENGLISH_PLACES[found[0].title()]
    return name.upper() if found[0].isupper() else name


def _calm(text: str, casing: Mapping[str, str], *, headline: bool) -> tuple[str, str]:
    calm = _SHOUT.sub(lambda m: _sentence_case(m[0], text, m.start(), casing), text)
    if calm != text and not _MIXED.search(text):
        return calm, "upper"
    if headline and _is_title_case(calm):
        return _sentence_case(calm, calm, 0, _names_of(calm) | dict(casing)), "title"
    return calm, ""


def _names_of(headline: str) -> dict[str, str]:
    """Return the names and acronyms of a headline in Title Case, as its words tell: lower case to true case.

    What is no common Indonesian word is one, a word in capitals, and a place where one stands.
    """
    found, before, end = dict[str, str](), "", 0
    words = [*_WORD.finditer(headline)]
    for number, match in enumerate(words):
        word, low = match[0], match[0].lower()
        # A comma ends a place.
        beside = before if headline[end : match.start()] == " " else ""
        acronym = word.isupper() and len(word) > 1
        place = low in _ALWAYS or (before in _WHERE and low in vocabulary.places())
        joined = (beside, low) in _FIRMS or (beside, low) in vocabulary.joined_places()
        if joined and word[0].isupper():
            found |= {beside: headline[end - len(beside) : end], low: word}
        elif word[0].isupper() and (
            acronym
            or place
            or _is_side(beside, low, found)
            or not _is_common(low)
            or _is_called(low, found.get(beside, ""), words[number + 1 : number + 2])
        ):
            found[low] = word
        before, end = low, match.end()
    return found


def _is_side(before: str, low: str, found: Mapping[str, str]) -> bool:
    """Return whether a word is part of the name of the place before it: *Barat* of *Bandung Barat*."""
    if low == "tengah":
        return before in _MIDDLE
    return low in _SIDES and (before in found or before in vocabulary.places())


def _is_called(low: str, before: str, after: Sequence[re.Match[str]]) -> bool:
    """Return whether a word that people are called is one's name here: a name stands beside it."""
    if low not in vocabulary.given_names() or low in vocabulary.bare_verbs():
        return False
    behind = after[0][0] if after else ""
    return any(name.istitle() and not _is_common(name.lower()) for name in (before, behind))


def _sentence_case(part: str, text: str, start: int, casing: Mapping[str, str]) -> str:
    words = [found[0] for found in _WORD.finditer(part)]
    # Nearly all of it stays as it is: a row of acronyms, and no shouting.
    if part.isupper() and sum(_lowered(word, casing) != word for word in words) < 2:
        return part

    def write(found: re.Match[str]) -> str:
        word = _lowered(found[0], casing)
        return word[:1].upper() + word[1:] if _opens(text, start + found.start()) else word

    return _WORD.sub(write, part)


def _opens(text: str, at: int) -> bool:
    """Return whether a sentence or a quotation starts at ``at``; a few characters before it tell."""
    return _SENTENCE_START.search(text, max(0, at - 8), at) is not None


def _lowered(word: str, casing: Mapping[str, str]) -> str:
    known = casing.get(word.lower())
    if known is not None:
        return known
    vowels = sum(c in "AEIOU" for c in word.upper())
    # Without a vowel it cannot be read as a word: KPK, BPS.
    return word if word.isupper() and (len(word) == 1 or not vowels) else word.lower()


def _is_title_case(text: str) -> bool:
    # Short words are small in headlines of either kind, and tell nothing.
    words = [word for word in _WORD.findall(text) if len(word) > 3]
    return len(words) > 3 and sum(word[0].isupper() for word in words) >= 0.7 * len(words)


def _title_case(text: str) -> str:
    """Return English headline case: all words but the small ones, which keep a capital first and last."""
    found = list(_WORD.finditer(text))
    last = [match.start() for match in found[-1:] if not _DIGIT.search(text, match.end())]
    ends = {match.start() for match in found[:1]}.union(last)

    def write(match: re.Match[str]) -> str:
        word, at = match[0], match.start()
        # "17th" stays.
        small = (word in _SMALL and at not in ends) or text[max(0, at - 1) : at].isdigit()
        return word if small else word[:1].upper() + word[1:]

    return _WORD.sub(write, text)
