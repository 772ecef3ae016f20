"""Sentences, losslessly: ``split(text).text == text`` for any string.

A full stop, question or exclamation mark (with the quotes and brackets that close on it)
and white space after it make a candidate; a line break always ends a segment. Sentences
inside a quotation are segments of their own, so that a long quotation stays translatable;
sentences inside a short bracket are not. Every look around a candidate is bounded, so the
time is linear in the text whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from service.document import Segment, Segmented
from service.text.words import listed

# A line without the white space around it.
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
# The empty second group marks where the sentence ends, white space follows.
# Numbers of notes may stand between.
_MARK = re.compile(r"""([.!?…]++)["'”’“‘»)\]]*+[⁰¹²³⁴-⁹]*+()\s*+""")
_OPENERS = "\"'“‘”’«([-–—•*"
# ``“ Kami``, ``(- Ia``: a few opening marks and spaces, then the beginning of a word.
_NEXT = re.compile(r"""["'“‘”’«(\[\-–—•*\s]{0,6}+(\S{0,16})""")
_NOTES = "⁰¹²³⁴⁵⁶⁷⁸⁹"
# Characters to each side in which a bracket is looked for, and in which the word before a stop is: bounds
# that keep the time linear.
_BRACKET_REACH = 300
_WORD_REACH = 24


# Full stops that never end a sentence when a name or a number follows: titles, ranks,
# company forms, address parts and prepositions written short.
_BOUND = listed(
    """
    dr drg drh drs dra prof ir hj kh k.h tgk ust pdt mgr rm ny tn nn sdr sdri bpk yth mr mrs ms
    jend jenderal letjen mayjen brigjen kol letkol kapt lettu letda komjen irjen kombes kompol
    br fr msgr tgh hb ns apt adv rd kgs kms mgs msy gst nym wy moh muh moch mhd muhd abd ach dok
    plt plh pj pjs pt cv ud fa jl jln gg ds dsn kel kec kab prov kep kp tg kav tgl tlp telp hlm rp
    a.n d.a u.b u.p c.q q.q s.d a.l vs st sdn fig rep dipl dit ditjen sp inf pol jo capt rer nat
    """
)
# Words that are short for something only before a number.
_BEFORE_NUMBER = listed("no hal pkl pk ps ay km lt rt rw bab vol art gb")
# May close a sentence, but belong to what follows when that is a bracket or a degree.
_OPEN_ENDED = listed("dll dkk dst dsb tbk inc ltd corp co jr sr")
# After one of these a single letter is a label ("vitamin C."), not an initial.
_LABELLED = listed(
    "vitamin kelas blok tipe golongan grup kategori seri plan rencana zona hepatitis jalur kelompok "
    "peringkat nilai akreditasi sim liga serie terminal gedung sektor ring pihak paket juz huruf"
)
# Words that open a sentence and are no family name: they end an initial or an acronym before them.
_STARTERS = listed(
    """
    Ini Itu Hal Dia Ia Kami Kita Mereka Saya Anda Namun Tetapi Tapi Akan Dan Atau Jika Kalau Bila Karena
    Sebab Oleh Untuk Dari Dengan Dalam Pada Di Ke Sejak Setelah Sebelum Saat Ketika Sementara Selain
    Sedangkan Adapun Menurut Sebagai Seperti Bahkan Juga Tidak Tak Bukan Belum Sudah Telah Para Semua
    Setiap Seorang Sebuah Beberapa Banyak Ada Apa Siapa Bagaimana Mengapa Kenapa Kapan Yang Meski Meskipun
    Walau Walaupun Agar Supaya Sehingga Hingga Sampai Kemudian Lalu Selanjutnya Sebelumnya Padahal Jadi
    Hanya Masih Lebih Bagi Berikut Terkait Tentang Antara Usai Atas Kata Ujar Adalah Demikian Sebaliknya
    Pihak Salah Satu Dua Tiga Rencananya Akhirnya Selama Begitu Alasannya Pasalnya
    """
)
# "Gadis itu": a capital that opens a sentence, not a surname.
_NOUN = re.compile(r"\s{1,4}\w{1,20}\s(?:itu|ini|tersebut)\b")
_NAMES_WITH_MARK = ("Yahoo", "Jeopardy")
_YEAR = re.compile(r"(?:19|20)\d\d\)")
_BRACKETED_WORD = re.compile(r"\([^\s()]{1,12}\Z")  # "Kombes Pol. (Purn.) Agus"
# "12", "a", "IV" in front of a point: the number of an item.
_ENUMERATOR = re.compile(r"\d{1,3}|[A-Za-z]|[IVX]{1,5}")
# "S.H", "M.Si", "a.n".
_DOTTED = re.compile(r"(?:[^\W\d_]{1,6}\.)+[^\W\d_]{1,6}")
_AGENCY = re.compile(r"\A[^\W\d_]{3,}+/[A-Z]\Z")  # "ANTARA FOTO/M. Risyal"
# "A", "S.H", "B.J".
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


