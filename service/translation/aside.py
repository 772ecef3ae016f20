"""What a model must not touch: addresses, case and telephone numbers, placeholders, the numbers of notes.

An address goes through the engine as a short mark that models copy, and comes back in its place; a note's
number is taken out and put back behind its word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from service.text.placeholders import BRACED, PRINTED
from service.translation.normalise import split_dateline

# What an address cannot end with, although a sentence may.
# Every run is bounded and begins where a run can begin, so that a text is not read again from each letter.
# "https://www.kompas.com/read/1", without the full stop behind it.
_URL = r"(?:https?://|www\.)[^\s<>\"“”‘’]{0,2000}[^\s<>\"“”‘’.,;:!?)\]}'…]"
# "redaksi@berita.co.id".
_MAIL = r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,24}"
# "kompas.com", "detik.com/jatim": written as in running text, of the endings that Indonesian sites have.
_DOMAIN = (
    r"(?<![\w@.-])(?:[A-Za-z0-9-]{1,63}\.){1,8}(?:com|co\.id|go\.id|or\.id|ac\.id|sch\.id|net|org|info|id|tv|me|app|example)"
    r"(?:/[^\s<>\"“”]{0,500}[^\s<>\"“”.,;:!?)\]])?(?![\w.]{0,64}\w)"
)
# "#IndonesiaMaju"; a number alone ("#1") is none.
_HASHTAG = r"(?<![\w&])#(?=\w{0,100}[^\W\d])\w+"
_HANDLE = r"(?<![\w@.])@\w[\w.]*\w"
# "0812-3456-7890", "(021) 555 1234", "+62 21 5551234".
_PHONE = (
    r"(?<![\w.,/-])(?:\+62[\s.-]?|\(0\d{2,3}\)[\s.-]?|0(?=\d{2,3}[\s.-]?\d{3}))"
    r"\d{2,4}(?:[\s.-]?\d{2,4}){1,3}(?![\w/])"
)
# LP/B/123/VI/2024/SPKT, 12/Pid.Sus/2024/PN Jkt.Sel, 441.7/0456/Dinkes/2024
_CASE = (
    r"(?<![\w./-])(?=[\w./-]{0,80}[A-Za-z])(?=(?:[\w.-]{1,40}/){0,8}\d{1,12}(?:\.\d{1,12})?(?:/|(?![\w.-])))"
    r"[\w.-]{1,40}(?:/[\w.-]{0,40}\w){2,8}"
    r"(?:(?<=/P[NT])\s[A-Z][a-z]{2}(?:\.[A-Z][a-z]{2,3})?\b)?(?![\w/])"
)
# With the letters that touch it, as in Rp{harga}: a mark has to stand by itself.
_BRACED = rf"(?<!\w)\w{{0,16}}+(?:{BRACED}\w{{0,16}}+){{1,8}}"
_PRINTED = rf"(?<![\w%])[^\W\d_]{{0,16}}+{PRINTED}(?!\w)"
_ADDRESS = re.compile("|".join((_URL, _MAIL, _DOMAIN, _CASE, _HASHTAG, _HANDLE, _PHONE, _BRACED, _PRINTED)))
# What every address holds. Each alternative begins with a sign of its own, so that the search skips the rest.
_SIGNS = re.compile(
    r"@|\{|%[-+#.(\dsdiufgxchlz@]|#|/(?:/|[\w.-]{0,41}/)|www\.|\.(?:com|co|go|or|ac|sch|net|org|info|id|tv|me|app|example)\b|\+62"
    r"|0(?<![\w.,/-]0)\d\d|\(0"
)

# Behind a word, a number or a closing mark; not behind a unit: km², m³, CO₂ are words themselves.
_NOTE = re.compile(
    r"(?<=[\w.,;:!?%)\]\"”’])(?<![\s\d(/.]m)(?<!km)(?<!cm)(?<!mm)(?<!dm)(?<!hm)(?<!ft)(?<!\binci)[⁰¹²³⁴-⁹]+(?:[,⁾]?[⁰¹²³⁴-⁹]+)*"
)
# A mark, however its letters were set.
_MARK = re.compile(r"(?<!\w)XX?\d{1,4}XX?(?!\w)", re.IGNORECASE)
_HAS_NOTE = re.compile("[⁰¹²³⁴-⁹]")
_WORD = re.compile(r"[^\W_]+(?:[.,'’-][^\W_]+)*%?")


def addresses(text: str) -> list[str]:
    """Return the addresses in ``text``, in order."""
    return [text[start:end] for start, end in _spans(text)]


def blanked(text: str) -> str:
    """Return ``text`` with spaces for its addresses and the numbers of notes; all else keeps its place."""
    text = _replaced(text, lambda found: " " * len(found))
    return _NOTE.sub(lambda note: " " * len(note[0]), text) if _has_note(text) else text


def without_addresses(text: str) -> str:
    """Return ``text`` with a space for each address."""
    return _replaced(text, lambda _: " ")


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where the addresses are. A short number is none, and a site's name in a dateline belongs to
    that."""
    if not _SIGNS.search(text):
        return []
    first = len(split_dateline(text)[0])
    found = (match for match in _ADDRESS.finditer(text, first))
    return [match.span() for match in found if not _short(match[0])]


