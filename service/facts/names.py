"""The people, places, organisations and offices that an Indonesian article names.

No model: capitals, the tables of :mod:`service.facts.lexicon`, the glossary, and what the article itself
says. A word that stands once behind ``kata`` or an office is somebody wherever else it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from service.document import FactKind
from service.facts import lexicon
from service.text.number_words import INDONESIAN
from service.translation.aside import blanked
from service.translation.glossary import Glossary, Surroundings, Term
from service.translation.guard.names import country, is_common
from service.translation.guard.vocabulary import given_names, is_english, is_indonesian
from service.translation.normalise import split_dateline

# Initials and titles with their point ("A.", "Dr.", "Pol."), words with hyphens and apostrophes, signs.
_TOKEN = re.compile(
    r"(?:\b(?:[A-Z]|[Dd]rg?|Prof|Ir|Hj|KH|Drs|Dra|Pol|Muh|Moh|Abd)\.)(?=\s)"
    r"|[^\W_]++(?>(?:['’-][^\W_]++)*)|[^\w\s]"
)
_OPENS = frozenset('.!?:;"“”‘(–—')
# ", 45 tahun", " (45)": what stands behind a person's name only.
_AGE = re.compile(r",?\s\(?\d{1,2}(?:\stahun\b|\))")
_WANTED = frozenset(
    ("institution", "ministry", "security", "party", "company", "international", "disaster", "government")
)
_MOST_WORDS = 10
"""Words of one name at most; a longer row of capitals is no name but a list."""
# Words that end so may be names, as Setiawan, Budiman and Setiawati are, whatever the dictionary says.
_NAME_ENDINGS = ("wan", "man", "wati")
# In the table of countries, but faiths, feasts and peoples here, and no place.
_NOT_COUNTRIES = frozenset(
    ["islam", "muslim", "hindu", "hindia", "natal", "lebaran", "imlek", "idulfitri", "iduladha", "tionghoa"]
)
# From this share of words with a capital, capitals say nothing of names.
_HEADLINE_SHARE = 0.6
_SHOUTED = 4
_JOINERS = frozenset(("dan", "untuk"))


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a sentence, the characters ``start`` to ``end``.

    ``words`` are those that English keeps as they are, in lower case; ``english`` is what a table calls it;
    ``term`` is its entry in the glossary; ``short`` says that it is an acronym.
    """

    kind: FactKind
    start: int
    end: int
    words: tuple[str, ...] = ()
    english: tuple[str, ...] = ()
    term: Term | None = None
    short: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    opens: bool

    @property
    def low(self) -> str:
        return self.text.rstrip(".").lower()

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def acronym(self) -> bool:
        letters = self.text.replace("-", "")
        # Longer rows of capitals are shouted words; ``isalpha`` keeps ``B2`` and the like out.
        return 1 < len(letters) < 13 and letters.isupper() and letters.isalpha()


@dataclass(slots=True)
class _Known:
    """What the article says of its words: which are written small, which twice with a capital, which with a
    capital before different words (``apart``), which belong to people and places.
    """

    small: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    people: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


