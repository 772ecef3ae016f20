"""A translation memory: what was translated once is not translated again.

An engine's answers are kept under the signature they were made with and what the engine was given, so that
an answer from memory is the one the engine would give; they are bounded by dropping what was used longest
ago. Translations of one's own, imported from TMX, belong to no signature, go before any engine's, and are
never dropped. Here: what every memory does, and the one in an SQLite file. Another is in
:mod:`service.translation.memory.postgres`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from service.document import Output, Suggestion
from service.errors import StoreError, UsageError
from service.translation.memory import fuzzy

OWN = ""
"""The signature of imported translations."""
LIMIT = 2_000_000
"""Entries in a memory."""
SPARE = 10
"""A full memory loses this part of its limit at once: deleting one by one is slow."""
STALE = 86_400.0
"""How old, in seconds, the note of an entry's last use may get: noting every use would make reads writes."""
_BATCH = 10_000
_AT_ONCE = 500
"""Keys in one query; the lowest limit that SQLite has had is 999."""
_WAIT = 60.0

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists signatures (id integer primary key, text text not null unique);
create table if not exists entries (
    key blob primary key, signature integer not null, source text not null, target text not null,
    score real not null, tokens integer not null, truncated integer not null, repaired integer not null,
    used real not null
) without rowid;
create index if not exists entries_used on entries (used);
create index if not exists entries_signature on entries (signature);
create virtual table if not exists own_index using fts5
    (source, target unindexed, detail = none, tokenize = "unicode61 remove_diacritics 0");
