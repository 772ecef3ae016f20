"""Words of news whose exchange turns a fact round, in both languages: ``prompts/lexicon/*.tsv``.

A row is one sense of a group, as ``rise`` and ``fall`` of ``trend``. Its firm words name it; its loose words
may. A translation contradicts its source where a firm Indonesian word of one sense has no English word of it,
firm or loose, and a firm English word of a rival sense stands there that nothing in the source accounts for.
A word that is merely absent is no finding: the translator may have said it otherwise.

A sense named ``-`` is an idiom: its words stand for nothing. In any other phrase the words keep what they
say of
other groups: ``tahun lalu`` is the past, and a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import compress, pairwise
from typing import NamedTuple

from service.errors import InputError
from service.text.words import Words, listed
from service.translation.guard.negation import negated

IDIOM, OFFICE, RANK = "-", "office", "before-office"
_NEGATABLE = listed(
    "verdict permit stance outcome modal gate custody legal sentence course casualty measure opposite"
)
COLUMNS = ("group", "sense", "id", "also_id", "en", "also_en", "against", "cues")


@dataclass(frozen=True, slots=True)
class Sense:
    """One sense of a group, and its words: Indonesian and English, firm (``id``, ``en``) and loose.

    ``against`` names the senses of the group that contradict it, all others where it is empty. With ``cues``
    the firm Indonesian words count only where one of these words stands in the source.
    """

    group: str
    name: str
    id: tuple[str, ...]
    also_id: tuple[str, ...]
    en: tuple[str, ...]
    also_en: tuple[str, ...]
    against: frozenset[str] = frozenset()
    cues: frozenset[str] = frozenset()

    @property
    def indonesian(self) -> frozenset[str]:
        """Its Indonesian words, firm and loose, with the endings that change no meaning."""
        return frozenset(_clitics((*self.id, *self.also_id)))

    @property
    def english(self) -> frozenset[str]:
        """Its English words, firm and loose, inflected."""
        return frozenset(_inflected((*self.en, *self.also_en)))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A word of the source and the word of the translation that says something else."""

    group: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a form stands for: numbers of senses, firm and loose, and the words that follow its first."""

    form: str
    rest: list[str]
    firm: tuple[int, ...]
    loose: tuple[int, ...]


class _Start(NamedTuple):
    """The forms that start with a word: it alone, and longer ones by their second word, longest first."""

    alone: _Entry | None
    longer: Mapping[str, tuple[_Entry, ...]]

    @property
    def entries(self) -> tuple[_Entry, ...]:
        """All of them."""
        longer = tuple(entry for entries in self.longer.values() for entry in entries)
        return (*longer, self.alone) if self.alone else longer


_Table = Mapping[str, _Start]


class _Side(NamedTuple):
    """The senses that a text holds: how often, firm or loose, and the forms that say each firmly."""

    times: dict[int, int]
    firm: dict[int, list[str]]


class Lexicon:
    """A set of senses, made ready to be looked for in a sentence in time linear in its length."""

    def __init__(self, senses: Iterable[Sense]) -> None:
        self.senses = tuple(senses)
        self._ours = _table(self.senses, lambda s: (_clitics(s.id), _clitics(s.also_id)))
        self._theirs = _table(self.senses, lambda s: (_inflected(s.en), _inflected(s.also_en)))
        self._rivals = tuple(
            frozenset(
                number
                for number, other in enumerate(self.senses)
                if other.group == sense.group
                and other.name != sense.name
                and (not sense.against or other.name in sense.against)
            )
            for sense in self.senses
        )
        self._rival_words = self._contradicting()
        self._against = self._contradicted()
        self._contradictable = frozenset(self._against)
        self._contradicting_words = frozenset().union(*self._against.values())

    def _contradicting(self) -> tuple[frozenset[str], ...]:
        """Return for each sense a word of each form that contradicts it, by which one is soon ruled out."""
        said: dict[int, set[str]] = {}
        for first, start in self._theirs.items():
            for entry in start.entries:
                for number in entry.firm:
                    said.setdefault(number, set()).add(_longest(first, entry))
        return tuple(
            frozenset(word for rival in rivals for word in said.get(rival, ())) for rivals in self._rivals
        )

    def _contradicted(self) -> dict[str, frozenset[str]]:
        """Return a word of each Indonesian form -> the English words of which one contradicts the form."""
        found: dict[str, frozenset[str]] = {}
        for first, start in self._ours.items():
            for entry in start.entries:
                if entry.firm:
                    word = _longest(first, entry)
                    sets = (self._rival_words[number] for number in entry.firm)
                    found[word] = found.get(word, frozenset()).union(*sets)
        return found

    @classmethod
    def load(cls, *names: str) -> Lexicon:
        """Return the senses that come with Warta in ``prompts/lexicon``, of the files ``names``. Raises
        InputError."""
        folder = files("prompts") / "lexicon"
        return cls(sense for name in names for sense in read((folder / name).read_text("utf-8"), name))

    def contradictions(self, ours: Words, theirs: Words) -> list[Contradiction]:
        """Return where the English ``theirs`` says the rival of what the Indonesian ``ours`` says; ours in
        order."""
        # Few words of a sentence can contradict any: the steps that follow look at those alone.
        suspects = theirs.distinct & self._contradicting_words
        if not suspects or not self._may_contradict(ours.distinct, suspects):
            return []
        here = _scan(ours.low, self._ours)
        if all(self._rival_words[number].isdisjoint(suspects) for number in here.firm):
            return []
        there = _scan(theirs.low, self._theirs)
        if not there.firm:
            return []
        found = []
        for number, forms in here.firm.items():
            rivals = self._rivals[number]
            if there.times.get(number, 0) >= len(forms) or rivals.isdisjoint(there.firm):
                continue
            cues = self.senses[number].cues
            if cues and cues.isdisjoint(ours.distinct):
                continue
            word = self._unaccounted(number, rivals, here, there, ours.distinct)
            # "Did not accept" is right for "rejected": negated on one side only, opposites say the same.
            negatable = self.senses[number].group in _NEGATABLE
            if word and not (negatable and negated(ours, forms[0]) != negated(theirs, word)):
                found.append(Contradiction(self.senses[number].group, forms[0], word))
        return found

    def _may_contradict(self, ours: frozenset[str], theirs: frozenset[str]) -> bool:
        """Return whether one of ``theirs``, which contradict some word, contradicts one of the source."""
        against = self._against
        return any(not against[word].isdisjoint(theirs) for word in ours & self._contradictable)

    def _unaccounted(
        self, number: int, rivals: frozenset[int], here: _Side, there: _Side, source: frozenset[str]
    ) -> str:
        """Return an English word of a rival sense that the source does not account for."""
        group = self.senses[number].group
        for rival in rivals:
            forms = there.firm.get(rival)
            if not forms:
                continue
            for form in dict.fromkeys(forms):
                meant = [
                    n for n, said in there.firm.items() if form in said and self.senses[n].group == group
                ]
                if (
                    number not in meant
                    and form not in source
                    and all(there.times[other] > here.times.get(other, 0) for other in meant)
                ):
                    return form
        return ""


def _longest(first: str, entry: _Entry) -> str:
    """Return the longest word of a form, which is not in every sentence."""
    return max((first, *entry.rest), key=len)


def _scan(low: list[str], table: _Table) -> _Side:
    """Return the senses in a text; of several forms at one place the longest counts."""
    times: dict[int, int] = {}
    firm: dict[int, list[str]] = {}
    for entry in _said(low, table):
        for number in entry.firm:
            firm.setdefault(number, []).append(entry.form)
            times[number] = times.get(number, 0) + 1
        for number in entry.loose:
            times[number] = times.get(number, 0) + 1
    return _Side(times, firm)


def _said(low: list[str], table: _Table) -> Iterator[_Entry]:
    """Yield the forms of a table that a text holds, the longest at each place."""
    past = 0
    for at in compress(range(len(low)), map(table.__contains__, low)):
        if at < past:
            continue
        alone, longer = table[low[at]]
        for entry in longer.get(low[at + 1], ()) if longer and at + 1 < len(low) else ():
            past = at + 1 + len(entry.rest)
            if low[at + 1 : past] == entry.rest:
                yield entry
                break
        else:
            past = at + 1
            if alone:
                yield alone


def _table(
    senses: Sequence[Sense], forms: Callable[[Sense], tuple[Iterable[str], Iterable[str]]]
) -> dict[str, _Start]:
    """Return first word -> what starts with it."""
    firm: dict[str, set[int]] = {}
    loose: dict[str, set[int]] = {}
    for number, sense in enumerate(senses):
        for index, words in zip((firm, loose), forms(sense), strict=True):
            for form in words:
                index.setdefault(form, set()).add(number)
    table: dict[str, list[_Entry]] = {}
    for form in {**firm, **loose}:
        first, *rest = form.split()
        firmly = {senses[number].group for number in firm.get(form, ())}
        loosely = {senses[number].group for number in loose.get(form, ())}
        sure = _with_parts(form, firm, senses, firmly)
        # A phrase that names a sense is not answered for by its words: tens of thousands are no thousands.
        unsure = _with_parts(form, loose, senses, firmly | loosely) - sure
        if any(senses[number].name == IDIOM for number in sure):
            sure = unsure = set()
        table.setdefault(first, []).append(
            _Entry(" ".join((first, *rest)), rest, tuple(sorted(sure)), tuple(sorted(unsure)))
        )
    return {first: _start(entries) for first, entries in table.items()}


def _start(entries: Iterable[_Entry]) -> _Start:
    """Return the forms that start with one word."""
    alone = None
    longer: dict[str, tuple[_Entry, ...]] = {}
    for entry in sorted(entries, key=lambda entry: -len(entry.rest)):
        if entry.rest:
            longer[entry.rest[0]] = (*longer.get(entry.rest[0], ()), entry)
        else:
            alone = entry
    return _Start(alone, longer)


def _with_parts(form: str, index: Mapping[str, set[int]], senses: Sequence[Sense], own: set[str]) -> set[int]:
    """Return what a form stands for, and of a phrase also what its words say of groups not its ``own``."""
    parts = (number for word in form.split() for number in index.get(word, ()))
    return index.get(form, set()) | {number for number in parts if senses[number].group not in own}


def _clitics(forms: Iterable[str]) -> Iterator[str]:
    """Yield Indonesian forms, and each with the endings that change no meaning."""
    for form in forms:
        yield form
        if not form.endswith("nya"):
            yield f"{form}nya"


def _inflected(forms: Iterable[str]) -> Iterator[str]:
    """Yield English forms; one that ends in ``+`` is inflected as regular verbs and nouns are."""
    for form in forms:
        if not form.endswith("+"):
            yield form
            continue
        stem = form[:-1]
        yield from (stem, stem + ("es" if stem.endswith(("s", "sh", "ch", "x", "z")) else "s"))
        short = stem.removesuffix("e")
        yield from (f"{short}ed", f"{short}ing", f"{short}er", f"{short}ers")
        if stem.endswith("y"):
            yield from (f"{stem[:-1]}ies", f"{stem[:-1]}ied")


def read(text: str, name: str) -> Iterator[Sense]:
    """Yield the senses of a table; ``name`` is for errors. Raises InputError with file, line and problem."""
    lines = text.rstrip("\n").split("\n")
    if tuple(lines[0].split("\t")) != COLUMNS:
        raise InputError(
            "lexicon.columns", "line 1: the columns are {columns}", at=name, columns=", ".join(COLUMNS)
        )
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            raise InputError(
                "lexicon.cells",
                "line {line}: {cells} cells under {columns} columns",
                at=name,
                line=number,
                cells=len(cells),
                columns=len(COLUMNS),
            )
        group, sense, *lists = cells
        ours, also, theirs, loose, against, cues = (_split(cell) for cell in lists)
        if not (group and sense and ours and theirs):
            raise InputError(
                "lexicon.needed", "line {line}: group, sense, id and en are needed", at=name, line=number
            )
        yield Sense(group, sense, ours, also, theirs, loose, frozenset(against), frozenset(cues))


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def both(words: Words) -> frozenset[str]:
    """Return the words of a sentence and its pairs of neighbouring words."""
    return words.distinct.union(f"{first} {second}" for first, second in pairwise(words.low))


@cache
def shipped() -> Lexicon:
    """Return the words and offices that the guard compares, read once; what stands before an office is
    apart."""
    every = Lexicon.load("pairs.tsv", "offices.tsv").senses
    return Lexicon(sense for sense in every if sense.group != RANK)


@cache
def ranks() -> tuple[Sense, ...]:
    """Return what stands before an office: former, deputy, acting, candidate."""
    return tuple(sense for sense in Lexicon.load("offices.tsv").senses if sense.group == RANK)