class NameReader:
    """Finds the names in the sentences of one article."""

    def __init__(self, sentences: Sequence[str], glossary: Glossary) -> None:
        """Read all ``sentences`` once, to learn what the article's words are."""
        self._glossary = glossary
        # What the glossary decides ambiguous acronyms by: the whole article, as in translating.
        self._around = Surroundings("\n".join(sentences))
        texts = [_bare(sentence) for sentence in sentences]
        tokens = [token for text in texts for token in _tokens(text)]
        capitals = Counter(token.low for token in tokens if token.capital)
        self._known = _Known(
            frozenset(token.text for token in tokens if token.text.islower()),
            frozenset(word for word, count in capitals.items() if count > 1),
            _apart(tokens),
        )
        self._done: dict[str, list[Name]] = {}
        # All sentences before any is asked for: who is named below with an office may stand above without.
        for text in texts:
            for name in self._read(text):
                self._learn(name)

    def names(self, sentence: str) -> list[Name]:
        """Return the names in a sentence of the article, or in its headline, in order."""
        if sentence not in self._done:
            self._done[sentence] = self._read(_bare(sentence))
        return self._done[sentence]

    def _learn(self, name: Name) -> None:
        if name.kind == "person":
            # Short words such as "al" would make somebody of every other word.
            self._known.people.update(word for word in name.words if len(word) > 2)
        elif name.kind == "place" and not name.english:
            self._known.places.update(name.words)

    def _read(self, text: str) -> list[Name]:
        tokens = _tokens(text)
        words = [token for token in tokens if token.text[0].isalpha()]
        capitals = sum(token.capital for token in words)
        # In a few words one name is a large share.
        mostly = len(words) > 3 and capitals >= _HEADLINE_SHARE * len(words)
        heading = mostly and (sentence_open(text) or text.isupper())
        shouted = heading and sum(token.text.isupper() for token in words) * 2 > len(words)
        scanner = _Scanner(text, _calm(tokens), self._terms(text), self._known, heading, shouted)
        return list(scanner.names())

    def _terms(self, text: str) -> Mapping[int, tuple[Term, int]]:
        """Return the organisations and offices of the glossary, by their first character, with their end."""
        found = self._glossary.find(text, self._around)
        return {
            match.start: (match.term, match.end)
            for match in found
            if (match.term.kind in _WANTED or match.term.kind == "office") and text[match.start].isupper()
        }