create virtual table if not exists own_words using fts5vocab (own_index, row);
"""

_HAS_OWN = "select 1 from entries where signature = (select id from signatures where text = ?) limit 1"
_COUNT_OWN = "select count(*) from entries where signature = (select id from signatures where text = ?)"
_FORGET = """
delete from entries where key in (
    select key from entries where signature is not (select id from signatures where text = ?)
    order by used limit ?
)
"""


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


class Memory(ABC):
    """What every memory does. Each method raises StoreError where the memory cannot be used."""

    @abstractmethod
    def close(self) -> None:
        """Closes it."""

    @abstractmethod
    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """What is remembered of ``keys``."""

    @abstractmethod
    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keeps answers by their keys; one that is there is written over."""

    @abstractmethod
    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Signature, source and target of every entry, in the order of their sources."""

    @abstractmethod
    def stats(self) -> Stats:
        """What is in it."""

    @abstractmethod
    def clear(self) -> int:
        """Forgets everything; how many entries that were."""

    @abstractmethod
    def has_own(self) -> bool:
        """Whether there are translations of one's own."""

    @abstractmethod
    def _own_pairs(self) -> Iterator[tuple[str, str]]:
        """Source and target of one's own, in the order of their keys."""

    @abstractmethod
    def _counts(self, words: Sequence[str]) -> Mapping[str, int]:
        """In how many sources of one's own each word is; those in none may be left out."""

    @abstractmethod
    def _with_words(self, words: Sequence[str], length: int) -> list[tuple[str, str]]:
        """Some of one's own whose source holds one of the words: those nearest in length."""

    def own(self, sources: Iterable[str]) -> dict[str, str]:
        """One's own translation of each source that has one; spaces, quotes and dashes may differ."""
        if not self.has_own():
            return {}
        wanted = {source: fuzzy.normal(source) for source in sources}
        found = self.get(OWN, dict.fromkeys(wanted.values()))
        return {source: found[key].output.text for source, key in wanted.items() if key in found}

    def add_own(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Keeps translations of one's own; how many there were."""
        count, batch = 0, dict[str, Remembered]()
        for source, target in pairs:
            count += 1
            batch[fuzzy.normal(source)] = Remembered(source, Output(target, 0.0, 0))
            if len(batch) >= _BATCH:
                self.put(OWN, batch)
                batch = {}
        self.put(OWN, batch)
        return count

    def suggest(self, sources: Iterable[str], least: float) -> dict[str, tuple[Suggestion, ...]]:
        """One's own translations of sources nearly the same, best first; ``least`` as a similarity."""
        if not self.has_own():
            return {}
        found = {}
        for source in dict.fromkeys(sources):
            words = fuzzy.telling(fuzzy.words(source))
            rare = fuzzy.rarest(words, self._counts(words)) if words else ()
            pairs = self._with_words(rare, len(source)) if rare else []
            if best := fuzzy.nearest(source, pairs, least):
                found[source] = best
        return found

    def stamp(self) -> str:
        """Tells two states of one's own translations apart: their number and a sum over them."""
        count, total = 0, blake2b(digest_size=6)
        for pair in self._own_pairs():
            count += 1
            total.update(repr(pair).encode())
        return f"{count}@{total.hexdigest()}" if count else "none"


class TranslationMemory(Memory):
    """The memory in the file at ``path``, made where there is none.

    WAL mode makes it safe from several threads and processes.
    """

    def __init__(self, path: Path, *, limit: int = LIMIT, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._unchecked = limit
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_WAIT, check_same_thread=False)
            # With synchronous=normal a power cut may lose the last answers: they are made again.
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        with self._told():
            self._database.close()

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """What is remembered of ``keys``."""
        wanted = {hashed(signature, key): key for key in keys}
        with self._told(), self._database:
            rows = list(self._rows(list(wanted)))
            now = self._clock()
            stale = [(now, row[0]) for row in rows if row[-1] < now - STALE]
            if stale:
                self._database.executemany("update entries set used = ? where key = ?", stale)
        return {
            wanted[key]: Remembered(source, Output(target, score, tokens, bool(truncated)), bool(repaired))
            for key, source, target, score, tokens, truncated, repaired, _ in rows
        }

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keeps answers by their keys; one that is there is written over."""
        answers = {key: made for key, made in answers.items() if storable(made)}
        if not answers:
            return
        with self._told(), self._database:
            self._database.execute("insert or ignore into signatures (text) values (?)", (signature,))
            query = "select id from signatures where text = ?"
            (number,) = self._database.execute(query, (signature,)).fetchone()
            now = self._clock()
            self._database.executemany(
                "insert or replace into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(hashed(signature, key), number, *values(made), now) for key, made in answers.items()],
            )
            if signature == OWN:
                self._index(answers)
            else:
                self._bound(len(answers))

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Signature, source and target of every entry, in the order of their sources."""
        with self._told(), closing(sqlite3.connect(self._path, timeout=_WAIT)) as database:
            yield from database.execute(
                "select s.text, e.source, e.target from entries e join signatures s on s.id = e.signature"
                " order by e.source, s.text"
            )

    def has_own(self) -> bool:
        """Whether there are translations of one's own."""
        with self._told():
            return bool(self._database.execute(_HAS_OWN, (OWN,)).fetchone())

    def _own_pairs(self) -> Iterator[tuple[str, str]]:
        with self._told(), closing(sqlite3.connect(self._path, timeout=_WAIT)) as database:
            yield from database.execute(
                "select e.source, e.target from entries e join signatures s on s.id = e.signature"
                " where s.text = ? order by e.key", (OWN,)
            )  # fmt: skip

    def _counts(self, words: Sequence[str]) -> Mapping[str, int]:
        with self._told():
            return {
                word: count
                for word in words
                for (count,) in self._database.execute("select doc from own_words where term = ?", (word,))
            }

    def _with_words(self, words: Sequence[str], length: int) -> list[tuple[str, str]]:
        wanted = " OR ".join(f'"{word}"' for word in words)
        with self._told():
            return self._database.execute(
                "select source, target from own_index where own_index match ?"
                " order by abs(length(source) - ?) limit ?", (wanted, length, fuzzy.CANDIDATES)
            ).fetchall()  # fmt: skip

    def stats(self) -> Stats:
        """What is in it."""
        with self._told():
            rows = self._database.execute(
                "select s.text, count(*) from entries e join signatures s on s.id = e.signature"
                " group by s.text order by s.text"
            ).fetchall()
        files = [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal")]
        return Stats(dict(rows), sum(file.stat().st_size for file in files if file.exists()))

    def clear(self) -> int:
        """Forgets everything; how many entries that were."""
        with self._told():
            with self._database:
                count = self._database.execute("delete from entries").rowcount
                self._database.execute("delete from own_index")
            self._database.execute("vacuum")
        return count

    def _rows(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, str, str, float, int, int, int, float]]:
        columns = "key, source, target, score, tokens, truncated, repaired, used"
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            # Nothing of the user's is in the text of the query.
            yield from self._database.execute(
                f"select {columns} from entries where key in ({marks})",  # noqa: S608
                some,
            )

    def _bound(self, added: int) -> None:
        # Counting reads the whole index, so it is done only when a hundredth may have been added.
        self._unchecked += added
        if self._unchecked * 100 < self._limit:
            return
        self._unchecked = 0
        (count,) = self._database.execute("select count(*) from entries").fetchone()
        (own,) = self._database.execute(_COUNT_OWN, (OWN,)).fetchone()
        if count - own > self._limit:
            surplus = count - own - self._limit + self._limit // SPARE
            self._database.execute(_FORGET, (OWN, surplus))

    def _index(self, answers: Mapping[str, Remembered]) -> None:
        """Makes one's own findable by their words; a row has its number from its key, to be written over."""
        rows = [
            (int.from_bytes(hashed(OWN, key)[:8]) >> 1, made.source, made.output.text)
            for key, made in answers.items()
        ]
        self._database.executemany(
            "insert or replace into own_index (rowid, source, target) values (?, ?, ?)", rows
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One thread at a time; what SQLite refuses, said in a line."""
        try:
            with self._lock:
                yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the translation memory {self._path} cannot be used: {error}") from error


def values(made: Remembered) -> tuple[str, str, float, int, bool, bool]:
    """An answer in the order of the columns."""
    output = made.output
    return made.source, output.text, output.score, output.tokens, output.truncated, made.repaired


def hashed(signature: str, key: str) -> bytes:
    """The key of an entry."""
    return blake2b(f"{signature}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def storable(made: Remembered) -> bool:
    """Whether a database can hold it: half a surrogate pair is no text."""
    try:
        made.source.encode()
        made.output.text.encode()
    except UnicodeEncodeError:
        return False
    return True


def open_memory(place: str | Path) -> Memory:
    """The memory at a PostgreSQL URL or in an SQLite file. Raises UsageError for another URL, StoreError."""
    url = str(place)
    if url.startswith(("postgresql://", "postgres://")):
        from service.translation.memory.postgres import PostgresMemory

        return PostgresMemory(url)
    if "://" in url:
        raise UsageError("a memory is a file or a postgresql:// URL")
    return TranslationMemory(Path(url))
