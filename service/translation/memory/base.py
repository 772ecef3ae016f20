"""What every translation memory does.

An engine's answers are kept under the signature they were made with and what the engine was given, so that
an answer from memory is the one the engine would give; they are bounded by dropping what was used longest
ago. Translations of the user's own, imported from TMX, belong to no signature, go before any engine's, and
are never dropped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

from service.document import Finding, Output, Suggestion
from service.translation.memory import fuzzy

OWN = ""
"""The signature of imported translations."""
DISMISSED = "dismissed findings"
"""The signature of findings that somebody has looked at and dismissed."""
SPARE = 10
"""A full memory loses this part of its limit at once: deleting one by one is slow."""
STALE = 86_400.0
"""How old, in seconds, the note of an entry's last use may get: noting every use would make reads writes."""
_BATCH = 10_000
SHOWN = 5
"""Conflicts of an import that are told one by one."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer for ``source``; ``repaired`` says that it was not the engine's first."""

    source: str
    output: Output
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Stats:
    """What a memory holds: entries by signature (the empty one is one's own), and bytes on disk."""

    entries: Mapping[str, int]
    size: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A translation of the user's. ``changed`` is when, in seconds since 1970; 0 where that is not known."""

    source: str
    target: str
    changed: float = 0.0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two translations of one source: the newer, or of equally old ones the later, is ``kept``."""

    source: str
    kept: str
    given_up: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took: units in all, how many of them were in conflict, and the first of these."""

    units: int
    conflicts: int
    shown: tuple[Conflict, ...] = ()