class _Scanner:
    """Reads one sentence from left to right."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[_Token],
        terms: Mapping[int, tuple[Term, int]],
        known: _Known,
        heading: bool,
        shouted: bool,
    ) -> None:
        self._text, self._tokens, self._terms, self._known = text, tokens, terms, known
        self._heading, self._shouted = heading, shouted
        self._person_next = False

    def names(self) -> Iterator[Name]:
        at = 0
        while at < len(self._tokens):
            found, after = self._at(at)
            yield from found
            # A plain word: what was said of an office before it mostly ends here.
            if after == at + 1 and not found:
                token = self._tokens[at]
                # An honorific or a comma may stand between an office and whoever holds it.
                kept = token.low in lexicon.HONORIFICS or (self._person_next and token.text == ",")
                self._person_next = kept and (self._person_next or token.capital)
            at = after

    def _at(self, at: int) -> tuple[list[Name], int]:
        """Return the names that begin with token ``at``, and the token to go on with."""
        token = self._tokens[at]
        if not token.text[0].isalpha():
            return [], at + 1
        term = self._terms.get(token.start)
        # The glossary's bodies first: "Komisi Pemilihan Umum" is one name, though its words have entries of
        # their own.
        if term and term[0].kind != "office":
            return self._organisation_of(term, at)
        if term or (size := self._office_words(at)):
            return self._office(at, self._upto(term[1], at) if term else at + size, term[0] if term else None)
        if not token.capital or self._is_opener(token):
            return [], at + 1
        somebody = self._is_holder(at) or self._is_particle(at)
        return self._somebody(at) if somebody else self._capital(at, token)

    def _office_words(self, at: int) -> int:
        """Return how many words from ``at`` name an office; a body of the glossary is left to itself."""
        size = self._match(at, lexicon.offices())
        inside = (i for i in range(at + 1, at + size) if self._body_at(i))
        size = next(inside, at + size) - at
        return size if size and self._key(at, at + size) in lexicon.offices() else 0

    def _body_at(self, at: int) -> bool:
        """Return whether an organisation of the glossary begins with the token."""
        term = self._terms.get(self._tokens[at].start)
        return term is not None and term[0].kind != "office"

    def _is_holder(self, at: int) -> bool:
        """Return whether the word is the name of somebody whose office or title stands before it."""
        token = self._tokens[at]
        # In a headline every word has a capital, so only who is named in the text counts.
        unseen = self._heading and token.low not in self._known.people
        other = self._is_country(at) or self._match(at, lexicon.places()) or self._common(token)
        return self._person_next and not unseen and not other and not self._foreign(at)

    def _foreign(self, at: int) -> bool:
        """Return whether a row of English words begins here, *Stark Craft Beer*, or a club, *Arema FC*.

        Nobody is called so.
        """
        words = self._words(at, self._past_name(at))
        if words and words[-1] in lexicon.ORGANISATION_ENDS:
            return True
        return (
            len(words) > 1
            and all(map(is_english, words))
            and not any(word in given_names() for word in words)
        )

    def _capital(self, at: int, token: _Token) -> tuple[list[Name], int]:
        """Return what a word with a capital begins."""
        # From the surest to the least sure: what a table knows first, an unknown word last.
        if token.low in lexicon.ORGANISATION_HEADS and not self._heading:
            return self._headed(at, "organisation", self._past_organisation(at))
        if token.low in lexicon.PLACE_HEADS and not self._heading:
            return self._headed(at, "place", self._run(at + 1, 4))
        if size := self._match(at, lexicon.places()):
            return self._place(at, at + size)
        if self._is_country(at):
            return [self._name("place", at, at + 1, (), tuple(sorted(country(token.low))))], at + 1
        if token.acronym and not self._shouted:
            return self._acronym(at)
        plain = self._common(token) or token.low in lexicon.HONORIFICS
        return ([], at + 1) if plain else self._unknown(at)

    def _unknown(self, at: int) -> tuple[list[Name], int]:
        """Return a word that no table has: by what stands around it and elsewhere, somebody, a place or a
        body."""
        end = self._past_name(at)
        words = self._words(at, end)
        kind = self._kind_of(at, end, words) if words else None
        if kind == "person":
            return self._somebody(at)
        if kind == "organisation" and end < len(self._tokens) and self._joined(end) and not self._heading:
            end += self._match(end, lexicon.places())
        return ([self._name(kind, at, end, words)] if kind else []), end

    def _kind_of(self, at: int, end: int, words: tuple[str, ...]) -> FactKind | None:
        """Return what a row of unknown words names, None for nothing."""
        before = self._tokens[at - 1].low if at else ""
        if any(word in self._known.people for word in words) or before in lexicon.SPEECH:
            return "person"
        if before in lexicon.PLACE_CUES or (len(words) == 1 and words[0] in self._known.places):
            return "place"
        if self._heading:
            return None
        aged = _AGE.match(self._text, self._tokens[end - 1].end) is not None
        # "Persib Bandung": an unknown word with a known place behind it.
        club = end < len(self._tokens) and self._joined(end) and self._match(end, lexicon.places()) > 0
        plain = any(is_common(word) and not word.endswith(_NAME_ENDINGS) for word in words)
        body = club or plain or words[-1] in lexicon.ORGANISATION_ENDS
        # "Dream Theater", "Golden Globes": English words, and nobody is called so.
        foreign = any(map(is_english, words)) and not any(word in given_names() for word in words)
        if aged or (len(words) > 1 and not (body or foreign)):
            return "person"
        if len(words) > 1:
            return "organisation"
        # One unknown word that opens the sentence may be any word, unless it has its capital elsewhere too.
        known = club or not self._tokens[at].opens or words[0] in self._known.repeated
        return "organisation" if known and not self._ordinary(words[0]) else None

    def _is_particle(self, at: int) -> bool:
        """Return whether *Di* has a capital within a sentence, as in the name *Di Maria*."""
        token = self._tokens[at]
        leads = token.text in ("Di", "Da", "De") and not (token.opens or self._heading)
        return leads and self._run(at + 1, 1) > at + 1

    def _somebody(self, at: int) -> tuple[list[Name], int]:
        end = self._past_name(at)
        first: list[Name] = []
        if self._person_next and self._is_employer(at, end):
            first = [self._name("organisation", at, at + 1, self._words(at, at + 1))]
            at += 1
        self._person_next = False
        return [*first, self._name("person", at, end, self._words(at, end))], end

    def _is_employer(self, at: int, end: int) -> bool:
        """Return whether a row behind an office begins with whom it is of: *pelatih Persebaya Iwan Setiawan*.

        The first word is nobody's name and stands elsewhere with other words, and the second is a given name.
        """
        if end < at + 3:
            return False
        first, second = self._tokens[at].low, self._tokens[at + 1].low
        given = second in given_names() and second not in lexicon.SECOND_NAMES
        return (
            given
            and first in self._known.apart
            and first not in given_names()
            and first not in lexicon.HONORIFICS
        )

    def _office(self, at: int, end: int, term: Term | None) -> tuple[list[Name], int]:
        """Return an office with the body or place it is of; whoever holds it stands behind."""
        first = at
        after = self._past_office(end)
        follows = after < len(self._tokens) and self._tokens[after].capital and self._joined(after)
        named = any(token.capital and not token.opens for token in self._tokens[first:after])
        self._person_next = True
        # "menteri" by itself, with nobody and nothing behind it, names no office in particular.
        if not named and not (follows and not self._common(self._tokens[after])):
            self._person_next = False
            return [], end
        english = term.renderings if term else lexicon.offices()[self._key(at, end)]
        return [self._name("office", first, after, (), english, term)], after

    def _past_office(self, at: int) -> int:
        """Return the first token that is no part of an office: words in capitals that are known go with
        it."""
        stop = min(len(self._tokens), at + _MOST_WORDS)
        while at < stop and self._joined(at):
            token = self._tokens[at]
            if token.start in self._terms:
                at = self._upto(self._terms[token.start][1], at)
            elif self._is_country(at):
                at += 1
            elif (size := self._match(at, lexicon.places())) or (size := self._match(at, lexicon.offices())):
                if not token.capital:
                    break
                at += size
                # "Manajer Manchester United Jose Mourinho": the club, and not the town, has the manager.
                at += at < stop and self._joined(at) and self._tokens[at].low in lexicon.ORGANISATION_ENDS
            elif token.capital and (self._plain(token) or token.acronym or self._is_head(token)):
                if token.low in lexicon.HONORIFICS:
                    break
                at += 1
            elif token.low in ("dan", "bidang", "urusan") and self._goes_on(at + 1):
                at += 1
            else:
                break
        return at

    def _past_organisation(self, at: int) -> int:
        stop = min(len(self._tokens), at + _MOST_WORDS)
        end = at + 1
        while end < stop and self._joined(end):
            token = self._tokens[end]
            office = end > at + 1 and self._match(end, lexicon.offices())
            if (token.capital and not office) or (token.low in _JOINERS and self._goes_on(end + 1)):
                end += 1
            else:
                break
        return end

    def _goes_on(self, at: int) -> bool:
        """Return whether a known word with a capital follows, as in *Pendidikan dan Kebudayaan*."""
        token = self._tokens[at] if at < len(self._tokens) else None
        return bool(token and token.capital and self._common(token) and not self._is_head(token))

    def _headed(self, at: int, kind: FactKind, end: int) -> tuple[list[Name], int]:
        """Return a name that begins with what it is: *Dinas Kesehatan*, *Kabupaten Bandung*."""
        if end == at + 1:
            return [], end
        words = tuple(word for word in self._words(at + 1, end) if word not in _JOINERS)
        english: tuple[str, ...] = ()
        # "Kabupaten Bandung" whole in the table of places has the table's English.
        if kind == "place" and (size := self._match(at + 1, lexicon.places())) == end - at - 1:
            english = lexicon.places()[self._key(at + 1, at + 1 + size)]
        return [self._name(kind, at, end, words, english)], end

    def _organisation_of(self, term: tuple[Term, int], at: int) -> tuple[list[Name], int]:
        end = self._upto(term[1], at)
        if end < len(self._tokens) and self._joined(end) and self._is_country(end):
            end += 1
        return [self._name("organisation", at, end, (), term[0].renderings, term[0])], end

    def _place(self, at: int, end: int) -> tuple[list[Name], int]:
        """Return a place, or a club or company that is called after it: *Manchester United*."""
        if end < len(self._tokens) and self._joined(end) and not self._heading:
            token = self._tokens[end]
            known = (
                self._common(token) or self._is_head(token) or self._is_place(end) or self._is_country(end)
            )
            if token.capital and not known and token.low not in self._known.people:
                after = self._past_name(end)
                return [self._name("organisation", at, after, self._words(at, after))], after
        english = lexicon.places()[self._key(at, end)]
        if self._is_country(at) and end == at + 1:
            english += tuple(sorted(country(self._tokens[at].low).difference(english)))
        return [self._name("place", at, end, (), english)], end

    def _acronym(self, at: int) -> tuple[list[Name], int]:
        token = self._tokens[at]
        if token.low in lexicon.NO_NAME or INDONESIAN.named.get(token.low):
            return [], at + 1
        if token.low in self._known.people:
            return self._somebody(at)
        end = at + 1
        if end < len(self._tokens) and self._joined(end) and not self._heading:
            following = self._tokens[end]
            if following.capital and not (self._common(following) or self._is_head(following)):
                end = end if self._is_place(end) or self._is_country(end) else self._past_name(end)
        name = self._name("organisation", at, end, self._words(at, end))
        return [replace(name, short=end == at + 1)], end

    def _past_name(self, at: int) -> int:
        """Return the first token behind the row of unknown words that begins at ``at``."""
        stop = min(len(self._tokens), at + _MOST_WORDS)
        end = at + 1
        while end < stop and self._joined(end):
            token = self._tokens[end]
            if self._heading and token.low not in self._known.people:
                break
            particle = token.low in lexicon.PARTICLES and end + 1 < stop and self._tokens[end + 1].capital
            ends = self._common(token, name=True) or token.start in self._terms
            plain = token.capital and token.text[0].isalpha() and not ends
            if particle or (plain and not self._is_place(end)):
                end += 1
            else:
                break
        return end

    def _is_country(self, at: int) -> bool:
        token = self._tokens[at]
        return token.capital and bool(country(token.low)) and token.low not in _NOT_COUNTRIES

    def _is_place(self, at: int) -> bool:
        return bool(self._match(at, lexicon.places())) and self._tokens[at].low not in self._known.people

    def _run(self, at: int, most: int) -> int:
        """Return the first token behind a row of capitals."""
        end = at
        while end < min(len(self._tokens), at + most) and self._joined(end) and self._tokens[end].capital:
            end += 1
        return end

    def _joined(self, at: int) -> bool:
        """Return whether one space stands before the token."""
        return at > 0 and self._text[self._tokens[at - 1].end : self._tokens[at].start] == " "

    def _match(self, at: int, table: Mapping[tuple[str, ...], tuple[str, ...]]) -> int:
        """Return how many words from ``at`` are an entry of ``table``, the longest."""
        # Most words begin no entry at all.
        most = lexicon.longest().get(self._tokens[at].low, 0)
        for size in range(min(most, len(self._tokens) - at), 0, -1):
            if self._key(at, at + size) in table:
                return size
        return 0

    def _key(self, at: int, end: int) -> tuple[str, ...]:
        return tuple(token.low for token in self._tokens[at:end])

    def _words(self, at: int, end: int) -> tuple[str, ...]:
        return tuple(t.low for t in self._tokens[at:end] if t.text[0].isalpha() and len(t.low) > 1)

    def _upto(self, position: int, at: int) -> int:
        """Return the first token that starts at ``position`` of the text or behind it."""
        while at < len(self._tokens) and self._tokens[at].start < position:
            at += 1
        return at

    def _is_opener(self, token: _Token) -> bool:
        """Return whether a capital is that of the sentence and not of a name."""
        low = token.low
        if not (token.opens or self._heading) or low in self._known.people:
            return False
        return low in lexicon.INITIAL_WORDS or low in self._known.small or self._ordinary(low)

    @staticmethod
    def _ordinary(word: str) -> bool:
        """Return whether a word is one of common Indonesian texts, and nobody's name and no head of one."""
        if not is_indonesian(word) or word in given_names() or country(word):
            return False
        heads = (lexicon.ORGANISATION_HEADS, lexicon.PLACE_HEADS, lexicon.HONORIFICS)
        return not any(word in head for head in heads) and not any(
            (word,) in table for table in (lexicon.places(), lexicon.offices())
        )

    def _plain(self, token: _Token) -> bool:
        """Return whether a word with a capital behind an office is a word of the language and no name."""
        names = token.low in self._known.people or token.low in lexicon.WORDS_AND_NAMES
        return self._common(token) or (self._ordinary(token.low) and not names)

    def _is_head(self, token: _Token) -> bool:
        return token.low in lexicon.ORGANISATION_HEADS or token.low in lexicon.PLACE_HEADS

    def _common(self, token: _Token, *, name: bool = False) -> bool:
        """Return whether a word with a capital is a word of the language; within a ``name`` fewer are."""
        low = token.low
        if low in self._known.people:
            return False
        first = low.partition("-")[0]
        if low in INDONESIAN.named or low in lexicon.INITIAL_WORDS or first in lexicon.NO_NAME:
            return True
        if is_common(low):
            return not low.endswith(_NAME_ENDINGS) and not (name and low.endswith("an"))
        return low in self._known.small and not name

    def _name(
        self,
        kind: FactKind,
        at: int,
        end: int,
        words: tuple[str, ...],
        english: tuple[str, ...] = (),
        term: Term | None = None,
    ) -> Name:
        self._person_next = kind == "office"
        return Name(kind, self._tokens[at].start, self._tokens[end - 1].end, words, english, term)


