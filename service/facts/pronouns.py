"""Whether English says *he* or *she* of whom Indonesian calls *dia*, *ia*, *beliau* or *-nya*.

Indonesian does not say, and a model that sees one sentence guesses; mostly it guesses a man. The article
says: by names, by what stands before them (*Ibu*, *Mbak*, *Pak*), and by *suaminya* and *istrinya*. Where all
whom it names in a sentence and shortly before are women, *he* becomes *she*; where only the nearest are, the
sentence is marked. What is quoted speaks of others, and is left alone. A *she* is never touched: a model
that guesses men says it with reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

from service.document import Finding, Passage
from service.facts.names import NameReader
from service.facts.quotations import Quotation, quotations
from service.text import segment
from service.text.words import listed
from service.translation.glossary import Glossary
from service.translation.guard import vocabulary
from service.translation.guard.vocabulary import Gender

_NEAR = 4
"""Sentences before one's own in which a pronoun's person is looked for."""
_LONGEST, _LONG = 200_000, 2_000
"""Characters of an article that are looked at, and of a sentence: a longer one is none."""
_MOST_OF_IT = 0.5
"""Share of an article from which its sentences at hand stand for it, and it need not be split anew."""

_HE = {"he": "she", "him": "her", "his": "her", "himself": "herself"}
_PRONOUN = re.compile(r"\b(?:s?he|hi[sm]|hers?|himself|herself)\b", re.IGNORECASE)
# Before these "his" stands alone and is "hers"; before any other word it is "her".
_NO_NOUN = listed(
    """
    a an the to in on at by for from with without into onto over under about after before during since until
    as and or but because when while if that who which where than then there here again also too is are was
    were has had will would can could may not down up out off away back home alone yesterday today tomorrow
    """
)
_NEXT = re.compile(r"\s*+([^\W\d_]+|\d|\S)?")

_WOMAN = listed(
    """
    ibu bu nyonya ny nona mbak hj hajah dra ning ustazah mrs ms miss lady queen saudari aktris almarhumah nyai
    perempuan wanita gadis nenek bibi janda siswi mahasiswi ratu pramugari selebgramwati wartawati suster
    """
)
_MAN = listed(
    """
    bapak pak tuan tn mas kang bang bung gus kiai kyai kh ustaz ustad ustadz habib h haji cak mr sir lord
    sultan saudara almarhum drs aktor tgh romo pendeta pria lelaki kakek paman duda pangeran pemuda raja
    """
)
_WOMEN = listed("perempuan wanita aktris gadis siswi mahasiswi pesinetron nenek janda")
_MEN = listed("pria lelaki aktor pemuda kakek duda bapak")
_THAT = listed("itu tersebut ini")
_WOMENS_ENDINGS = ("wati", "ningsih", "yanti")
# Who these are in a sentence is somebody of whom the next pronoun may speak.
_SOME_MAN = listed("ayah papa suami putra pria lelaki kakek paman pemuda aktor bapak presiden pelaku ayahnya")
# A husband's owner is a woman, and a wife's a man.
_OWNER: Mapping[str, Gender] = {"suaminya": "f", "istrinya": "m", "isterinya": "m"}
_WORD = re.compile(r"[^\W\d_][\w'’-]*+")
_MEANT = re.compile(r"\b(?:dia|ia|beliau|\w{2,30}nya)\b", re.IGNORECASE)


class _Person(NamedTuple):
    """Somebody named in a sentence; ``gender`` is None where nothing tells."""

    start: int
    name: str
    gender: Gender | None


class Pronouns:
    """The women and men of one article. Safe from several threads once made."""

    def __init__(self, passage: Passage, glossary: Glossary) -> None:
        """Keep the passage, which is read when a sentence first asks."""
        self._passage, self._glossary = passage, glossary

    def put_right(self, source: str, target: str) -> str:
        """Return ``target`` with *she* for *he*, where the article is clear that a woman is meant."""
        if not (told := _told(target)):
            return target
        near = self._near(source)
        women = _women([person for people in near for person in people])
        return _as_hers(target, told) if women else target

    def doubted(self, source: str, target: str) -> tuple[Finding, ...]:
        """Return that English says *he* and the article speaks of a woman last, if so."""
        if not (told := _told(target)):
            return ()
        women = _women(next((people for people in self._near(source) if people), ()))
        return (Finding.of("pronoun.woman", pronoun=told[0][0], name=women),) if women else ()

    def _near(self, source: str) -> list[list[_Person]]:
        """Return whom a sentence may mean: those it names first, and the sentences before it, the nearest
        first. Nobody where it names somebody else besides. What is quoted does not count.
        """
        if len(source) >= _LONG:
            return []
        at = self._places.get(source)
        quoted = quotations([source])[0] if at is None else self._quotations[at]
        if owners := _unquoted(_owners(source), quoted):
            return [owners]
        here = _unquoted(self._named(source, self._known, strict=True), quoted)
        meant = (match.start() for match in _MEANT.finditer(source) if not _within(match.start(), quoted))
        first = next(meant, len(source))
        # Ia menikah dengan Siti: who is named behind the pronoun is another.
        if any(person.start >= first for person in here):
            return []
        before = range(at - 1, max(-1, at - _NEAR - 1), -1) if at else ()
        return [here, *(_unquoted(self._people[place], self._quotations[place]) for place in before)]

    @cached_property
    def _sentences(self) -> Sequence[str]:
        passage = self._passage
        if sum(map(len, passage.sentences)) < len(passage.context) * _MOST_OF_IT:
            return [text[:_LONG] for text in segment.split(passage.context[:_LONGEST]).sentences]
        # Of a text of many lines, those it begins with.
        return [text[:_LONG] for text in passage.sentences[: _LONGEST // 100]]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {sentence: at for at, sentence in enumerate(self._sentences) if len(sentence) < _LONG}

    @cached_property
    def _quotations(self) -> list[list[Quotation]]:
        return quotations(self._sentences)

    @cached_property
    def _reader(self) -> NameReader:
        return NameReader(self._sentences, self._glossary)

    @cached_property
    def _known(self) -> Mapping[str, Gender]:
        """Words of the article's names, and whose they are."""
        known: dict[str, Gender] = {}
        for sentence in self._sentences:
            for person in self._named(sentence, known):
                if person.gender:
                    for word in person.name.lower().split():
                        known.setdefault(word, person.gender)
        return known

    @cached_property
    def _people(self) -> list[list[_Person]]:
        return [self._named(sentence, self._known) for sentence in self._sentences]

    def _named(self, sentence: str, known: Mapping[str, Gender], *, strict: bool = False) -> list[_Person]:
        """Return the people of a sentence: by name, and as *perempuan itu*.

        With ``strict`` whatever else may be somebody's name stands for somebody of whom nothing is known.
        """
        names = self._reader.names(sentence)
        found = []
        for name in names:
            words = sentence[name.start : name.end]
            # A single word of which the reader knows nothing else may be somebody's too.
            alone = name.kind == "organisation" and len(name.words) == 1 and not (name.term or name.short)
            if name.kind == "person" or alone:
                gender = _by_title(sentence, name.start) or _by_name(words, known)
                # Much that has capitals is no person: a title of a film, a department.
                if gender or (strict and not _has_english(words)) or _like_a_person(words):
                    found.append(_Person(name.start, words, gender))
        free = [m for m in _WORD.finditer(sentence) if not any(n.start <= m.start() < n.end for n in names)]
        for match, after in zip_longest(free, free[1:]):
            low = match[0].lower()
            gender = _called(low, after[0].lower() if after else "")
            titled = match[0][0].isupper() and after is not None and after[0][0].isupper()
            if strict and not gender and (low in _SOME_MAN or (titled and low in _MAN)):
                gender = "m"
            unknown = not vocabulary.is_indonesian(low) and not _has_english(low)
            capital = match[0][0].isupper() and not match[0].isupper()
            if gender or (capital and unknown and (strict or _by_name(match[0], known))):
                found.append(_Person(match.start(), match[0], gender or _by_name(match[0], known)))
        return sorted(found, key=lambda person: person.start)


