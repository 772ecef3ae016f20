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
from itertools import pairwise

from service.errors import InputError
from service.text.words import Words, listed
from service.translation.guard.negation import negated

IDIOM, OFFICE, RANK = "-", "office", "before-office"
_NEGATABLE = listed("verdict permit stance outcome modal gate custody legal sentence course casualty measure")
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

    rest: tuple[str, ...]
    firm: tuple[int, ...]
    loose: tuple[int, ...]


_Table = Mapping[str, tuple[_Entry, ...]]


class _Side:
    """The senses that a text holds: how often, firm or loose, and the forms that say each firmly."""

    __slots__ = ("count", "firm")

    def __init__(self) -> None:
        self.count: dict[int, int] = {}
        self.firm: dict[int, list[str]] = {}

    def add(self, form: str, entry: _Entry) -> None:
        """Count a form for what it stands for."""
        for number in entry.firm:
            self.count[number] = self.count.get(number, 0) + 1
            self.firm.setdefault(number, []).append(form)
        for number in entry.loose:
            self.count[number] = self.count.get(number, 0) + 1


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

    def _contradicting(self) -> tuple[frozenset[str], ...]:
        """Return for each sense a word of each form that contradicts it, by which one is soon ruled out."""
        said: dict[int, set[str]] = {}
        for first, entries in self._theirs.items():
            for entry in entries:
                for number in entry.firm:
                    said.setdefault(number, set()).add(_longest(first, entry))
        return tuple(
            frozenset(word for rival in rivals for word in said.get(rival, ())) for rivals in self._rivals
        )

    def _contradicted(self) -> dict[str, frozenset[str]]:
        """Return a word of each Indonesian form -> the English words of which one contradicts the form."""
        found: dict[str, frozenset[str]] = {}
        for first, entries in self._ours.items():
            for entry in entries:
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
        if not self._may_contradict(ours.distinct, theirs.distinct):
            return []
        here = _scan(ours.low, self._ours)
        if all(self._rival_words[number].isdisjoint(theirs.distinct) for number in here.firm):
            return []
        there = _scan(theirs.low, self._theirs)
        if not there.firm:
            return []
        found = []
        for number, forms in here.firm.items():
            rivals = self._rivals[number]
            if there.count.get(number, 0) >= len(forms) or rivals.isdisjoint(there.firm):
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
        """Return whether an English word stands there that contradicts a word of the source."""
        against = self._against
        return any(not against[word].isdisjoint(theirs) for word in against.keys() & ours)

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
                    and all(there.count[other] > here.count.get(other, 0) for other in meant)
                ):
                    return form
        return ""


def _longest(first: str, entry: _Entry) -> str:
    """Return the longest word of a form, which is not in every sentence."""
    return max((first, *entry.rest), key=len)


def _scan(low: Sequence[str], table: _Table) -> _Side:
    """Return the senses in a text; of several forms at one place the longest counts."""
    side = _Side()
    past = 0
    for at in [at for at, word in enumerate(low) if word in table]:
        if at < past:
            continue
        word = low[at]
        for entry in table[word]:
            size = len(entry.rest)
            if not size or tuple(low[at + 1 : at + 1 + size]) == entry.rest:
                past = at + 1 + size
                side.add(" ".join((word, *entry.rest)) if size else word, entry)
                break
    return side


def _table(
    senses: Sequence[Sense], forms: Callable[[Sense], tuple[Iterable[str], Iterable[str]]]
) -> dict[str, tuple[_Entry, ...]]:
    """Return first word -> what starts with it, longest first."""
    firm: dict[str, set[int]] = {}
    loose: dict[str, set[int]] = {}
    for number, sense in enumerate(senses):
        for index, words in zip((firm, loose), forms(sense), strict=True):
            for form in words:
                index.setdefault(form, set()).add(number)
    table: dict[str, list[_Entry]] = {}
    for form in {**firm, **loose}:
        first, *rest = form.split()
        sure = _with_parts(form, firm, senses)
        unsure = _with_parts(form, loose, senses) - sure
        if any(senses[number].name == IDIOM for number in sure):
            sure = unsure = set()
        table.setdefault(first, []).append(_Entry(tuple(rest), tuple(sorted(sure)), tuple(sorted(unsure))))
    return {
        first: tuple(sorted(entries, key=lambda entry: -len(entry.rest))) for first, entries in table.items()
    }


def _with_parts(form: str, index: Mapping[str, set[int]], senses: Sequence[Sense]) -> set[int]:
    """Return what a form stands for, and of a phrase also what its words say of other groups."""
    whole = index.get(form, set())
    groups = {senses[number].group for number in whole}
    parts = (number for word in form.split() for number in index.get(word, ()))
    return whole | {number for number in parts if senses[number].group not in groups}


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