def _apart(tokens: Sequence[_Token]) -> frozenset[str]:
    """Return the words with a capital that stand before different words with one, or before none."""
    following: dict[str, str] = {}
    found = set()
    for token, after in pairwise(tokens):
        if token.capital:
            word = after.low if after.capital else ""
            if following.setdefault(token.low, word) != word:
                found.add(token.low)
    return frozenset(found)


def sentence_open(text: str) -> bool:
    """Return whether no full stop, question or exclamation mark ends ``text``: a headline has none."""
    return not text.rstrip("\"”’')» ").endswith((".", "!", "…"))


def _bare(sentence: str) -> str:
    """Return the sentence with spaces for its dateline, addresses and notes."""
    dateline = len(split_dateline(sentence)[0])
    return blanked(" " * dateline + sentence[dateline:])


def _calm(tokens: Sequence[_Token]) -> list[_Token]:
    """Return the tokens without the capitals of words that are shouted, ``_SHOUTED`` or more in a row."""
    calm, run = list(tokens), 0
    # The None ends the last row.
    for index, token in enumerate((*tokens, None)):
        if token and token.text.isupper() and len(token.text) > 1:
            run += 1
        else:
            for at in range(index - run, index) if run >= _SHOUTED else ():
                calm[at] = replace(tokens[at], text=tokens[at].text.lower())
            run = 0
    return calm


def _tokens(text: str) -> list[_Token]:
    found, opens = [], True
    for match in _TOKEN.finditer(text):
        found.append(_Token(match[0], match.start(), match.end(), opens))
        # Whether the next word stands where any word has a capital.
        opens = match[0] in _OPENS
    return found