def _told(target: str) -> list[re.Match[str]]:
    """Return where a translation says *he*, outside quotations; nowhere where it says *she* too."""
    said = list(_PRONOUN.finditer(target)) if len(target) < 2 * _LONG else []
    quoted = quotations([target])[0] if said else ()
    told = [match for match in said if not _within(match.start(), quoted)]
    # Of a she and a he beside each other, the article may have named one only.
    return told if all(match[0].lower() in _HE for match in told) else []


def _owners(source: str) -> list[_Person]:
    """Return whose husbands and wives a sentence speaks of."""
    found = (match for match in _WORD.finditer(source) if match[0].lower() in _OWNER)
    return [_Person(match.start(), match[0], _OWNER[match[0].lower()]) for match in found]


def _unquoted(people: Sequence[_Person], spans: Sequence[Quotation]) -> list[_Person]:
    return [person for person in people if not _within(person.start, spans)]


def _within(at: int, spans: Sequence[Quotation]) -> bool:
    return any(span.start <= at < span.end for span in spans)


def _women(people: Sequence[_Person]) -> str:
    """Return the name of the first of some people where all are women, else nothing."""
    return people[0].name if people and all(person.gender == "f" for person in people) else ""


def _by_title(sentence: str, start: int) -> Gender | None:
    """Return what the word before a name says of who bears it."""
    before = _WORD.findall(sentence[max(0, start - 24) : start])
    low = before[-1].lower() if before else ""
    return "f" if low in _WOMAN else "m" if low in _MAN else None