def split(text: str) -> Segmented:
    """Return the sentences of ``text``; no segment is empty or has white space at its ends."""
    spans = [span for line in _LINE.finditer(text) for span in _sentences(text, *line.span())]
    # Most calls are of one sentence already.
    if len(spans) == 1:
        (start, end), *_ = spans
        return Segmented(text[:start], (Segment(text[start:end], text[end:]),))
    if not spans:
        return Segmented(text, ())
    following = [start for start, _ in spans[1:]] + [len(text)]
    segments = [
        Segment(text[start:end], text[end:after])
        for (start, end), after in zip(spans, following, strict=True)
    ]
    return Segmented(text[: spans[0][0]], tuple(segments))


def _sentences(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield spans of the sentences of one line, ``text[start:stop]``, that has no white space at its ends."""
    for mark in _MARK.finditer(text, start, stop):
        end, after = mark.start(2), mark.end()
        # White space must follow: "Rp1.500" and "kompas.com" hold no end.
        if end < after and _is_boundary(text, start, mark):
            yield start, end
            start = after
    yield start, stop


def _is_boundary(text: str, start: int, mark: re.Match[str]) -> bool:
    """Return whether the sentence that begins at ``start`` ends with ``mark``."""
    stop, after = mark.start(), mark.end()
    opener, following = _following(text, after)
    closers, dots = text[mark.end(1) : mark.start(2)].rstrip(_NOTES), mark[1]
    if not _can_open(following) and not (dots == "." and _lower_may_open(text, mark, opener, following)):
        return False
    if dots == ".":
        if not closers and not _stop_ends(text, start, stop, opener, following):
            return False
        if closers == ")" and _BRACKETED_WORD.search(text, max(start, stop - _WORD_REACH), stop):
            return False
    elif opener == "(" and _YEAR.match(following):
        # A title that ends in a mark, and its year.
        return False
    elif dots == "!" and text[max(start, stop - 9) : stop].endswith(_NAMES_WITH_MARK):
        return False
    return not _in_bracket(text, start, after)


def _following(text: str, position: int) -> tuple[str, str]:
    """Return the quote, bracket or dash at ``position`` (or nothing) and the word that comes then."""
    # There is always one more character: a line has no white space at its end.
    if (first := text[position]) not in _OPENERS:
        return "", text[position : position + 16].split(None, 1)[0]
    found = _NEXT.match(text, position)
    return first, found[1] if found else ""


def _can_open(word: str) -> bool:
    """Return whether a sentence may open with ``word``: not in lower case, unless like iPhone or e-KTP."""
    if not word:
        return False
    if not word[0].islower():
        return word[0].isalnum() or word[0] in "#@$€£&+"
    return len(word) > 2 and (word[1].isupper() or (word[1] == "-" and word[2].isupper()))


def _lower_may_open(text: str, mark: re.Match[str], opener: str, following: str) -> bool:
    """Return whether a full stop before lower case ends a sentence.

    It does before a bracket of its own, or carelessly typed after a long plain word.
    """
    if opener in ("(", "["):
        return bool(following)
    word = text[max(0, mark.start() - 5) : mark.end(1) - 1]
    plain = mark.start(2) == mark.end(1) and len(word) == 5 and word.isalpha() and word.islower()
    return plain and not opener and following.isalpha() and following not in {"com", "net", "org", "id"}


def _stop_ends(text: str, start: int, stop: int, opener: str, following: str) -> bool:
    """Return whether a single full stop at ``stop`` ends a sentence rather than an abbreviation."""
    words = text[max(start, stop - _WORD_REACH) : stop].split()
    word = words[-1].lstrip(_OPENERS) if words else ""
    before = words[-2] if len(words) > 1 else ""
    # "FOTO/M." is the initial "M" behind the agency's name.
    if _AGENCY.match(word):
        word = word.rpartition("/")[2]
    if not word or (stop - len(word) <= start + 1 and _ENUMERATOR.fullmatch(word)):
        return False
    key = word.lower()
    if key in _BEFORE_NUMBER:
        return not following[0].isdigit()
    # ``syarat: 1. Fotokopi``: a number behind a colon is that of an item.
    if key in _BOUND or (word.isdigit() and before.endswith(":")):
        return False
    if _INITIALS.fullmatch(word):
        return bool(_NOUN.match(text, stop + 1)) or _initial_ends(word, before, following)
    if key in _OPEN_ENDED or _DOTTED.fullmatch(word):
        return opener != "(" and not _DOTTED.match(following)
    return True


def _initial_ends(word: str, before: str, following: str) -> bool:
    """Return whether ``A.`` or ``S.H.`` closes its sentence: a label or a degree can, a name's initial
    cannot.
    """
    if following.rstrip(",") in _STARTERS:
        return not before.endswith(".")  # in "Dr. H. Lalu Ahmad" even a starter is a name
    if len(word) == 1:
        return before.lower() in _LABELLED or (before.isdigit() and len(before) == 4)
    return before.endswith(",") and not _DOTTED.match(following)


def _in_bracket(text: str, start: int, position: int) -> bool:
    """Return whether ``position`` lies in a bracket that closes soon; one left open holds nothing."""
    low, high = max(start, position - _BRACKET_REACH), position + _BRACKET_REACH
    for left, right in ("()", "[]"):
        opened = text.rfind(left, low, position)
        if opened < 0 or text.find(right, opened, position) >= 0:
            continue
        closed = text.find(right, position, high)
        if closed >= 0 and text.find(left, position, closed) < 0 and text.find("\n", position, closed) < 0:
            return True
    return False


_MARK_CUTS = tuple(re.compile(rf"{marks}[\"'”’»)\]]*+(\s++)") for marks in (";", ":", "[,–—]"))
# Strongest first; the last one is between any two characters.
_CUTS = (*_MARK_CUTS, re.compile(r"(\s++)"), re.compile(r"(?<=\S)()(?=\S)"))


def split_long(sentence: str, fits: Callable[[str], bool]) -> Segmented:
    """Return ``sentence`` in as few and as even pieces as ``fits`` allows, cut at the strongest marks that
    do.

    What does not fit is cut at ``;``, what then does not fit at ``:``, then at ``,`` and
    dashes, then at white space, then anywhere; neighbours that fit together are put back.
    ``fits`` should hold for every part of a text it holds for; a single character is a
    piece even when it does not fit. Pieces and gaps together are the sentence.
    """
    core = sentence.strip()
    if not core:
        return Segmented(sentence, ())
    start = sentence.index(core)
    units = [(start, start + len(core))]
    for cut in _CUTS:
        units = [
            u for a, b in units for u in ([(a, b)] if fits(sentence[a:b]) else _parts(sentence, a, b, cut))
        ]
    spans = _pack(sentence, units, fits)
    following = [a for a, _ in spans[1:]] + [len(sentence)]
    pieces = [Segment(sentence[a:b], sentence[b:n]) for (a, b), n in zip(spans, following, strict=True)]
    return Segmented(sentence[:start], tuple(pieces))


def _parts(text: str, start: int, stop: int, cut: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the spans of ``text[start:stop]`` between the matches of ``cut``; group 1 is the gap."""
    for found in cut.finditer(text, start, stop):
        yield start, found.start(1)
        start = found.end(1)
    yield start, stop


def _pack(text: str, units: Sequence[tuple[int, int]], fits: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Return ``units`` joined into the fewest spans that fit, of even length where that fits too."""
    # As full as can be from the front: that is how few they can be.
    firsts = [0]
    while (first := firsts[-1] + _longest(text, units, firsts[-1], fits)) < len(units):
        firsts.append(first)
    starts = [start for start, _ in units]
    length = (units[-1][1] - starts[0]) / len(firsts)
    # As many of even length; taken only if every one fits.
    even = [0, *(bisect_right(starts, starts[0] + length * i) - 1 for i in range(1, len(firsts)))]
    spans = _spans(units, even)
    if all(a < b and fits(text[a:b]) for a, b in spans):
        return spans
    return _spans(units, firsts)


def _longest(text: str, units: Sequence[tuple[int, int]], first: int, fits: Callable[[str], bool]) -> int:
    """Return how many units from ``first`` fit together, at least one: doubling, then halving."""
    start, left = units[first][0], len(units) - first
    count, over = 1, 2
    while over <= left and fits(text[start : units[first + over - 1][1]]):
        count, over = over, over * 2
    over = min(over, left + 1)
    while over - count > 1:
        middle = (count + over) // 2
        if fits(text[start : units[first + middle - 1][1]]):
            count = middle
        else:
            over = middle
    return count


def _spans(units: Sequence[tuple[int, int]], firsts: Sequence[int]) -> list[tuple[int, int]]:
    """Return the spans from each of ``firsts`` to the unit before the next."""
    lasts = [first - 1 for first in firsts[1:]] + [len(units) - 1]
    return [(units[a][0], units[b][1]) for a, b in zip(firsts, lasts, strict=True)]
