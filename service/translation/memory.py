"""A translation memory: what was translated once is not translated again.

One SQLite file in WAL mode, safe from several threads and processes, bounded by dropping what was used
longest ago. An engine's answers are kept under the signature they were made with and what the engine was
given, so that an answer from memory is the one the engine would give. Translations of one's own, imported
from TMX, belong to no signature and go before any engine's.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from service.document import Output
from service.errors import StoreError

OWN = ""
"""The signature of imported translations."""
LIMIT = 2_000_000
"""Entries in a memory."""
_SPARE = 10
"""A full memory loses this part of its limit at once: deleting one by one is slow."""
_STALE = 86_400.0
"""How old, in seconds, the note of an entry's last use may get: noting every use would make reads writes."""
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


class TranslationMemory:
    """The memory in the file at ``path``, made where there is none.

    Every method raises StoreError where the file cannot be used.
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
        hashed = {_hash(signature, key): key for key in keys}
        with self._told(), self._database:
            rows = list(self._rows(list(hashed)))
            now = self._clock()
            stale = [(now, row[0]) for row in rows if row[-1] < now - _STALE]
            if stale:
                self._database.executemany("update entries set used = ? where key = ?", stale)
        return {
            hashed[key]: Remembered(source, Output(target, score, tokens, bool(truncated)), bool(repaired))
            for key, source, target, score, tokens, truncated, repaired, _ in rows
        }

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keeps answers by their keys; one that is there is written over."""
        if not answers:
            return
        with self._told(), self._database:
            self._database.execute("insert or ignore into signatures (text) values (?)", (signature,))
            query = "select id from signatures where text = ?"
            (number,) = self._database.execute(query, (signature,)).fetchone()
            now = self._clock()
            self._database.executemany(
                "insert or replace into entries values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(_hash(signature, key), number, *_values(made), now) for key, made in answers.items()],
            )
            self._bound(len(answers))

    def own(self, sources: Iterable[str]) -> dict[str, str]:
        """One's own translation of each source that has one."""
        wanted = {source: _squeezed(source) for source in sources}
        found = self.get(OWN, dict.fromkeys(wanted.values()))
        return {source: found[key].output.text for source, key in wanted.items() if key in found}

    def add_own(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Keeps translations of one's own; how many there were."""
        count, batch = 0, dict[str, Remembered]()
        for source, target in pairs:
            count += 1
            batch[_squeezed(source)] = Remembered(source, Output(target, 0.0, 0))
            if len(batch) >= 10_000:
                self.put(OWN, batch)
                batch = {}
        self.put(OWN, batch)
        return count

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Signature, source and target of every entry, in the order of their sources."""
        with self._told(), closing(sqlite3.connect(self._path, timeout=_WAIT)) as database:
            yield from database.execute(
                "select s.text, e.source, e.target from entries e join signatures s on s.id = e.signature"
                " order by e.source, s.text"
            )

    def stamp(self) -> str:
        """Tells two states of one's own translations apart: their number and a sum over them."""
        with self._told():
            rows = self._database.execute(
                "select e.source, e.target from entries e join signatures s on s.id = e.signature"
                " where s.text = ? order by e.key", (OWN,)
            ).fetchall()  # fmt: skip
        return f"{len(rows)}@{blake2b(repr(rows).encode(), digest_size=6).hexdigest()}" if rows else "none"

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
        if count > self._limit:
            surplus = count - self._limit + self._limit // _SPARE
            query = "delete from entries where key in (select key from entries order by used limit ?)"
            self._database.execute(query, (surplus,))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One thread at a time; what SQLite refuses, said in a line."""
        try:
            with self._lock:
                yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the translation memory {self._path} cannot be used: {error}") from error


def _values(made: Remembered) -> tuple[str, str, float, int, bool, bool]:
    output = made.output
    return made.source, output.text, output.score, output.tokens, output.truncated, made.repaired


def _hash(signature: str, key: str) -> bytes:
    return blake2b(f"{signature}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _squeezed(source: str) -> str:
    return " ".join(source.split())
