"""Holds a translation to the glossary: names in the source, a check and edits of the target.

All of it works on text before and after the engine, so it serves every engine. What each step brings is
measured by ``python -m eval.bench.glossary``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.translation.glossary import WORD, Glossary, Match, Surroundings, Term

_TOKEN = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile(r"['’]")
# British spellings of words in names, so that either is a right answer.
_SPELLING = {
    "labour": "labor", "defence": "defense", "centre": "center", "organisation": "organization",
    "programme": "program", "programmes": "programs", "authorised": "authorized",
}  # fmt: skip
# After these a name needs its article; after any other word ("former", "a", "its") it has none to need.
_BEFORE_ARTICLE = frozenset(
    _TOKEN.findall(
        "about after against and as at before between by for from in into of on or said says than that"
        " through to toward under via when where which while with"
    )
)
_MANY = frozenset(
    _TOKEN.findall("all dozens few hundreds many most other several some these those two three various")
)
_DIRECTIONS = {
    "Utara": "North", "Selatan": "South", "Timur": "East", "Barat": "West", "Tengah": "Central",
    "Tenggara": "Southeast", "Barat Daya": "Southwest", "Barat Laut": "Northwest", "Timur Laut": "Northeast",
    "Pegunungan": "Highland",
}  # fmt: skip
_NO_PLACE = "Kabupaten|Kecamatan|Kelurahan|Desa|Provinsi|Kota|Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu"
# " Wonogiri", " Lombok Timur", " Jawa Barat Daya", behind a unit such as Kabupaten.
_PLACE = re.compile(
    rf" ((?!{_NO_PLACE})[A-Z][\w'’-]+(?: Bagian)?(?: (?!{_NO_PLACE})[A-Z][\w'’-]+)?(?: Daya\b| Laut\b)?)"
)


@dataclass(frozen=True, slots=True)
class TermCheck:
    """The terms of a source sentence, and those of them that the target does not render rightly."""

    matches: tuple[Match, ...]
    misses: tuple[Match, ...]


_NOTHING = TermCheck((), ())
_KEPT = 1024
"""Sentences whose terms are kept."""


class ArticleTerms:
    """A glossary at work on one article, so that a term means the same from the first to the last sentence.

    With ``expand`` the first mention of an institution by its acronym is spelled out. Sentences are
    given in reading order; an instance belongs to one thread.
    """

    def __init__(self, glossary: Glossary, article: str, *, expand: bool = False) -> None:
        self._glossary = glossary
        self._article = Surroundings(article)
        self._expand = expand
        self._introduced: set[Term] = set()
        self._found: dict[str, list[Match]] = {}

    def check(self, source: str, target: str) -> TermCheck:
        """Return which terms of ``source`` have a right rendering in ``target``."""
        matches = self._find(source)
        if not matches:
            return _NOTHING
        folded = _fold(target)
        # A term may stand there as often as the text is long: the target is searched once for each form.
        missed: dict[tuple[Term, str], bool] = {}
        misses = []
        for match in matches:
            key = match.term, source[match.start : match.end]
            if key not in missed:
                missed[key] = not _rendered(match.term, folded) or _left(*key, folded)
            if missed[key]:
                misses.append(match)
        return TermCheck(tuple(matches), tuple(misses))

    def said(self, source: str, target: str) -> list[tuple[str, str]]:
        """Return the terms of ``source`` and how ``target`` has them in full; acronyms are no rendering
        here."""
        folded = ""
        found = []
        for term in _unique(self._find(source)):
            folded = folded or _fold(target)
            names = [
                name
                for name in (term.en, *term.also)
                if not name.isupper() and " " in name.removeprefix("the ")
            ]
            if english := next((name for name in names if _holds(folded, name)), ""):
                found.append((term.id, english.removeprefix("the ")))
        return found

    def _find(self, source: str) -> list[Match]:
        """Return the terms of a sentence, which is asked about before the engine and after it."""
        if source not in self._found:
            if len(self._found) >= _KEPT:
                self._found.clear()
            around = self._article if self._article.text else ""
            self._found[source] = self._glossary.find(source, around)
        return self._found[source]

    def inject(self, source: str) -> str:
        """Return ``source`` with the English names in the places of its terms, for a model that copies them.

        What stands in brackets after its name, and an acronym that English keeps, stays as it is. So does
        an ordinary word that is part of a name: *Waduk* Gajah Mungkur.
        """
        parts, last, at = list[str](), "", 0
        for match in self._find(source):
            name, start, end = _name(match.term, source, match.start, match.end)
            if match.term.kind == WORD and _in_name(source, match):
                continue
            # Not one that lies in a place name that was just put in.
            if start >= at and (match.term.kind != "unit" or end > match.end):
                last = _last_sign(source[at:start]) or last
                name = _cased(last, name)
                parts += [source[at:start], name]
                last, at = _last_sign(name) or last, end
        return "".join(parts) + source[at:]

    def choose(self, source: str, targets: Sequence[str]) -> int:
        """Return the index of the target with the fewest misses, the first of equals."""
        return min(range(len(targets)), key=lambda index: len(self.check(source, targets[index]).misses))

    def edit(self, source: str, target: str) -> str:
        """Return ``target`` with known wrong renderings and untranslated terms put right, and all else
        untouched."""
        check = self.check(source, target)
        for term in _unique(check.misses):
            target = _correct(term, self._glossary.rivals(term), target)
        if self._expand:
            for term in _unique(check.matches):
                target = self._introduce(term, target)
        return target

    def _introduce(self, term: Term, target: str) -> str:
        if term in self._introduced or term.short != term.id or term.short in term.en:
            return target
        if _holds(_fold(target), term.en):
            self._introduced.add(term)
            return target
        # Not in a bracket, where it is introduced already.
        standing = re.compile(rf"(?<![\w(])(?:[Tt]he )?{re.escape(term.short)}(?![\w'’])(?!\))")
        found = standing.search(target)
        if not found:
            return target
        self._introduced.add(term)
        name = f"{term.en} ({term.short})"
        if not found.group().startswith(("the ", "The ")) and not _wants_article(target, found.start()):
            name = name.removeprefix("the ")
        return _put(target, name, found.start(), found.end())


def _in_name(source: str, match: Match) -> bool:
    """Return whether a word is written as part of a name: with a capital, or before another with one."""
    if not source[match.start].isupper():
        return False
    after = _TOKEN.search(source, match.end, match.end + 40)
    return match.start > 0 or bool(after and after.start() <= match.end + 1 and after[0][0].isupper())


def _correct(term: Term, rivals: Iterable[Term], target: str) -> str:
    """Return the first mistake found in ``target`` mended, if it stands there once."""
    own = {_fold(name) for name in (*term.renderings, *term.forms)}
    others = (name for rival in rivals for name in rival.renderings if _fold(name) not in own)
    for wrong in (*term.wrong, *others):
        # Only where it stands once: of two it is not known which one is wrong.
        found = _only(_pattern(wrong.removeprefix("the "), _flags(wrong)), target)
        if found:
            return _put(target, term.en.removeprefix("the "), *found.span())
    for form in term.forms:
        found = _only(_pattern(form, _flags(form)), target)
        if found:
            return _translate(term, target, found)
    return target


def _translate(term: Term, target: str, found: re.Match[str]) -> str:
    name, start, end = _name(term, target, *found.span())
    if term.en.startswith("the ") and _wants_article(target, start):
        name = f"the {name}"
    elif name.islower() and _counted(target, start):
        name = _plural(name)
    return _put(target, name, start, end)


def _name(term: Term, text: str, start: int, end: int) -> tuple[str, int, int]:
    """Return the English, without article, for the form of ``term`` at a span of ``text``, and the span it
    takes."""
    form, bracketed = text[start:end], _bracketed(text, start, end)
    if term.kind == "unit" and (place := _place(text, start, end)):
        return f"{_place_name(place[1])} {term.en.capitalize()}", start, place.end()
    acronym = bool(term.short) and not any(c.islower() for c in term.short)
    if form == term.short or (bracketed and not acronym):
        return form, start, end  # "Supreme Court (MA)": a short name of words does not go in brackets
    short = term.short if bracketed or form == term.id or (acronym and form.isupper()) else ""
    return short or term.en.removeprefix("the "), start, end


def _place(text: str, start: int, end: int) -> re.Match[str] | None:
    """Return the name that follows a unit: "Kabupaten" in "Kabupaten Wonogiri"."""
    return _PLACE.match(text, end) if text[start].isupper() else None


def _place_name(name: str) -> str:
    """Return the English name of a place: Lombok Timur is East Lombok."""
    words = [word for word in name.split(" ") if word != "Bagian"]
    for size in (2, 1):
        first, direction = words[:-size], _DIRECTIONS.get(" ".join(words[-size:]))
        if first and direction:
            return " ".join((direction, *first))
    return name


def _only(pattern: re.Pattern[str], target: str) -> re.Match[str] | None:
    found = list(pattern.finditer(target))
    return found[0] if len(found) == 1 else None


def _flags(form: str) -> re.RegexFlag:
    """Return how a pattern treats case: capitals tell acronyms from words, as "US" is not "us"."""
    return re.NOFLAG if form.isupper() else re.IGNORECASE


def _counted(target: str, start: int) -> bool:
    before = target[:start].split()[-2:]
    return not _MANY.isdisjoint(before) or (bool(before) and before[-1][:1].isdigit() and before[-1] != "1")


def _plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("cy") else noun + "s"


def _pattern(words: str, flags: re.RegexFlag) -> re.Pattern[str]:
    parts = (re.escape(word) for word in words.replace(",", "").split())
    return re.compile(rf"(?<![\w-]){',? '.join(parts)}(?![\w-])", flags)


def _bracketed(text: str, start: int, end: int) -> bool:
    """Return whether it is an acronym after its full name, as news introduces one."""
    return text[start - 1 : start] == "(" and text[end : end + 1] == ")"


def _wants_article(target: str, start: int) -> bool:
    before = target[:start].rstrip()
    if not before or not before[-1].isalnum():
        return True
    return before.split()[-1].lower() in _BEFORE_ARTICLE


def _put(target: str, name: str, start: int, end: int) -> str:
    return target[:start] + _opened(target[:start], name) + target[end:]


def _opened(before: str, name: str) -> str:
    """Return ``name`` with a capital where it opens a sentence."""
    return _cased(_last_sign(before), name)


def _last_sign(text: str) -> str:
    """Return its last character that opens nothing, if there is one."""
    return text.rstrip(" \"'“‘(")[-1:]


def _cased(last: str, name: str) -> str:
    """Return ``name`` after ``last``, nothing at the start of the text."""
    return name if last and last not in ".!?\n" else name[:1].upper() + name[1:]


def _unique(matches: Iterable[Match]) -> list[Term]:
    return list(dict.fromkeys(match.term for match in matches))


def _rendered(term: Term, folded: str) -> bool:
    return any(_holds(folded, rendering) for rendering in term.renderings)


def _left(term: Term, form: str, folded: str) -> bool:
    """Return whether a long Indonesian form stands in the target as it is."""
    return (
        " " in form
        and form not in term.renderings
        and _fold(form) in folded
        and not _holds(_fold(form), term.en)
    )


def _holds(folded: str, rendering: str) -> bool:
    """Return whether a folded target holds a name, in the singular or with an ``s``."""
    name = _fold(rendering).strip().removeprefix("the ")
    if folded.isupper():
        name = name.upper()
    return f" {name} " in folded or f" {name}s " in folded


def _fold(text: str) -> str:
    """Return words between single spaces; case, apostrophes and spelling levelled, but acronyms keep their
    case."""
    tokens = _TOKEN.findall(_APOSTROPHE.sub("", text.replace("&", " and ").replace("U.S.", "US")))
    if not text.isupper():
        tokens = [t if t.isupper() and len(t) > 1 else t.casefold() for t in tokens]
    return f" {' '.join(_SPELLING.get(token, token) for token in tokens)} "