def _has_english(name: str) -> bool:
    """Return whether some word of it is an English one, as in titles of works and prizes."""
    return any(vocabulary.is_english(word.lower()) for word in _WORD.findall(name))


def _called(low: str, after: str) -> Gender | None:
    """Return who *wanita itu*, *aktris tersebut* is."""
    if after not in _THAT:
        return None
    return "f" if low in _WOMEN else "m" if low in _MEN else None


def _by_name(name: str, known: Mapping[str, Gender]) -> Gender | None:
    """Return what the words of a name say: its first, else what the others agree in, else the article."""
    table = vocabulary.given_names()
    words = [word.lower() for word in _WORD.findall(name)]
    if words and words[0] in table:
        return table[words[0]][0]
    others = {table[word][0] for word in words[1:] if word in table and not table[word][1]}
    others |= {"f" for word in words if word.endswith(_WOMENS_ENDINGS) and len(word) > 6}
    others = others or {known[word] for word in words if word in known}
    return next(iter(others)) if len(others) == 1 else None


def _like_a_person(name: str) -> bool:
    """Return whether some word of it is a name that people bear."""
    return any(word.lower() in vocabulary.given_names() for word in _WORD.findall(name))


def _as_hers(target: str, told: Sequence[re.Match[str]]) -> str:
    """Return ``target`` with *she* for the *he* in these places."""
    parts, at = list[str](), 0
    for match in told:
        new = _HE[match[0].lower()]
        if match[0].lower() == "his" and not _before_a_noun(target, match.end()):
            new = "hers"
        parts += [target[at : match.start()], new.capitalize() if match[0][0].isupper() else new]
        at = match.end()
    return "".join(parts) + target[at:]


def _before_a_noun(target: str, end: int) -> bool:
    """Return whether a noun follows, which a possessive stands before."""
    match = _NEXT.match(target, end)
    word = match[1].lower() if match and match[1] else ""
    return bool(word) and (word.isalnum() or word in "\"“'‘") and word not in _NO_NOUN