class Memory(ABC):
    """What every memory does. Each method raises StoreError where the memory cannot be used."""

    @abstractmethod
    def close(self) -> None:
        """Close it."""

    @abstractmethod
    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """Return what is remembered of ``keys``."""

    @abstractmethod
    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keep answers by their keys; one that is there is written over."""

    @abstractmethod
    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Return signature, source and target of every entry, in the order of their sources."""

    @abstractmethod
    def stats(self) -> Stats:
        """Return what is in it."""

    @abstractmethod
    def clear(self) -> int:
        """Forget everything; return how many entries that were."""

    @abstractmethod
    def clear_made(self) -> int:
        """Forget what models made, and keep the user's and what was dismissed; return how many entries that
        were."""

    @abstractmethod
    def _remove_own(self, keys: Sequence[str]) -> int:
        """Remove the user's translations of these keys; return how many there were."""

    @abstractmethod
    def has_own(self) -> bool:
        """Return whether there are translations of the user's."""

    @abstractmethod
    def _own_pairs(self) -> Iterator[tuple[str, str]]:
        """Return source and target of the user's translations, in the order of their keys."""

    @abstractmethod
    def _counts(self, words: Sequence[str]) -> Mapping[str, int]:
        """Return in how many sources of the user's translations each word is; those in none may be left
        out."""

    @abstractmethod
    def _with_words(self, words: Sequence[str], length: int) -> list[tuple[str, str]]:
        """Return some of the user's translations whose source holds one of the words: those nearest in
        length."""

    def own(self, sources: Iterable[str]) -> dict[str, str]:
        """Return the user's translation of each source that has one; spaces, quotes and dashes may differ."""
        if not self.has_own():
            return {}
        wanted = {source: fuzzy.normal(source) for source in sources}
        # One query for all; equal keys once.
        found = self.get(OWN, dict.fromkeys(wanted.values()))
        return {source: found[key].output.text for source, key in wanted.items() if key in found}

    def add_own(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Keep the user's translations, the last of a source; return how many there were."""
        return self.import_own(Unit(source, target) for source, target in pairs).units

    def import_own(self, units: Iterable[Unit]) -> Imported:
        """Keep the user's translations, of those of one source the newest.

        That holds against what is there as well. Where dates are equal, or there are none, the later one is
        kept; one without a date counts as the oldest.
        """
        count, conflicts, shown, rest = 0, 0, list[Conflict](), iter(units)
        # In parts, so that an import of millions is neither held in memory nor one transaction.
        while some := list(islice(rest, _BATCH)):
            count += len(some)
            batch, found = self._newest(some)
            self.put(OWN, batch)
            conflicts += len(found)
            shown += found[: SHOWN - len(shown)]
        return Imported(count, conflicts, tuple(shown))

    def _newest(self, units: Sequence[Unit]) -> tuple[dict[str, Remembered], list[Conflict]]:
        """Return what is to be written of some units, and what was in conflict."""
        keys = [fuzzy.normal(unit.source) for unit in units]
        known, batch, found = self.get(OWN, dict.fromkeys(keys)), dict[str, Remembered](), list[Conflict]()
        for key, unit in zip(keys, units, strict=True):
            # An own translation has no score: its place holds the date.
            new = Remembered(unit.source, Output(unit.target, unit.changed, 0))
            old = batch.get(key) or known.get(key)
            # At the same date the later in the file wins, hence >=.
            wins = not old or new.output.score >= old.output.score
            if old and old.output.text != unit.target:
                kept, lost = (new, old) if wins else (old, new)
                found.append(Conflict(unit.source, kept.output.text, lost.output.text))
            if wins:
                batch[key] = new
        return batch, found

    def forget_own(self, sources: Iterable[str]) -> int:
        """Forget the user's translations of these sources; return how many there were."""
        return self._remove_own(list(dict.fromkeys(map(fuzzy.normal, sources))))

    def dismiss(self, source: str, target: str, findings: Iterable[Finding]) -> int:
        """Remember that these findings in this translation are none; return how many they were."""
        made = {
            _finding_key(source, target, one): Remembered(source, Output(target, 0.0, 0)) for one in findings
        }
        self.put(DISMISSED, made)
        return len(made)

    def dismissed(self, source: str, target: str, findings: Sequence[Finding]) -> frozenset[Finding]:
        """Return those of the findings in this translation that were dismissed."""
        keys = {_finding_key(source, target, one): one for one in findings}
        return frozenset(keys[key] for key in self.get(DISMISSED, keys))

    def translations(self) -> Iterator[tuple[str, str, str]]:
        """Yield what :meth:`entries` does, without what was dismissed."""
        return (entry for entry in self.entries() if entry[0] != DISMISSED)

    def suggest(self, sources: Iterable[str], least: float) -> dict[str, tuple[Suggestion, ...]]:
        """Return the user's translations of sources nearly the same, best first; ``least`` as a
        similarity."""
        if not self.has_own():
            return {}
        found = {}
        for source in dict.fromkeys(sources):
            # Candidates by their rarest words: comparing a source with every translation would take as long
            # as the memory is large.
            words = fuzzy.telling(fuzzy.words(source))
            rare = fuzzy.rarest(words, self._counts(words)) if words else ()
            pairs = self._with_words(rare, len(source)) if rare else []
            if best := fuzzy.nearest(source, pairs, least):
                found[source] = best
        return found

    def stamp(self) -> str:
        """Tell two states of the user's translations apart: their number and a sum over them."""
        count, total = 0, blake2b(digest_size=6)
        # In the order of their keys, so that equal contents give equal sums.
        for pair in self._own_pairs():
            count += 1
            total.update(repr(pair).encode())
        return f"{count}@{total.hexdigest()}" if count else "none"


def _finding_key(source: str, target: str, finding: Finding) -> str:
    # With the translation and the values: once either changes, the finding is new and is shown again.
    return "\0".join((source, target, finding.code, repr(finding.values)))


def values(made: Remembered) -> tuple[str, str, float, int, bool, bool]:
    """Return an answer in the order of the columns."""
    output = made.output
    return made.source, output.text, output.score, output.tokens, output.truncated, made.repaired


def hashed(signature: str, key: str) -> bytes:
    """Return the key of an entry."""
    # A hash as key, for texts are long and a database's index wants them short; 16 bytes make two alike as
    # good as impossible.
    return blake2b(f"{signature}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def storable(made: Remembered) -> bool:
    """Return whether a database can hold it: half a surrogate pair is no text."""
    try:
        made.source.encode()
        made.output.text.encode()
    except UnicodeEncodeError:
        return False
    return True