def _short(found: str) -> bool:
    """Return whether what looks like a telephone number has too few digits for one."""
    return found[0] in "+(0" and not any(map(str.isalpha, found)) and sum(map(str.isdigit, found)) < 8


def _replaced(text: str, put: Callable[[str], str]) -> str:
    spans = _spans(text)
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], put(text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def without_notes(text: str) -> str:
    """Return ``text`` without the numbers of notes."""
    return _NOTE.sub("", text) if _has_note(text) else text


def _has_note(text: str) -> bool:
    return not text.isascii() and _HAS_NOTE.search(text) is not None


@dataclass(frozen=True, slots=True)
class _Note:
    """A note's number and where it stands: behind the ``nth`` such word, behind a ``stop``, how far on (0
    to 1).
    """

    mark: str
    word: str
    nth: int
    share: float
    stop: bool


@dataclass(frozen=True, slots=True)
class Aside:
    """A sentence for the engine, and what to put back into its translation."""

    text: str
    held: tuple[tuple[str, str], ...] = ()
    notes: tuple[_Note, ...] = ()

    def missing(self, target: str) -> list[str]:
        """Return the addresses whose marks ``target`` does not hold."""
        there = {found[0].upper() for found in _MARK.finditer(target)}
        return [address for mark, address in self.held if mark not in there]

    def restore(self, target: str) -> str:
        """Return ``target`` with the addresses in the places of their marks, lost ones in brackets at the
        end, and notes too.
        """
        held, there = dict(self.held), set[str]()

        def put_back(found: re.Match[str]) -> str:
            mark = found[0].upper()
            there.add(mark)
            return held.get(mark, found[0])

        target = _MARK.sub(put_back, target)
        for mark, address in self.held:
            if mark not in there and address not in target:
                target = _appended(target, address)
        return _noted(target, self.notes)


def set_aside(text: str) -> Aside:
    """Return ``text`` as the engine gets it."""
    text, notes = _take_notes(text)
    marks: dict[str, str] = {}
    # A text may hold such a mark by itself.
    taken = {found[0].upper() for found in _MARK.finditer(text)}

    def mark_of(address: str) -> str:
        if address not in marks:
            marks[address] = _free(taken, len(marks))
        return marks[address]

    marked = _replaced(text, mark_of)
    return Aside(marked, tuple((mark, address) for address, mark in marks.items()), notes)


def _free(taken: Collection[str], number: int) -> str:
    """Return a mark that the text does not hold: X1X, X2X …"""
    name = f"X{number + 1}X"
    return name if name not in taken else f"XX{number + 1}XX"


def _appended(target: str, address: str) -> str:
    body = target.rstrip()
    stop = body[-1] if body.endswith((".", "!", "?")) else ""
    return f"{body.removesuffix(stop)} ({address}){stop}"


def _take_notes(text: str) -> tuple[str, tuple[_Note, ...]]:
    if not _has_note(text):
        return text, ()
    notes, kept, at = [], "", 0
    for found in _NOTE.finditer(text):
        kept += text[at : found.start()]
        at = found.end()
        words = _WORD.findall(kept)
        word = words[-1] if words else ""
        share = len(kept) / max(1, len(_NOTE.sub("", text)))
        notes.append(_Note(found[0], word, words.count(word), share, kept[-1:] in '.!?"”’)'))
    return kept + text[at:], tuple(notes)


def _noted(target: str, notes: Sequence[_Note]) -> str:
    """Return ``target`` with each note's number behind its word, or the word that stands as far on."""
    places = [(_place(target, note), note.mark) for note in notes]
    # From the end, so that the places before it stay where they are.
    for place, mark in sorted(places, key=lambda pair: -pair[0]):
        target = target[:place] + mark + target[place:]
    return target


def _place(target: str, note: _Note) -> int:
    # At the end of the source, at the end of the English too: its last word may be another one there.
    if note.share > 0.9 and (note.stop or not note.word[:1].isdigit()):
        return len(target.rstrip()) if note.stop else len(target.rstrip(' .!?"”’)'))
    same = [m.end() for m in _WORD.finditer(target) if _alike(m[0], note.word)]
    if len(same) >= note.nth >= 1:
        return same[note.nth - 1]
    ends = [m.end() for m in _WORD.finditer(target)]
    return min(ends, key=lambda end: abs(end - note.share * len(target)), default=len(target))


def _alike(word: str, other: str) -> bool:
    """Return whether two words are one, be their figures written as here or there."""
    plain = str.maketrans("", "", ".,%")
    same = word.casefold() == other.casefold()
    return same or (word[:1].isdigit() and word.translate(plain) == other.translate(plain))
