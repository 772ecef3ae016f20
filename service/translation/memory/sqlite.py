"""The translation memory in an SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from service.document import Output
from service.errors import StoreError
from service.translation.memory import fuzzy
from service.translation.memory.base import (
    DISMISSED,
    OWN,
    SPARE,
    STALE,
    Memory,
    Remembered,
    Stats,
    hashed,
    storable,
    values,
)

LIMIT = 2_000_000
"""Entries in a memory."""
_AT_ONCE = 500
"""Keys in one query; the lowest limit that SQLite has had is 999."""
_WAIT = 60.0

# The table is ordered by its key (without rowid), which saves an index as large again. The index of words
# keeps no places in a text (detail = none): only whole sentences are looked for.
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
_FORGET_MADE = "delete from entries where signature in (select id from signatures where text not in (?, ?))"
_FORGET = """
delete from entries where key in (
    select key from entries where signature is not (select id from signatures where text = ?)
    order by used limit ?
)
"""


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
        """Close the file."""
        with self._told():
            self._database.close()

    def get(self, signature: str, keys: Iterable[str]) -> dict[str, Remembered]:
        """Return what is remembered of ``keys``."""
        wanted = {hashed(signature, key): key for key in keys}
        with self._told(), self._database:  # a transaction
            rows = list(self._rows(list(wanted)))
            now = self._clock()
            stale = [(now, row[0]) for row in rows if row[-1] < now - STALE]
            if stale:
                # In a full or read-only file what is there can still be read.
                with suppress(sqlite3.OperationalError):
                    self._database.executemany("update entries set used = ? where key = ?", stale)
        return {
            wanted[key]: Remembered(source, Output(target, score, tokens, bool(truncated)), bool(repaired))
            for key, source, target, score, tokens, truncated, repaired, _ in rows
        }

    def put(self, signature: str, answers: Mapping[str, Remembered]) -> None:
        """Keep answers by their keys; one that is there is written over."""
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
        """Yield signature, source and target of every entry, in the order of their sources."""
        yield from self._streamed(
            "select s.text, e.source, e.target from entries e join signatures s on s.id = e.signature"
            " order by e.source, s.text"
        )

    def has_own(self) -> bool:
        """Return whether there are translations of the user's."""
        with self._told():
            return bool(self._database.execute(_HAS_OWN, (OWN,)).fetchone())

    def _own_pairs(self) -> Iterator[tuple[str, str]]:
        yield from self._streamed(
            "select e.source, e.target from entries e join signatures s on s.id = e.signature"
            " where s.text = ? order by e.key", OWN,
        )  # fmt: skip

    def _counts(self, words: Sequence[str]) -> Mapping[str, int]:
        with self._told():
            return {
                word: count
                for word in words
                for (count,) in self._database.execute("select doc from own_words where term = ?", (word,))
            }

    def _with_words(self, words: Sequence[str], length: int) -> list[tuple[str, str]]:
        # Words hold letters and digits only, so that no query can be written with them.
        wanted = " OR ".join(f'"{word}"' for word in words)
        with self._told():
            return self._database.execute(
                "select source, target from own_index where own_index match ?"
                " order by abs(length(source) - ?) limit ?", (wanted, length, fuzzy.CANDIDATES)
            ).fetchall()  # fmt: skip

    def stats(self) -> Stats:
        """Return what is in it."""
        with self._told():
            rows = self._database.execute(
                "select s.text, count(*) from entries e join signatures s on s.id = e.signature"
                " group by s.text order by s.text"
            ).fetchall()
        files = [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal")]
        return Stats(dict(rows), sum(file.stat().st_size for file in files if file.exists()))

    def clear(self) -> int:
        """Forget everything; return how many entries that were."""
        with self._told():
            with self._database:
                count = self._database.execute("delete from entries").rowcount
                self._database.execute("delete from own_index")
            # Outside the transaction, where vacuum is refused.
            self._database.execute("vacuum")
        return count

    def clear_made(self) -> int:
        """Forget what models made; return how many entries that were."""
        with self._told():
            with self._database:
                count = self._database.execute(_FORGET_MADE, (OWN, DISMISSED)).rowcount
            self._database.execute("vacuum")
        return count

    def _remove_own(self, keys: Sequence[str]) -> int:
        hashes = [hashed(OWN, key) for key in keys]
        with self._told(), self._database:
            delete = "delete from entries where key = ?"
            count = sum(self._database.execute(delete, (key,)).rowcount for key in hashes)
            rows = [(_row(key),) for key in hashes]
            self._database.executemany("delete from own_index where rowid = ?", rows)
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
        """Make the user's translations findable by their words; a row has its number from its key, to be
        written over."""
        rows = [(_row(hashed(OWN, key)), made.source, made.output.text) for key, made in answers.items()]
        self._database.executemany(
            "insert or replace into own_index (rowid, source, target) values (?, ?, ?)", rows
        )

    def _streamed(self, query: str, *values: str) -> Iterator[Any]:
        """Yield the rows of a query on a connection of its own.

        Without the lock: whoever takes the rows may ask the memory meanwhile.
        """
        with self._explained(), closing(sqlite3.connect(self._path, timeout=_WAIT)) as database:
            yield from database.execute(query, values)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Let in one thread at a time, and say in a line what SQLite refuses."""
        with self._explained(), self._lock:
            yield

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                "memory.unusable_why",
                "the translation memory {name} cannot be used: {reason}",
                name=self._path,
                reason=error,
            ) from error


def _row(key: bytes) -> int:
    """Return the number of the row in the index of words that belongs to an entry of the user's."""
    # Halved: SQLite's numbers of rows have 63 bits and a sign.
    return int.from_bytes(key[:8]) >> 1
