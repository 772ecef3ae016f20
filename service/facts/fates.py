"""What became of a name in English: kept, changed, missing, or unclear where no table tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from service.facts import lexicon
from service.facts.figures import Outcome
from service.facts.names import Name
from service.text.words import listed
from service.translation.glossary import Term
from service.translation.guard.names import is_common, same_sound

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_SMALL = listed("of the for and de van von der bin binti al el")
# "Malaysian", "Balinese", "British", "Iraqi", "Jakartans", "Icelandic".
_OF_PLACE = ("n", "ese", "ish", "i", "er", "ers", "ns", "s", "ic")
_MOST = 200
"""Words of a translation that names are looked for in; a sentence has some dozens."""
_RELATED = 4
"""Letters that the beginnings of two spellings share at least."""
# The words of an office that change it. Each has to be answered by one of its own.
_RANKS = {
    "wakil": ("deputy", "vice"),
    "mantan": ("former", "ex", "formerly", "onetime"),
    "eks": ("former", "ex", "formerly", "onetime"),
    "plt": ("acting",),
    "penjabat": ("acting", "interim"),
    "asisten": ("assistant",),
}
_ALL_RANKS = frozenset(answer for answers in _RANKS.values() for answer in answers)
_DIRECTIONS = {
    "barat": ("west", "western"),
    "timur": ("east", "eastern"),
    "utara": ("north", "northern"),
    "selatan": ("south", "southern"),
    "tengah": ("central", "middle"),
    "tenggara": ("southeast", "southeastern"),
}
_ALL_DIRECTIONS = frozenset(word for words in _DIRECTIONS.values() for word in words)


class English:
    """One English sentence, to look for the names of its source in."""

    def __init__(self, target: str, people: frozenset[str] = frozenset()) -> None:
        """Read the words of ``target``; ``people`` are the words of the people in its source."""
        self.text = target
        self._people = people
        self._found = list(_WORD.finditer(target))[:_MOST]
        # "Jakarta's" is Jakarta.
        self._low = [match[0].lower().removesuffix("'s").removesuffix("’s") for match in self._found]
        # Index of the words, as many names are looked for in one sentence.
        self._places: dict[str, list[int]] = {}
        for index, low in enumerate(self._low):
            self._places.setdefault(low, []).append(index)

    def where(self, word: str) -> int | None:
        """Return the index of a word that is there as it is written, or of its first part at a hyphen."""
        if "-" in word:
            found = self.phrase(word.replace("-", " "))
            return found[0] if found else None
        return next(iter(self._places.get(word, ())), None)

    def people_of(self, word: str) -> int | None:
        """Return the index of a word for what is of a place: *Balinese* of *bali*."""
        stem = word.rstrip("aeiou") if len(word) > 4 else word
        for index, low in enumerate(self._low):
            if _shared(low, word) >= max(4, len(stem) - 2) and low.endswith(_OF_PLACE):
                return index
        return None

    def phrase(self, words: str) -> tuple[int, int] | None:
        """Return the indices of the first and last word of a phrase, in any case, also in the plural."""
        parts = [part.strip(".") for part in words.lower().replace("-", " ").split()]
        # The first word in the plural too, for a phrase of one word.
        for start in self._places.get(parts[0], []) + self._places.get(f"{parts[0]}s", []):
            here = self._low[start : start + len(parts)]
            if (
                len(here) == len(parts)
                and here[:-1] == parts[:-1]
                and here[-1] in (parts[-1], f"{parts[-1]}s")
            ):
                return start, start + len(parts) - 1
        return None

    def alike(self, word: str) -> int | None:
        """Return the index of a name that is nearly ``word``: the same letters in another spelling."""
        for index, low in enumerate(self._low):
            if not self._found[index][0][0].isupper() or low == word:
                continue
            if same_sound(word, low) or (_shared(word, low) >= _RELATED and abs(len(word) - len(low)) < 4):
                return index
        return None

    def strange(self, near: Iterable[int], known: frozenset[str]) -> int | None:
        """Return the index of a capitalised word beside one of ``near`` that the source does not explain."""
        for index in near:
            for other in (index + 1, index - 1):
                if 0 <= other < len(self._found) and self._is_strange(other, known):
                    between = self.text[
                        self._found[min(index, other)].end() : self._found[max(index, other)].start()
                    ]
                    # With a comma or a stop between them they are two names.
                    if between == " ":
                        return other
        return None

    def any_strange(self, known: frozenset[str]) -> int | None:
        """Return the index of the first capitalised word, not the sentence's own, that ``known`` lacks."""
        return next((i for i in range(1, len(self._found)) if self._is_strange(i, known)), None)

    def _is_strange(self, index: int, known: frozenset[str]) -> bool:
        word, low = self._found[index][0], self._low[index]
        if not word[0].isupper() or word.isupper() or low in known or low in english_words():
            return False
        return not any(_shared(low, other) >= _RELATED for other in known)

    def outcome(self, status: str, first: int, last: int, *, widen: bool = False) -> Outcome:
        """Return an outcome at the words ``first`` to ``last``, ``widen`` with the capitals beside them."""
        if widen:
            first, last = self._widened(first, last)
        return Outcome(status, self._found[first].start(), self._found[last].end())  # type: ignore[arg-type]

    def _widened(self, first: int, last: int) -> tuple[int, int]:
        while first and self._touch(first - 1) and self._goes_with(first - 1):
            first -= 1
        end = last
        while end + 1 < len(self._found) and self._touch(end):
            end += 1
            if self._goes_with(end):
                last = end
            elif self._low[end] not in _SMALL:
                break
        return first, last

    def _goes_with(self, index: int) -> bool:
        """Return whether the word has a capital and is no part of somebody's name."""
        return self._found[index][0][0].isupper() and self._low[index] not in self._people

    def _touch(self, index: int) -> bool:
        """Return whether one space parts the word from the next."""
        return self.text[self._found[index].end() : self._found[index + 1].start()] == " "


def _shared(one: str, other: str) -> int:
    """Return how many letters two words begin with alike."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Return words that have a capital in English and are no name: offices, places, days and months."""
    tables = (*lexicon.offices().values(), *lexicon.places().values())
    known = {word for english in tables for name in english for word in name.lower().split()}
    more = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december indonesia indonesian the i mr mrs ms dr prof regency city district
    province ministry state national police court house council general agency commission party university
    board office regional village subdistrict street road island islands mount river team president
    """
    return frozenset(known | listed(more))


def fate(name: Name, english: English, source_words: frozenset[str]) -> Outcome:
    """Return what became of ``name``; ``source_words`` are all words of its sentence, in lower case."""
    if name.term and name.kind != "office":
        return _of_term(name.term, english)
    if name.kind == "office":
        return _of_office(name, english, source_words)
    if name.english:
        return _of_table(name, english)
    return _of_words(name, english, source_words)


def _of_term(term: Term, english: English) -> Outcome:
    forms = [form.removeprefix("the ") for form in (*term.renderings, *term.forms)]
    # The longest first: "National Police Chief" holds "police" as well.
    for form in sorted(forms, key=len, reverse=True):
        if found := english.phrase(form.replace("(", " ").replace(")", " ")):
            return english.outcome("kept", *found)
    # Only after all right renderings, for a wrong one may be a part of a right one.
    for wrong in term.wrong:
        if found := english.phrase(wrong.removeprefix("the ")):
            return english.outcome("changed", *found)
    return Outcome("unclear")


def _of_table(name: Name, english: English) -> Outcome:
    """Return a place with its own English name."""
    # "Kabupaten Demak" has its own words too, and "Regency" belongs to it.
    for form in sorted(name.english, key=len, reverse=True):
        if found := english.phrase(form):
            return english.outcome("kept", *found, widen=bool(name.words))
    # "Balinese" for *Bali*; of a name of two words nothing like it is made.
    if " " not in name.english[0] and (people := english.people_of(name.english[0])) is not None:
        return english.outcome("kept", people, people)
    words = name.english[0].split()
    held = [index for word in words if (index := english.where(word)) is not None]
    turned = [
        index
        for word in _ALL_DIRECTIONS.difference(words)
        if _ALL_DIRECTIONS.intersection(words) and (index := english.where(word)) is not None
    ]
    # "West Java" for *Jawa Timur*: another direction beside the same word.
    if held and turned and abs(held[0] - turned[0]) < 3:
        return english.outcome("changed", min(held[0], turned[0]), max(held[0], turned[0]))
    if held:
        return english.outcome("unclear", held[0], held[-1])
    return Outcome("missing")


def _of_office(name: Name, english: English, source_words: frozenset[str]) -> Outcome:
    forms = sorted((form.removeprefix("the ") for form in name.english), key=len, reverse=True)
    for form in forms:
        if found := english.phrase(form):
            # "Deputy" has to be there for "Wakil", wherever it stands in the sentence.
            lost = any(not any(map(english.phrase, rank)) for rank in _ranks(forms, source_words))
            return english.outcome("changed" if lost else "kept", *found, widen=True)
    # A deputy who became the head is changed, and so is one office that became another.
    lower = [form.partition(" ")[2] for form in forms if form.split()[0] in _ALL_RANKS]
    for other in (*lower, *_other_offices(source_words)):
        if other and other not in forms and (found := english.phrase(other)):
            return english.outcome("changed", *found, widen=True)
    return Outcome("missing")


def _ranks(forms: Sequence[str], source_words: frozenset[str]) -> list[tuple[str, ...]]:
    """Return what has to answer the ranks of an office, where each of its English names begins with one."""
    answers = [answers for word, answers in _RANKS.items() if word in source_words]
    return [rank for rank in answers if all(form.split()[0] in rank for form in forms)]


def _other_offices(source_words: frozenset[str]) -> Iterable[str]:
    """Yield what English calls the chief offices whose Indonesian words are not in the source."""
    for (head, *rest), english in lexicon.offices().items():
        if not rest and head in _CHIEF and head not in source_words:
            yield english[0]


_CHIEF = listed(
    "presiden menteri gubernur bupati camat lurah rektor hakim jaksa pelatih kapten raja ratu paus"
)


def _of_words(name: Name, english: English, source_words: frozenset[str]) -> Outcome:
    """Return a name that stays as it is: somebody, a place or a body without another name in English."""
    own = [
        word if english.where(word) is not None else lexicon.ENGLISH_NAMES.get(word, word)
        for word in name.words
        if name.kind == "person" or not _translated(word)
    ]
    held = [index for word in own or name.words if (index := english.where(word)) is not None]
    lost = [word for word in own if english.where(word) is None]
    if held and not lost:
        return english.outcome("kept", *_span(held), widen=name.kind != "person")
    if not own:
        return Outcome("unclear")
    if name.kind != "person" and (people := english.people_of(lost[0])) is not None:
        return english.outcome("kept", *_span([*held, people]))
    return _of_lost(name, english, source_words, held, lost)


def _of_lost(
    name: Name, english: English, source_words: frozenset[str], held: list[int], lost: list[str]
) -> Outcome:
    """Return a name of which the words ``lost`` are not there: spelled otherwise, exchanged, shortened or
    gone."""
    spelled = [index for word in lost if (index := english.alike(word)) is not None]
    if spelled:
        return english.outcome("changed", *_span([*held, *spelled]))
    if held:
        # "Joko Susilo" for *Joko Widodo*: beside the part that is there stands one that the source does not
        # have.
        other = english.strange(held, source_words) if name.kind == "person" else None
        if other is not None:
            return english.outcome("changed", *_span([*held, other]))
        return english.outcome("unclear", *_span(held))
    if name.kind == "person" and (new := english.any_strange(source_words)) is not None:
        return english.outcome("changed", new, new, widen=True)
    # English may spell out what Indonesian writes short: ZEE is an exclusive economic zone.
    return Outcome("unclear" if name.short else "missing")


def _translated(word: str) -> bool:
    """Return whether English has another word for a part of a name of a place or body."""
    return is_common(word) or word in lexicon.PLACE_HEADS or word in lexicon.ORGANISATION_HEADS


def _span(indices: Sequence[int]) -> tuple[int, int]:
    return min(indices), _last(indices)


def _last(indices: Sequence[int]) -> int:
    """Return the last index that is near the first: words far apart are no one name."""
    first = min(indices)
    return max(index for index in indices if index - first < 2 * len(indices) + 2)
